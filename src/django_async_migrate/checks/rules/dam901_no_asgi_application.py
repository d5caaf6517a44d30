"""DAM901: async views or consumers in a project that has no ASGI application."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import fact_at, unique
from django_async_migrate.index.settings_values import Unknown

_ADVICE = "add an asgi.py with get_asgi_application(), name it in ASGI_APPLICATION, and serve it"
_ENTRIES = ("WSGI_APPLICATION", "ROOT_URLCONF", "INSTALLED_APPS")


def _find(facts: Facts) -> Iterator[Fact]:
    survey = facts.project.survey
    if survey.has_asgi or not survey.has_wsgi or not (survey.async_views or survey.consumers):
        return iter(())
    return unique(_entries(facts))


def _entries(facts: Facts) -> Iterator[Fact]:
    what = "async consumers never run" if facts.project.survey.consumers else "each async view gets a loop of its own"
    for settings in facts.project.settings.served:
        value = next((found for name in _ENTRIES if (found := settings.get(name)) is not None), None)
        origin = value.origin if value is not None and not isinstance(value, Unknown) else None
        if origin is not None:
            yield fact_at(origin, f"the project is served by WSGI alone: {what}", _ADVICE)


RULE = FactRule(
    code="DAM901",
    name="no-asgi-application",
    severity="warning",
    summary="Async views or consumers in a project that has no ASGI application",
    find=_find,
)
