"""DAM202: a reverse one-to-one relation that is not loaded, read in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM202",
    name="lazy-reverse-one-to-one",
    severity="error",
    summary="A reverse one-to-one relation that is not loaded, read in a coroutine",
    message="{what} is not loaded: reading it queries on the event loop",
    kinds=frozenset({"reverse-one-to-one"}),
    reached=frozenset({"directly", "helper"}),
)
