"""Stands in for dramatiq, which the tests do without: talking to the broker waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Message:
    """A message."""

    def get_result(self, block: bool = False) -> Any:
        time.sleep(0.01)


class Actor:
    """A function that a worker runs."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn

    def __call__(self, *args: Any) -> Any:
        return self.fn(*args)

    def message(self, *args: Any) -> Message:
        return Message()

    def send(self, *args: Any) -> Message:
        time.sleep(0.01)
        return Message()


def actor(fn: Callable[..., Any]) -> Actor:
    return Actor(fn)
