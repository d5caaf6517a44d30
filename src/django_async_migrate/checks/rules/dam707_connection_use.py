"""DAM707: a database connection used in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM707",
    name="connection-use",
    severity="error",
    summary="A database connection used in a coroutine",
    message="{what} uses the database connection of the event loop's thread",
    kinds=frozenset({"framework", "idle"}),
    reached=frozenset({"directly"}),
)
