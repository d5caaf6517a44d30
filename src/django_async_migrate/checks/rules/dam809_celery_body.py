"""DAM809: a coroutine function as the body of a Celery task."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.tasks import unrun_bodies


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return unrun_bodies(facts)


RULE = FactRule(
    code="DAM809",
    name="celery-body",
    severity="error",
    summary="A coroutine function as the body of a Celery task",
    find=find,
)
