"""What the rules about settings and deployment have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Certainty, Fix, Span, Step
from django_async_migrate.index.settings_values import Plain, Table

from .base import Fact, Facts

if TYPE_CHECKING:
    from django_async_migrate.index.settings import Settings
    from django_async_migrate.index.settings_values import Origin

#: What async code does with Django's caches and with sessions.
CACHE_CALLS = re.compile(
    rb"await\s+(?:\w+\.)*\w*cache\w*(?:\[[^\]\n]*\])?\.a(?:get|set|add|delete|incr|decr|touch|clear|has)"
)
SESSION_CALLS = re.compile(rb"await\s+(?:\w+\.)*session\.a\w+|\.auser\(\)")


@dataclass(frozen=True, slots=True)
class Database:
    """One entry of ``DATABASES`` of one settings module."""

    alias: str
    settings: Settings
    table: Table

    def text(self, name: str) -> str | None:
        """Return a setting of the database that is a text, else None."""
        found = self.table.entries.get(name)
        return found.value if isinstance(found, Plain) and isinstance(found.value, str) else None


def databases(facts: Facts) -> Iterator[Database]:
    """Yield the databases of the settings that the project is served with."""
    for settings in facts.project.settings.served:
        found = settings.get("DATABASES")
        for alias, value in found.entries.items() if isinstance(found, Table) else ():
            if isinstance(value, Table):
                yield Database(alias, settings, value)


def fact_at(origin: Origin, message: str, advice: str, certainty: Certainty = "certain") -> Fact:
    """Return a finding at an entry of the settings."""
    return Fact(
        span=origin.module.parsed.span(origin.node),
        message=message,
        function=origin.module.name,
        certainty=certainty,
        fix=Fix("manual", advice),
    )


def mentions(facts: Facts, pattern: re.Pattern[bytes]) -> Step | None:
    """Return the first place in async code of the project, tests left out, that a pattern matches."""
    survey = facts.project.survey
    for path in survey.async_views:
        data = survey.data(path)
        found = pattern.search(data)
        if found is not None:
            return Step(path, data.count(b"\n", 0, found.start()) + 1, 1, "used here")
    return None


def unique(found: Iterator[Fact]) -> Iterator[Fact]:
    """Leave out findings at a place that has one: several settings modules may share an entry."""
    seen: set[Span] = set()
    for fact in found:
        if fact.span not in seen:
            seen.add(fact.span)
            yield fact
