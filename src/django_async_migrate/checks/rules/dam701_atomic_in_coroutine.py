"""DAM701: a transaction opened in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM701",
    name="atomic-in-coroutine",
    severity="error",
    summary="A transaction opened in a coroutine",
    message="{what} opens a transaction on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
