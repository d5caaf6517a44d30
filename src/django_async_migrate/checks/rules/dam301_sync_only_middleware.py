"""DAM301: middleware that only runs synchronously."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.middleware import findings, in_use
from django_async_migrate.checks.plans.middleware import async_path

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware


_ADVICE = (
    "give it an async path: sync_and_async_middleware, or MiddlewareMixin with process_request and process_response"
)


def _judge(middleware: Middleware) -> str | None:
    if middleware.async_capable or middleware.manner == "async":
        return None
    return (
        f"{middleware.definition.name} is synchronous: under ASGI each request crosses into a thread to reach it and "
        "holds that thread until its response is there"
    )


def _find(facts: Facts) -> Iterator[Fact]:
    if facts.project.survey.serves_async_views:
        yield from findings(in_use(facts), _judge, _ADVICE, planner=lambda found: async_path(facts.project, found))


RULE = FactRule(
    code="DAM301",
    name="sync-only-middleware",
    severity="warning",
    summary="Middleware that only runs synchronously",
    find=_find,
)
