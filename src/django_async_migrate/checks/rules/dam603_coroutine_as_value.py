"""DAM603: a coroutine used as if it were the value it would give."""

from collections.abc import Iterable

from django_async_migrate.checks.base import Fact, Facts, Rule
from django_async_migrate.checks.generators import async_generators


def find(facts: Facts) -> Iterable[Fact]:
    """Give the asynchronous generators that are used as if they were the values they yield."""
    return async_generators(facts)


RULE = Rule(
    code="DAM603",
    name="coroutine-as-value",
    severity="error",
    summary="A coroutine used as if it were the value it would give",
    message="{what} is a coroutine here, not what it gives",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    find=find,
    messages={"generator": "{what}", "calls it": "{what} gives a coroutine, which the cache cannot store"},
    instead="await the coroutine where its result is needed",
)
