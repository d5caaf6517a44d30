"""DAM507: a client of a service that blocks the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM507",
    name="blocking-sdk",
    severity="warning",
    summary="A client of a service that blocks the event loop",
    message="{what} waits for a service on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
