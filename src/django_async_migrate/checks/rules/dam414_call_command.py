"""DAM414: a management command that queries, run on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM414",
    name="call-command",
    severity="error",
    summary="A management command that queries, run on the event loop",
    message="{here} runs a command that queries on the event loop",
    kinds=frozenset({"dispatch", "framework"}),
    reached=frozenset({"directly", "helper"}),
)
