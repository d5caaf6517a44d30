"""DAM601: a coroutine that nobody awaits: what it should do never happens."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM601",
    name="coroutine-never-awaited",
    severity="error",
    summary="A coroutine that nobody awaits: what it should do never happens",
    message="{what} is never awaited: nothing of it runs",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
)
