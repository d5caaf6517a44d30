"""DAM803: a decorator that does not know coroutine functions."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.decorators import unfit_decorators


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return unfit_decorators(facts)


RULE = FactRule(
    code="DAM803",
    name="decorator-not-async",
    severity="error",
    summary="A decorator that does not know coroutine functions",
    find=find,
    instead="use a decorator that awaits, or do what it does in the function itself",
)
