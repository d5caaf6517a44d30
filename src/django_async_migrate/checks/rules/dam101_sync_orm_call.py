"""DAM101: a synchronous manager or queryset method in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM101",
    name="sync-orm-call",
    severity="error",
    summary="A synchronous manager or queryset method in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"orm-call"}),
    reached=frozenset({"directly"}),
)
