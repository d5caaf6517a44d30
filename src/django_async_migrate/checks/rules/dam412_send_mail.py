"""DAM412: mail that is sent on the event loop."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM412",
    name="send-mail",
    severity="warning",
    summary="Mail that is sent on the event loop",
    message="{what} talks to a mail server on the event loop",
    kinds=frozenset({"blocking"}),
    reached=frozenset({"directly"}),
)
