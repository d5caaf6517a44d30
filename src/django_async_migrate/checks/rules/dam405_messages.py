"""DAM405: messages in the session, read in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM405",
    name="messages",
    severity="error",
    summary="Messages that are kept in the session, read in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
