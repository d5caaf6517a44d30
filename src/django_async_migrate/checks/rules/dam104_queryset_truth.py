"""DAM104: a queryset tested for truth in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM104",
    name="queryset-truth",
    severity="error",
    summary="A queryset tested for truth in a coroutine",
    message="testing {what} for truth runs a query on the event loop",
    kinds=frozenset({"truth"}),
    reached=frozenset({"directly"}),
)
