"""DAM808: a task enqueued synchronously in a coroutine."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.tasks import sync_sending


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return sync_sending(facts)


RULE = FactRule(
    code="DAM808",
    name="task-enqueue",
    severity="error",
    summary="A task enqueued synchronously in a coroutine",
    find=find,
)
