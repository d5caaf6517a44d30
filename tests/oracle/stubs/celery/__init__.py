"""Stands in for celery, which the tests do without: sending a task waits for the broker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class AsyncResult:
    """What a task will give."""

    id = "1"

    def get(self) -> None:
        time.sleep(0.01)


class Signature:
    """A task with its arguments."""

    def delay(self) -> AsyncResult:
        time.sleep(0.01)
        return AsyncResult()


class Task:
    """A task."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def delay(self, *args: Any) -> AsyncResult:
        time.sleep(0.01)
        return AsyncResult()

    def apply_async(self, *args: Any, **kwargs: Any) -> AsyncResult:
        return self.delay()

    def s(self, *args: Any) -> Signature:
        return Signature()


def shared_task(*args: Any, **kwargs: Any) -> Any:
    return Task(args[0]) if args else Task


class Celery:
    """An application."""

    def __init__(self, name: str) -> None:
        self.task = shared_task

    def send_task(self, name: str) -> AsyncResult:
        time.sleep(0.01)
        return AsyncResult()
