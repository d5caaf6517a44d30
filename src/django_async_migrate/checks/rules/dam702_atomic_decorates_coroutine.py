"""DAM702: a coroutine function under transaction.atomic."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM702",
    name="atomic-decorates-coroutine",
    severity="error",
    summary="A coroutine function under transaction.atomic",
    message="{what} does not keep its transaction open while the coroutine runs",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
