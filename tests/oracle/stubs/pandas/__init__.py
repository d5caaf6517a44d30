"""Stands in for pandas, which the tests do without: files are read and written, buffers are not."""

from __future__ import annotations

import os
import time
from typing import Any


class DataFrame:
    """A table."""

    def to_csv(self, path_or_buf: Any = None, index: bool = True) -> str | None:
        return None if _touch(path_or_buf) else ""

    def head(self) -> DataFrame:
        return self


def read_csv(filepath_or_buffer: Any) -> DataFrame:
    _touch(filepath_or_buffer)
    return DataFrame()


def _touch(target: Any) -> bool:
    if isinstance(target, (str, os.PathLike)):
        time.sleep(0.01)
        return True
    return False
