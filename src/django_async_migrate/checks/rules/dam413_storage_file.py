"""DAM413: a file of a storage that is read or written on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM413",
    name="storage-file",
    severity="warning",
    summary="A file of a storage that is read or written on the event loop",
    message="{what} reads or writes a stored file on the event loop",
    kinds=frozenset({"blocking", "framework"}),
    reached=frozenset({"directly"}),
)
