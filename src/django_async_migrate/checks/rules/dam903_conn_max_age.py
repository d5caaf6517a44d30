"""DAM903: persistent database connections under ASGI."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.settings import databases, fact_at, unique
from django_async_migrate.core.findings import Certainty
from django_async_migrate.index.settings_values import Plain, Unknown

_ADVICE = "set CONN_MAX_AGE to 0, and let a pool of the database backend keep connections"

#: What reads a variable of the environment: ``os.environ.get()``, ``os.getenv()``, ``env.int()``, ``config()``.
_READERS = frozenset({"get", "getenv", "env", "int", "float", "config"})


def _find(facts: Facts) -> Iterator[Fact]:
    return unique(_entries(facts)) if facts.project.survey.serves_async else iter(())


def _entries(facts: Facts) -> Iterator[Fact]:
    for database in databases(facts):
        age = database.table.entries.get("CONN_MAX_AGE")
        certainty: Certainty = "certain" if isinstance(age, Plain) else "likely"
        value: object = 0
        if isinstance(age, Plain):
            value = age.value
        elif isinstance(age, Unknown) and age.origin is not None:
            value = _usually(age.origin.node)
        if age is not None and age.origin is not None and (value is None or _is_positive(value)):
            yield fact_at(
                age.origin,
                f'CONN_MAX_AGE keeps connections to "{database.alias}" open in threads that serve one request under '
                "ASGI: they are never used again",
                _ADVICE,
                certainty,
            )


def _is_positive(value: object) -> bool:
    return isinstance(value, (int, float)) and value > 0


def _usually(node: ast.AST) -> object:
    """Return the number that a setting is unless the environment has another one; 0 where nobody can tell."""
    if not isinstance(node, ast.Call):
        return 0
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in _READERS or not node.args:
        return 0
    if isinstance(node.args[0], ast.Call):  # int(os.environ.get("AGE", "60"))
        return _usually(node.args[0]) if len(node.args) == 1 else 0
    if not isinstance(node.args[0], ast.Constant):
        return 0
    named = (keyword.value for keyword in node.keywords if keyword.arg == "default")
    default = node.args[1] if len(node.args) > 1 else next(named, None)
    if not isinstance(default, ast.Constant) or isinstance(default.value, bool):
        return 0
    try:
        return float(default.value) if isinstance(default.value, (int, float, str)) else 0
    except ValueError:
        return 0


RULE = FactRule(
    code="DAM903",
    name="conn-max-age",
    severity="warning",
    summary="Persistent database connections under ASGI",
    find=_find,
)
