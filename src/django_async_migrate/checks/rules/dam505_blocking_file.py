"""DAM505: a file that is read or written on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM505",
    name="blocking-file",
    severity="warning",
    summary="A file that is read or written on the event loop",
    message="{what} reads or writes a file on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
