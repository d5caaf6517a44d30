"""DAM614: a gather() over calls that all wait for the same thread."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM614",
    name="serial-gather",
    severity="info",
    summary="A gather() over calls that all wait for the same thread",
    message="{what} runs these calls one after the other: all of them need the same thread",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
    instead="make them one function in one sync_to_async, or await one after the other",
)
