"""DAM001: a noqa comment that silences nothing."""

from django_async_migrate.checks.base import FactRule

# Found after all others, from what they found: there is nothing to ask the index.
RULE = FactRule(
    code="DAM001",
    name="unused-noqa",
    severity="info",
    summary="A noqa comment names a rule that finds nothing there",
    find=lambda facts: (),
)
