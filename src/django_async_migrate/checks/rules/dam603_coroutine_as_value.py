"""DAM603: a coroutine used as if it were the value it would give."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM603",
    name="coroutine-as-value",
    severity="error",
    summary="A coroutine used as if it were the value it would give",
    message="{what} is a coroutine here, not what it gives",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="await the coroutine where its result is needed",
)
