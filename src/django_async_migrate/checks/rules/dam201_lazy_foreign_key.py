"""DAM201: a foreign key or one-to-one relation that is not loaded, read in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM201",
    name="lazy-foreign-key",
    severity="error",
    summary="A foreign key or one-to-one relation that is not loaded, read in a coroutine",
    message="{what} is not loaded: reading it queries on the event loop",
    kinds=frozenset({"foreign-key"}),
    reached=frozenset({"directly", "helper"}),
)
