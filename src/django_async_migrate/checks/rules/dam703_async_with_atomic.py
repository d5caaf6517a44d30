"""DAM703: transaction.atomic in an async with statement."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM703",
    name="async-with-atomic",
    severity="error",
    summary="transaction.atomic in an async with statement",
    message="{what} is no asynchronous context manager",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
