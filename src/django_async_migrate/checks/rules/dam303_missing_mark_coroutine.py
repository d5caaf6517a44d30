"""DAM303: middleware that is async_capable and not marked as a coroutine function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import judged
from django_async_migrate.checks.plans.middleware import mark

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware


_ADVICE = "call markcoroutinefunction(self) in __init__ when get_response is a coroutine function"


def _judge(middleware: Middleware) -> str | None:
    if middleware.style != "class" or not middleware.async_capable or middleware.marked == "yes":
        return None
    if middleware.manner == "touches":
        return None  # another rule: it does not work in either way
    name = middleware.definition.name
    if middleware.marked == "legacy":
        return (
            f"{name} sets _is_coroutine, which Python 3.12 and newer no longer look at: "
            "middleware outside of it runs it as synchronous and gets a coroutine for a response"
        )
    return (
        f"{name} is async_capable, but not marked as a coroutine function: "
        "middleware outside of it runs it as synchronous and gets a coroutine for a response"
    )


def _find(facts: Facts) -> Iterator[Fact]:
    yield from judged(
        facts, lambda found: _judge(found) if found.marked == "no" else None, _ADVICE, planner=lambda m: (mark(m), "")
    )
    yield from judged(facts, lambda found: _judge(found) if found.marked == "legacy" else None, _ADVICE, "likely")


RULE = FactRule(
    code="DAM303",
    name="missing-mark-coroutine",
    severity="error",
    summary="Middleware that is async_capable and not marked as a coroutine function",
    find=_find,
)
