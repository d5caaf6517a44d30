"""DAM606: an await of something that cannot be awaited."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM606",
    name="await-of-no-awaitable",
    severity="error",
    summary="An await of something that cannot be awaited",
    message="{what} cannot be awaited",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
)
