"""DAM409: a page of a queryset, asked for in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM409",
    name="pagination",
    severity="error",
    summary="A page of a queryset, asked for in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
