"""DAM503: a process that is waited for on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM503",
    name="blocking-subprocess",
    severity="warning",
    summary="A process that is waited for on the event loop",
    message="{what} waits for a process on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
