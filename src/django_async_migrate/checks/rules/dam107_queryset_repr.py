"""DAM107: a queryset turned into text, or pickled, in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM107",
    name="queryset-repr",
    severity="error",
    summary="A queryset turned into text, or pickled, in a coroutine",
    message="making text of {what} runs a query on the event loop",
    kinds=frozenset({"repr"}),
    reached=frozenset({"directly"}),
)
