"""Stands in for procrastinate, which the tests do without: deferring a job waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Deferrer:
    """Defers jobs."""

    def defer(self, **kwargs: Any) -> int:
        time.sleep(0.01)
        return 1

    async def defer_async(self, **kwargs: Any) -> int:
        return 1


class Task(Deferrer):
    """A function that a worker runs."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func

    def configure(self, **kwargs: Any) -> Deferrer:
        return Deferrer()


class App:
    """An application."""

    def task(self, func: Callable[..., Any]) -> Task:
        return Task(func)
