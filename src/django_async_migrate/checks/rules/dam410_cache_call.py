"""DAM410: a call of the cache that blocks the event loop, or queries."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM410",
    name="cache-call",
    severity="warning",
    summary="A call of the cache that blocks the event loop, or queries",
    message="{what} asks the cache on the event loop",
    kinds=frozenset({"blocking", "framework"}),
    reached=frozenset({"directly"}),
)
