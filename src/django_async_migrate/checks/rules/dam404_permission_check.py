"""DAM404: a permission check that queries, in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM404",
    name="permission-check",
    severity="error",
    summary="A permission check that queries, in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
