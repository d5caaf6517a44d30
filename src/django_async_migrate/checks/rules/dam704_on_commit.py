"""DAM704: transaction.on_commit called in a coroutine."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, Facts, Rule
from django_async_migrate.checks.callbacks import async_callbacks


def find(facts: Facts) -> Iterable[Fact]:
    """Give the coroutine functions that are registered as callbacks."""
    return async_callbacks(facts)


RULE = Rule(
    code="DAM704",
    name="on-commit",
    severity="error",
    summary="transaction.on_commit called in a coroutine",
    message="{what} asks for the database connection on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
    find=find,
)
