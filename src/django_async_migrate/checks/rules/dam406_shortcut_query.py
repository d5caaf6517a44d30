"""DAM406: a shortcut that queries, called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM406",
    name="shortcut-query",
    severity="error",
    summary="A shortcut that queries, called in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
