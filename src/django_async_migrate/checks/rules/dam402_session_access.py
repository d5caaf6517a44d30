"""DAM402: the session of a request, read or written in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM402",
    name="session-access",
    severity="error",
    summary="The session of a request, read or written in a coroutine",
    message="{what} loads the session on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
