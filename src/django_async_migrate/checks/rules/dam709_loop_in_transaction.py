"""DAM709: an event loop started inside a transaction."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.fresh_loops import loops_in_transactions


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return loops_in_transactions(facts)


RULE = FactRule(
    code="DAM709",
    name="loop-in-transaction",
    severity="error",
    summary="Queries on an event loop that is started inside a transaction",
    find=find,
)
