"""DAM801: a view with async and sync handlers."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.views import mixed_handlers


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return mixed_handlers(facts)


RULE = FactRule(
    code="DAM801",
    name="mixed-handlers",
    severity="error",
    summary="A class-based view with async and sync handlers",
    find=find,
    instead="make all handlers async, or keep all of them sync",
)
