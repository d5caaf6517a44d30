"""DAM906: a cache backend of Django that serves async code from a thread."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import CACHE_CALLS, fact_at, mentions, unique
from django_async_migrate.index.settings_values import Plain, Table

_ADVICE = "where it matters, gather several keys in one aget_many(), or use a cache client with an async connection"
_DJANGO = "django.core.cache.backends."
_FREE = ("dummy.DummyCache",)


def _find(facts: Facts) -> Iterator[Fact]:
    survey = facts.project.survey
    if not survey.serves_async_views or mentions(facts, CACHE_CALLS) is None:
        return iter(())
    return unique(_entries(facts))


def _entries(facts: Facts) -> Iterator[Fact]:
    for settings in facts.project.settings.served:
        caches = settings.get("CACHES")
        for value in caches.entries.values() if isinstance(caches, Table) else ():
            backend = value.entries.get("BACKEND") if isinstance(value, Table) else None
            if not isinstance(backend, Plain) or not isinstance(backend.value, str):
                continue
            name = backend.value
            if name.startswith(_DJANGO) and not name.endswith(_FREE):
                message = f"{name.rpartition('.')[2]} has no async code: each awaited call of the cache takes a thread"
                yield fact_at(backend.origin, message, _ADVICE)


RULE = FactRule(
    code="DAM906",
    name="sync-cache-backend",
    severity="info",
    summary="A cache backend of Django that serves async code from a thread",
    find=_find,
)
