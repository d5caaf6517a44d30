"""DAM610: a bridge around a queryset method that makes no query."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM610",
    name="bridge-around-lazy-queryset",
    severity="info",
    summary="A bridge around a queryset method that makes no query",
    message="{what} makes no query: running it in a thread does nothing",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly"}),
)
