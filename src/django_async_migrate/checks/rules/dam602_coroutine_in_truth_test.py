"""DAM602: a coroutine in a test: it is always true."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM602",
    name="coroutine-in-truth-test",
    severity="error",
    summary="A coroutine in a test: it is always true",
    message="{what} is a coroutine here, and {how}",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="await the coroutine before it is tested",
)
