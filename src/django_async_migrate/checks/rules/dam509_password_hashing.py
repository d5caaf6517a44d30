"""DAM509: hashing a password on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM509",
    name="password-hashing",
    severity="warning",
    summary="Hashing a password on the event loop",
    message="{what} hashes a password, which takes long, on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
