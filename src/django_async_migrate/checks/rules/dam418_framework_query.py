"""DAM418: a function of Django or of a library that queries, called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM418",
    name="framework-query",
    severity="error",
    summary="A function of Django or of a library that queries, called in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
