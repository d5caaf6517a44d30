"""DAM705: rows locked by select_for_update in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM705",
    name="select-for-update",
    severity="error",
    summary="Rows read with select_for_update in a coroutine",
    message="{what} locks rows outside a transaction: PostgreSQL, MySQL and Oracle refuse, SQLite does not lock",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
