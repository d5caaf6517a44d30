"""DAM401: the lazy user of a request, loaded in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM401",
    name="request-user",
    severity="error",
    summary="The lazy user of a request, loaded in a coroutine",
    message="{what} loads the user of the request on the event loop",
    kinds=frozenset({"framework"}),
    reached=frozenset({"directly"}),
)
