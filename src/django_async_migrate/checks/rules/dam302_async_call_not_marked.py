"""DAM302: middleware that is a coroutine function and does not say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import findings, in_use
from django_async_migrate.checks.plans.middleware import declare

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware


_ADVICE = (
    "declare it: async_capable = True, sync_capable = False and markcoroutinefunction(self); or async_only_middleware"
)


def _judge(middleware: Middleware) -> str | None:
    if middleware.async_capable or middleware.manner != "async":
        return None
    return (
        f"{middleware.definition.name} is called as synchronous middleware, as nothing declares it async_capable: "
        "it returns a coroutine where a response is expected"
    )


def _find(facts: Facts) -> Iterator[Fact]:
    return findings(in_use(facts), _judge, _ADVICE, planner=lambda found: (declare(found), ""))


RULE = FactRule(
    code="DAM302",
    name="async-call-not-marked",
    severity="error",
    summary="Middleware that is a coroutine function and does not say so",
    find=_find,
)
