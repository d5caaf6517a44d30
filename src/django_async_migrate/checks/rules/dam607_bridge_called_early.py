"""DAM607: a function that is called before a bridge is given it."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM607",
    name="bridge-called-early",
    severity="error",
    summary="A function that is called before a bridge is given it",
    message="{what} is called here, before the bridge is given anything to run",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="give the bridge the function, and call what it returns: await sync_to_async(f)(...)",
)
