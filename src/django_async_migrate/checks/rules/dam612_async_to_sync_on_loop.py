"""DAM612: a coroutine run to its end where an event loop is running."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM612",
    name="async-to-sync-on-loop",
    severity="error",
    summary="A coroutine run to its end where an event loop is running",
    message="{here} runs a coroutine to its end, and raises where an event loop is running",
    kinds=frozenset({"to-loop"}),
    reached=frozenset({"directly", "helper"}),
    instead="await the coroutine, or let code outside of the event loop run it",
)
