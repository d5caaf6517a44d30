"""DAM407: a content type that is looked up in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM407",
    name="content-types",
    severity="error",
    summary="A content type that is looked up in a coroutine",
    message="{what} runs a query on the event loop while the cache of content types is cold",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
