"""DAM613: a bridge around a method that has an async form."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM613",
    name="needless-bridge",
    severity="info",
    summary="A bridge around a method that has an async form",
    message="{what} has an async form, that needs no bridge",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="await the async form; no bridge is needed",
)
