"""DAM506: an SMTP connection that blocks the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM506",
    name="blocking-smtp",
    severity="warning",
    summary="An SMTP connection that blocks the event loop",
    message="{what} talks to a mail server on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
