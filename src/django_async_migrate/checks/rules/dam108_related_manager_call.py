"""DAM108: a synchronous method of a related manager in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM108",
    name="related-manager-call",
    severity="error",
    summary="A synchronous method of a related manager in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"related-call"}),
    reached=frozenset({"directly"}),
)
