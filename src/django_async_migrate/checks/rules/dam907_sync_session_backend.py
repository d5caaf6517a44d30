"""DAM907: a session backend that blocks async code, or serves it from a thread."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import SESSION_CALLS, fact_at, mentions, unique
from django_async_migrate.index.settings_values import Plain

_ADVICE = "a session in signed cookies needs neither files nor threads"
_MEANS = {
    "django.contrib.sessions.backends.file": "reads and writes its file on the event loop when async code awaits it",
    "django.contrib.sessions.backends.db": "takes a thread each time async code loads or saves a session",
    "django.contrib.sessions.backends.cached_db": "takes a thread each time async code loads or saves a session",
    "django.contrib.sessions.backends.cache": "takes a thread each time async code loads or saves a session",
}


def _find(facts: Facts) -> Iterator[Fact]:
    survey = facts.project.survey
    if not survey.serves_async_views or mentions(facts, SESSION_CALLS) is None:
        return iter(())
    return unique(_entries(facts))


def _entries(facts: Facts) -> Iterator[Fact]:
    for settings in facts.project.settings.served:
        engine = settings.get("SESSION_ENGINE")
        if isinstance(engine, Plain) and isinstance(engine.value, str) and engine.value in _MEANS:
            yield fact_at(engine.origin, f"the session backend {_MEANS[engine.value]}", _ADVICE)


RULE = FactRule(
    code="DAM907",
    name="sync-session-backend",
    severity="info",
    summary="A session backend that blocks async code, or serves it from a thread",
    find=_find,
)
