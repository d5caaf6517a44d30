"""DAM102: a queryset iterated synchronously in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM102",
    name="queryset-iteration",
    severity="error",
    summary="A queryset iterated synchronously in a coroutine",
    message="iterating over {what} runs a query on the event loop",
    kinds=frozenset({"iteration"}),
    reached=frozenset({"directly"}),
)
