"""DAM109: a model method that queries, called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM109",
    name="model-method",
    severity="error",
    summary="A model method that queries, called in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"model-method"}),
    reached=frozenset({"directly"}),
)
