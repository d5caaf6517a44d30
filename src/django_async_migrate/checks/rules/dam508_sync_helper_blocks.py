"""DAM508: a synchronous helper, called from a coroutine, that blocks the event loop further down."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM508",
    name="sync-helper-blocks",
    severity="warning",
    summary="A synchronous helper, called from a coroutine, that blocks the event loop further down",
    message="{here} reaches {what}, which blocks the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"helper"}),
)
