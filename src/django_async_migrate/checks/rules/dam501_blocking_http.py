"""DAM501: a blocking HTTP request on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM501",
    name="blocking-http",
    severity="warning",
    summary="A blocking HTTP request on the event loop",
    message="{what} waits for an HTTP response on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
