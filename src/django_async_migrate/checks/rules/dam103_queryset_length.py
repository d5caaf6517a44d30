"""DAM103: len() of a queryset in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM103",
    name="queryset-length",
    severity="error",
    summary="len() of a queryset in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"length"}),
    reached=frozenset({"directly"}),
)
