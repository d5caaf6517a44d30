"""DAM403: a function of django.contrib.auth that queries, called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM403",
    name="auth-function",
    severity="error",
    summary="A function of django.contrib.auth that queries, called in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
