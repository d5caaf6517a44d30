"""DAM807: an async method of a management command."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.hooks import hook_facts


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return hook_facts(facts, "DAM807")


RULE = FactRule(
    code="DAM807",
    name="async-command",
    severity="error",
    summary="An async method of a management command",
    find=find,
    instead="keep handle() sync, and run the coroutine in it with async_to_sync",
)
