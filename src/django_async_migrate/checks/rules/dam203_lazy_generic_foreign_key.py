"""DAM203: a generic foreign key that is not loaded, read in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM203",
    name="lazy-generic-foreign-key",
    severity="error",
    summary="A generic foreign key that is not loaded, read in a coroutine",
    message="{what} is not loaded: reading it queries on the event loop",
    kinds=frozenset({"generic-foreign-key"}),
    reached=frozenset({"directly", "helper"}),
)
