"""DAM903: persistent database connections under ASGI."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import databases, fact_at, unique
from django_async_migrate.index.settings_values import Plain

_ADVICE = "set CONN_MAX_AGE to 0, and let a pool of the database backend keep connections"


def _find(facts: Facts) -> Iterator[Fact]:
    return unique(_entries(facts)) if facts.project.survey.serves_async else iter(())


def _entries(facts: Facts) -> Iterator[Fact]:
    for database in databases(facts):
        age = database.table.entries.get("CONN_MAX_AGE")
        if isinstance(age, Plain) and (age.value is None or (isinstance(age.value, (int, float)) and age.value > 0)):
            yield fact_at(
                age.origin,
                f'CONN_MAX_AGE keeps connections to "{database.alias}" open in threads that serve one request under '
                "ASGI: they are never used again",
                _ADVICE,
            )


RULE = FactRule(
    code="DAM903",
    name="conn-max-age",
    severity="warning",
    summary="Persistent database connections under ASGI",
    find=_find,
)
