"""Stands in for pdfkit, which the tests do without: it runs a process."""

from __future__ import annotations

import time
from typing import Any


def from_string(text: str, output_path: Any = None) -> bytes:
    time.sleep(0.01)
    return b""
