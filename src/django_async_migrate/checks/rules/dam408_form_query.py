"""DAM408: a form that asks the database, in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM408",
    name="form-query",
    severity="error",
    summary="A form that asks the database, checked, saved or shown in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
