"""DAM416: a template that queries, rendered in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM416",
    name="template-query",
    severity="error",
    summary="A template that queries, rendered in a coroutine",
    message="{what} runs a query while {here} renders a template on the event loop",
    kinds=frozenset({"template"}),
    reached=frozenset({"directly"}),
)
