"""DAM504: a blocking socket on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM504",
    name="blocking-socket",
    severity="warning",
    summary="A blocking socket on the event loop",
    message="{what} waits for the network on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
