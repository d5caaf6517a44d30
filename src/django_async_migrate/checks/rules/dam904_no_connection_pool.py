"""DAM904: a PostgreSQL database without a connection pool under ASGI."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import databases, fact_at, unique
from django_async_migrate.index.settings_values import Plain, Table

_ADVICE = 'set OPTIONS = {"pool": True}, with psycopg[pool] installed'
_ENGINES = frozenset({"django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis"})
#: Where connections are pooled outside of Django.
_POOLERS = ("pgbouncer", "pgpool", "pooler", "pgcat", "odyssey")


def _find(facts: Facts) -> Iterator[Fact]:
    major, minor = (int(part) for part in facts.target.django.split(".")[:2])
    survey = facts.project.survey
    if (major, minor) < (5, 1) or not (survey.serves_async and survey.has_asgi):
        return iter(())
    return unique(_entries(facts))


def _entries(facts: Facts) -> Iterator[Fact]:
    for database in databases(facts):
        engine, table = database.table.entries.get("ENGINE"), database.table
        if not isinstance(engine, Plain) or database.text("ENGINE") not in _ENGINES or not table.complete:
            continue
        options, host, port = (table.entries.get(name) for name in ("OPTIONS", "HOST", "PORT"))
        if (isinstance(options, Table) and options.complete and "pool" not in options.entries) or options is None:
            if _is_pooled(host) or _is_pooled(port) or table.entries.get("DISABLE_SERVER_SIDE_CURSORS") is not None:
                continue
            yield fact_at(
                engine.origin,
                f'each request under ASGI opens and closes a connection to "{database.alias}": it has no pool',
                _ADVICE,
            )


def _is_pooled(value: object) -> bool:
    text = str(value.value).lower() if isinstance(value, Plain) else ""
    return text == "6432" or any(name in text for name in _POOLERS)


RULE = FactRule(
    code="DAM904",
    name="no-connection-pool",
    severity="info",
    summary="A PostgreSQL database without a connection pool under ASGI",
    find=_find,
)
