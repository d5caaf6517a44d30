"""DAM806: a method of a consumer that is async in a sync one, or sync in an async one."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.hooks import hook_facts


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return hook_facts(facts, "DAM806")


RULE = FactRule(
    code="DAM806",
    name="sync-consumer-await",
    severity="error",
    summary="A method of a consumer that does not fit its kind",
    find=find,
    instead="use the async consumer class, or keep this method sync",
)
