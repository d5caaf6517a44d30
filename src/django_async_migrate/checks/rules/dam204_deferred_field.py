"""DAM204: a field left out by only() or defer(), read in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM204",
    name="deferred-field",
    severity="error",
    summary="A field left out by only() or defer(), read in a coroutine",
    message="{what} was deferred: reading it queries on the event loop",
    kinds=frozenset({"deferred"}),
    reached=frozenset({"directly", "helper"}),
)
