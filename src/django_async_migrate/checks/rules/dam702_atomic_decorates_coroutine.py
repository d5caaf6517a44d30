"""DAM702: a coroutine function under transaction.atomic."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, Facts, Rule
from django_async_migrate.checks.decorators import unfit_decorators


def find(facts: Facts) -> Iterable[Fact]:
    """Give ``method_decorator(transaction.atomic)`` on coroutine functions and async views."""
    return unfit_decorators(facts, "DAM702")


RULE = Rule(
    code="DAM702",
    name="atomic-decorates-coroutine",
    severity="error",
    summary="A coroutine function under transaction.atomic",
    message="{what} does not keep its transaction open while the coroutine runs",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
    find=find,
    instead="make the function sync, and call it through sync_to_async, with atomic inside",
)
