"""DAM802: an async override of a method that a library calls without await."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.hooks import hook_facts


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return hook_facts(facts, "DAM802")


RULE = FactRule(
    code="DAM802",
    name="hook-never-awaited",
    severity="error",
    summary="An async override of a method that is called without await",
    find=find,
    instead="keep this method sync, or await it yourself in a coroutine of your own",
)
