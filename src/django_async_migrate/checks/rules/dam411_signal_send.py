"""DAM411: a signal sent on the event loop to receivers that cannot run there."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM411",
    name="signal-send",
    severity="error",
    summary="A signal sent on the event loop to receivers that cannot run there",
    message="{here} calls receivers that cannot run on the event loop",
    kinds=frozenset({"dispatch", "framework"}),
    reached=frozenset({"directly", "helper"}),
)
