"""DAM604: an async name that no Django has."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM604",
    name="async-api-missing",
    severity="error",
    summary="An async name that no Django has",
    message="{what} in any Django",
    kinds=frozenset({"absent"}),
    reached=frozenset({"directly"}),
)
