"""DAM205: a lazy load behind a property or a special method, reached in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM205",
    name="implicit-lazy-load",
    severity="error",
    summary="A lazy load behind a property or a special method, reached in a coroutine",
    message="{here} reaches {what}, which is not loaded: it queries on the event loop",
    kinds=frozenset({"deferred", "foreign-key", "generic-foreign-key", "reverse-one-to-one"}),
    reached=frozenset({"implicit"}),
)
