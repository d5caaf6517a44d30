"""DAM105: a queryset indexed, or sliced with a step, in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM105",
    name="queryset-index",
    severity="error",
    summary="A queryset indexed, or sliced with a step, in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"index"}),
    reached=frozenset({"directly"}),
)
