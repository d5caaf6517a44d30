"""Stands in for django-rq, which the tests do without: talking to Redis waits."""

from __future__ import annotations

from typing import Any

from rq import Job, Queue


def get_queue(name: str = "default") -> Queue:
    return Queue(name)


def enqueue(func: Any, *args: Any) -> Job:
    return get_queue().enqueue(func, *args)


def job(name: str) -> Any:
    def decorate(func: Any) -> Any:
        func.delay = lambda *args: enqueue(func, *args)
        return func

    return decorate
