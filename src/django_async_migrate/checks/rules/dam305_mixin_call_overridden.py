"""DAM305: a MiddlewareMixin whose __call__ was replaced by a synchronous one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import judged
from django_async_migrate.checks.plans.middleware import async_path

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware


_ADVICE = "use process_request and process_response, override __acall__ too, or set async_capable = False"


def _judge(middleware: Middleware) -> str | None:
    if middleware.style != "mixin" or not middleware.async_capable or middleware.manner != "touches":
        return None
    return (
        f"{middleware.definition.name} replaces __call__ of MiddlewareMixin, which is async_capable: under ASGI "
        "what it takes for a response is a coroutine"
    )


def _find(facts: Facts) -> Iterator[Fact]:
    return judged(facts, _judge, _ADVICE, planner=lambda found: async_path(facts.project, found))


RULE = FactRule(
    code="DAM305",
    name="mixin-call-overridden",
    severity="error",
    summary="A MiddlewareMixin whose __call__ was replaced by a synchronous one",
    find=_find,
)
