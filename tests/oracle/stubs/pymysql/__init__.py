"""Stands in for PyMySQL, which the tests do without: connecting and each statement wait."""

from __future__ import annotations

import time
from typing import Any


class Cursor:
    """A cursor."""

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def execute(self, statement: str) -> int:
        time.sleep(0.01)
        return 0

    def fetchone(self) -> Any:
        return None


class Connection:
    """A connection."""

    def cursor(self) -> Cursor:
        return Cursor()

    def commit(self) -> None:
        time.sleep(0.01)

    def close(self) -> None:
        return None


def connect(**kwargs: Any) -> Connection:
    time.sleep(0.01)
    return Connection()


def install_as_MySQLdb() -> None:
    return None
