"""DAM608: a bridge to a thread around a coroutine function."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM608",
    name="bridge-around-coroutine",
    severity="error",
    summary="A bridge to a thread around a coroutine function",
    message="{what} is asynchronous already: it cannot be run in a thread",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="await the coroutine itself; no bridge is needed",
)
