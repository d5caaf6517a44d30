"""DAM111: a raw queryset evaluated synchronously in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM111",
    name="raw-query",
    severity="error",
    summary="A raw queryset evaluated synchronously in a coroutine",
    message="evaluating {what} runs a query on the event loop",
    kinds=frozenset({"raw"}),
    reached=frozenset({"directly"}),
)
