"""DAM704: transaction.on_commit called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM704",
    name="on-commit",
    severity="error",
    summary="transaction.on_commit called in a coroutine",
    message="{what} asks for the database connection on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
