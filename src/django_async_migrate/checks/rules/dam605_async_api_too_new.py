"""DAM605: an async API that came with a later Django than the target."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM605",
    name="async-api-too-new",
    severity="error",
    summary="An async API that came with a later Django than the target",
    message="{what}",
    kinds=frozenset({"absent"}),
    reached=frozenset({"directly"}),
)
