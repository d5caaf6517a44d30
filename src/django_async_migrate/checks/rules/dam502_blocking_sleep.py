"""DAM502: a coroutine that sleeps or waits without awaiting."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM502",
    name="blocking-sleep",
    severity="warning",
    summary="A coroutine that sleeps or waits without awaiting",
    message="{what} keeps the event loop waiting",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
