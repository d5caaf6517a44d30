"""DAM805: a streaming response over a sync iterator in a coroutine."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.streaming import sync_streams


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return sync_streams(facts)


RULE = FactRule(
    code="DAM805",
    name="sync-streaming",
    severity="warning",
    summary="A streaming response over a sync iterator in a coroutine",
    find=find,
)
