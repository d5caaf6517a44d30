"""DAM611: a bridge to any thread around code that queries."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM611",
    name="thread-insensitive-bridge",
    severity="warning",
    summary="A bridge to any thread around code that queries",
    message="{what} queries in a thread of its own: on another connection, that nobody closes",
    kinds=frozenset({"mistake"}),
    reached=frozenset({"directly", "helper", "implicit"}),
)
