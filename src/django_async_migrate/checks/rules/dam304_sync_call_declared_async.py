"""DAM304: middleware that is async_capable and only has a synchronous path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import judged
from django_async_migrate.checks.plans.middleware import async_path

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware


_ADVICE = "add an async path that awaits get_response, or leave async_capable out"


def _judge(middleware: Middleware) -> str | None:
    if middleware.style == "mixin" or not middleware.async_capable or middleware.manner != "touches":
        return None
    return (
        f"{middleware.definition.name} is declared async_capable, but takes what get_response() returns "
        "for a response: under ASGI that is a coroutine"
    )


def _find(facts: Facts) -> Iterator[Fact]:
    return judged(facts, _judge, _ADVICE, planner=lambda found: async_path(facts.project, found))


RULE = FactRule(
    code="DAM304",
    name="sync-call-declared-async",
    severity="error",
    summary="Middleware that is async_capable and only has a synchronous path",
    find=_find,
)
