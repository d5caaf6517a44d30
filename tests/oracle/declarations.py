"""Runs the middleware of cases under real Django: ``python -m oracle.declarations`` with ``tests/`` on the path.

Reads a JSON list of ``{"name", "files"}`` from standard input and writes one JSON object a line for each. Every
middleware that the settings of a case name is run by itself below Django's own, in an async and in a sync handler, over
an async and a sync view; how often a request crosses between the event loop and a thread is counted.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from oracle import project
from oracle.processes import in_child

#: What is around each middleware: a mixin that uses the response, as most of Django's own do.
_OUTER = "django.middleware.common.CommonMiddleware"


def main() -> None:
    """Run the cases on standard input."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        for case in json.load(sys.stdin):
            result = in_child(_judge, case["files"], Path(folder))
            print(json.dumps({"name": case["name"], **result}), flush=True)


def settings_file(files: dict[str, str]) -> str | None:
    """Return the settings file that a case is run with: ``settings.py``, else the last in a folder ``settings``."""
    names = [name for name in files if PurePosixPath(name).name == "settings.py"]
    names = names or [name for name in files if name.endswith(".py") and PurePosixPath(name).parent.name == "settings"]
    names = [name for name in names if not name.endswith("__init__.py")]
    return names[-1] if names else None


def _judge(files: dict[str, str], folder: Path) -> dict[str, Any]:
    root = Path(os.path.realpath(tempfile.mkdtemp(dir=folder)))
    project.write_files(files, root)
    source = project.source_root(files, root)
    project.prepare_interpreter(source)
    path = settings_file(files)
    if path is None:
        return {"middleware": [], "hops": {}}
    more = project.own_settings(path, root, source)
    database = folder / "unused.sqlite3"
    more["DATABASES"] = {
        "default": {**_flags(path, root, source), **project.base_settings(database)["DATABASES"]["default"]}
    }
    project.start(database, {"ROOT_URLCONF": "oracle.declared_urls", **more})
    from django.conf import settings  # type: ignore[import-untyped]
    from django.utils.module_loading import import_string  # type: ignore[import-untyped]

    found = []
    whole = list(settings.MIDDLEWARE)
    for dotted in whole:
        value = import_string(dotted)
        if not str(inspect.getsourcefile(value)).startswith(str(root)):
            continue
        settings.MIDDLEWARE = [_OUTER, dotted]
        outcome = {"async": _ask(True), "sync": _ask(False) if getattr(value, "sync_capable", True) else {}}
        settings.MIDDLEWARE = [dotted]
        outcome["alone"] = _ask(True)
        found.append({"dotted": dotted, "lines": list(_lines(value, root)), **outcome})
    settings.MIDDLEWARE = whole
    answers = _ask(True)
    return {"middleware": found, "hops": answers, "views": [_view(url, root, answers[url]) for url in answers]}


def _flags(path: str, root: Path, source: Path) -> dict[str, Any]:
    """Return what the case's own settings say of transactions."""
    module = importlib.import_module(project.dotted_name(path, root, source))
    database = getattr(module, "DATABASES", {}).get("default", {})
    return {name: database[name] for name in ("ATOMIC_REQUESTS",) if name in database}


def _view(url: str, root: Path, answer: dict[str, Any]) -> dict[str, Any]:
    from django.urls import resolve  # type: ignore[import-untyped]

    callback = resolve(url).func
    view = inspect.unwrap(getattr(callback, "view_class", callback))
    view = getattr(view, "awaitable", view)  # below async_to_sync
    own = str(inspect.getsourcefile(view)).startswith(str(root))
    return {"url": url, "lines": list(_lines(view, root)) if own else [], **answer}


def _lines(value: Any, root: Path) -> Iterator[tuple[str, int]]:
    """Yield where the definition of a middleware stands, and its hooks: path and line."""
    classes = [entry for entry in getattr(value, "__mro__", ()) if entry.__module__ == value.__module__]
    objects = [value] + [part for entry in classes for part in vars(entry).values() if inspect.isfunction(part)]
    for entry in objects:
        if inspect.isfunction(entry) and entry is not value and not entry.__name__.startswith("process_"):
            continue
        lines, start = inspect.getsourcelines(entry)
        skipped = next(n for n, line in enumerate(lines) if line.lstrip().startswith(("class ", "def ", "async def ")))
        yield Path(str(inspect.getsourcefile(entry))).relative_to(root).as_posix(), start + skipped


def _ask(is_async: bool) -> dict[str, Any]:
    """Send a request to each view of the URLconf; return the status, or the error, and the crossings by URL."""
    from django.conf import settings

    patterns = importlib.import_module(settings.ROOT_URLCONF).urlpatterns
    return {f"/{pattern.pattern}": _request(f"/{pattern.pattern}", is_async) for pattern in patterns}


def _request(url: str, is_async: bool) -> dict[str, Any]:
    from django.core.handlers.base import BaseHandler  # type: ignore[import-untyped]
    from django.core.signals import got_request_exception  # type: ignore[import-untyped]
    from django.test import AsyncRequestFactory, RequestFactory  # type: ignore[import-untyped]

    try:
        handler = BaseHandler()
        handler.load_middleware(is_async=is_async)
        # The handler is Django's; what it does before and after the chain is the same for every middleware.
        errors: list[str] = []
        got_request_exception.connect(_noting(errors), weak=False)
        if is_async:
            request = AsyncRequestFactory().get(url)
            with crossings() as seen:
                response = asyncio.run(_awaited(handler._middleware_chain, request))
        else:
            with crossings() as seen:
                response = handler._middleware_chain(RequestFactory().get(url))
        return {
            "status": response.status_code,
            "errors": errors,
            "headers": sorted(response.headers.items()),
            "body": response.content.decode(),
            "to_thread": seen.count("thread"),
            "to_loop": seen.count("loop"),
        }
    except Exception as error:
        return {"status": 0, "error": f"{type(error).__name__}: {error}", "to_thread": 0, "to_loop": 0}


def _noting(errors: list[str]) -> Callable[..., None]:
    def note(**kwargs: Any) -> None:
        errors.append(repr(sys.exc_info()[1]))

    return note


async def _awaited(chain: Callable[[Any], Any], request: Any) -> Any:
    return await chain(request)


@contextmanager
def crossings() -> Iterator[list[str]]:
    """Note every call that goes from the loop to a thread ("thread") and the other way ("loop")."""
    from asgiref.sync import AsyncToSync, SyncToAsync

    seen: list[str] = []
    to_thread, to_loop = SyncToAsync.__call__, AsyncToSync.__call__

    async def thread(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append("thread")
        return await to_thread(self, *args, **kwargs)

    def loop(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append("loop")
        return to_loop(self, *args, **kwargs)

    SyncToAsync.__call__, AsyncToSync.__call__ = thread, loop  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        SyncToAsync.__call__, AsyncToSync.__call__ = to_thread, to_loop  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
