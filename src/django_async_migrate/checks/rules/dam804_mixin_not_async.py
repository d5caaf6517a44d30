"""DAM804: an async view below a dispatch() made for sync ones."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.decorators import unfit_mixins


def find(facts: Facts) -> Iterable[Fact]:
    """Give the findings."""
    return unfit_mixins(facts)


RULE = FactRule(
    code="DAM804",
    name="mixin-not-async",
    severity="error",
    summary="An async view below a dispatch() made for sync ones",
    find=find,
    instead="write dispatch() as a coroutine function, or keep the view sync",
)
