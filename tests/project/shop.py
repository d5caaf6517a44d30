"""The fixture, running on seeded rows: what the drivers get to work with."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from project.source import ROOT

T = TypeVar("T")


class UnexpectedAnswer(Exception):
    """A view did not answer what the driver wants to see: it may not have run what it should."""


@dataclass(frozen=True)
class Scenario:
    """One run of an entry point; ``prepare`` may use the database and returns what is then awaited."""

    name: str
    prepare: Callable[[Shop], Awaitable[object]]


class Shop:
    """The seeded project, for one scenario. Requests and lookups are made before the loop starts."""

    def get(self, path: str, *, user: str = "", status: int = 200, key: str = "") -> Awaitable[object]:
        """Ask for a page, signed in as ``user`` or with an API ``key``."""
        return self._request("get", path, None, user, status, key)

    def post(
        self, path: str, data: object = None, *, user: str = "", status: int = 200, key: str = ""
    ) -> Awaitable[object]:
        """Send a form (a dict of strings) or, with a trailing ``#json`` on the path, JSON."""
        return self._request("post", path, data or {}, user, status, key)

    def row(self, model: str, **conditions: object) -> Any:
        """Fetch one row with nothing loaded beside it; ``model`` is ``app.Name``."""
        from django.apps import apps  # type: ignore[import-untyped]

        # The base manager joins nothing, whatever the model's own managers do.
        return apps.get_model(model)._base_manager.get(**conditions)

    def _request(self, method: str, path: str, data: Any, user: str, status: int, key: str) -> Awaitable[object]:
        from django.test import AsyncClient  # type: ignore[import-untyped]

        client = AsyncClient()
        if user:
            client.force_login(self.row("accounts.User", username=user))
        options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}} if key else {}
        path, _, json = path.partition("#")
        if json:
            options["content_type"] = "application/json"
        if method == "post":
            options["data"] = data
        return _answer(getattr(client, method)(path, **options), path, status)


async def _answer(pending: Awaitable[Any], path: str, status: int) -> object:
    response = await pending
    if response.status_code != status:
        raise UnexpectedAnswer(f"{path}: {response.status_code}, not {status}: {response.content[:300]!r}")
    if response.streaming:
        return [part async for part in response.streaming_content]
    return response.content


@contextmanager
def running(folder: Path, root: Path = ROOT, template: Path | None = None) -> Iterator[Callable[[Scenario], object]]:
    """Set the fixture up with its database in ``folder`` and yield what runs a scenario.

    Every scenario starts from the same rows and cold caches. ``root`` may be a copy of the fixture.
    ``template`` is a file for these rows: they are taken from there when it exists, and kept there otherwise.
    """
    database, template = folder / "shop.sqlite3", template or folder / "template.sqlite3"
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(root))
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    os.environ["PAPERLEAF_DB"] = str(database)
    os.environ["DJANGO_SETTINGS_MODULE"] = "paperleaf.settings.test"

    import django
    from django.core.management import call_command  # type: ignore[import-untyped]
    from django.db import connections  # type: ignore[import-untyped]
    from django.db.backends.signals import connection_created  # type: ignore[import-untyped]

    django.setup()
    connection_created.connect(_in_a_hurry, weak=False)
    if not template.exists():
        call_command("migrate", verbosity=0)
        call_command("load_demo_data", stdout=io.StringIO())
        connections.close_all()
        shutil.copyfile(database, template)

    def run(scenario: Scenario) -> object:
        shutil.copyfile(template, database)
        forget()
        try:
            return asyncio.run(_and_disconnect(scenario.prepare(Shop())))
        finally:
            connections.close_all()

    yield run


def _in_a_hurry(connection: Any, **kwargs: object) -> None:
    # Past Django's own cursor: a query here would be one more on the recorded stack.
    connection.connection.execute("PRAGMA synchronous=OFF")


def forget() -> None:
    """Empty the caches that would make a run depend on the one before."""
    from django.contrib.contenttypes.models import ContentType  # type: ignore[import-untyped]
    from django.core.cache import cache  # type: ignore[import-untyped]

    ContentType.objects.clear_cache()
    cache.clear()


async def _and_disconnect(work: Awaitable[T]) -> T:
    from asgiref.sync import sync_to_async
    from django.db import connections

    try:
        return await work
    finally:
        # The thread that asgiref runs sync code in has connections of its own.
        await sync_to_async(connections.close_all)()
