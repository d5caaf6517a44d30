"""Stands in for redis, which the tests do without: each command waits."""

from __future__ import annotations

import time
from typing import Any


class Pipeline:
    """Commands that wait together."""

    def incr(self, name: str) -> Pipeline:
        return self

    def execute(self) -> list[Any]:
        time.sleep(0.01)
        return []


class Redis:
    """A client that blocks."""

    @classmethod
    def from_url(cls, url: str) -> Redis:
        return cls()

    def get(self, name: str) -> bytes:
        time.sleep(0.01)
        return b""

    def incr(self, name: str) -> int:
        time.sleep(0.01)
        return 1

    def pipeline(self) -> Pipeline:
        return Pipeline()

    def close(self) -> None:
        return None
