"""DAM110: a synchronous helper, called from a coroutine, that runs a query further down."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM110",
    name="sync-helper-query",
    severity="error",
    summary="A synchronous helper, called from a coroutine, that runs a query further down",
    message="{here} reaches {what}, which runs a query on the event loop",
    kinds=frozenset(
        {
            "framework",
            "index",
            "iteration",
            "length",
            "membership",
            "model-method",
            "orm-call",
            "raw",
            "related-call",
            "repr",
            "template",
            "truth",
        }
    ),
    reached=frozenset({"helper"}),
)
