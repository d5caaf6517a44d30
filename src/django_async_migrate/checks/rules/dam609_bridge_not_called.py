"""DAM609: a function in a bridge that is awaited but never called."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM609",
    name="bridge-not-called",
    severity="error",
    summary="A function in a bridge that is awaited but never called",
    message="{what} is awaited, but never called",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="give the bridge a function, and call what it returns: await sync_to_async(f)(...)",
)
