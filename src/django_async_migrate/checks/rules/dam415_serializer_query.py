"""DAM415: rows serialized in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM415",
    name="serializer-query",
    severity="error",
    summary="A serializer that asks the database, in a coroutine",
    message="{what} runs a query on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
