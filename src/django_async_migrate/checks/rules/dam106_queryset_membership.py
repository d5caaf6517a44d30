"""DAM106: a membership test on a queryset in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM106",
    name="queryset-membership",
    severity="error",
    summary="A membership test on a queryset in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"membership"}),
    reached=frozenset({"directly"}),
)
