"""DAM615: requests that wait for one another without need."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.network import waiting_requests


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return waiting_requests(facts)


RULE = FactRule(
    code="DAM615",
    name="sequential-awaits",
    severity="info",
    summary="Requests that wait for one another though none needs the other",
    find=find,
)
