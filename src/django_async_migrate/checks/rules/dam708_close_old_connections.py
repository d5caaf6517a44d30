"""DAM708: close_old_connections called in a coroutine."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM708",
    name="close-old-connections",
    severity="warning",
    summary="close_old_connections called in a coroutine",
    message="{what} does nothing on the event loop: the connections belong to the threads",
    kinds=frozenset({"idle"}),
    reached=frozenset({"directly", "helper", "implicit"}),
)
