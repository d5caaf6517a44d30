"""What the installed Django's middleware is, and how chains of it are passed: ``python -m oracle.middleware_rows``.

Reads a JSON list of chains, each a list of dotted names, from standard input. Writes a JSON object: what each
middleware of Django declares, and for each chain how often a request to an async view crosses between loop and thread.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import pkgutil
import sys
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

_CONTRIB = ("admindocs", "auth", "flatpages", "messages", "redirects", "sessions", "sites")
_HOOKS = ("process_request", "process_view", "process_response")


class Synchronous:
    """Runs in a thread."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Pass the request on."""
        return self.get_response(request)


class Hybrid:
    """Has code of its own for each side."""

    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Pass the request on."""
        return self._later(request) if iscoroutinefunction(self) else self.get_response(request)

    async def _later(self, request: Any) -> Any:
        return await self.get_response(request)


class Asynchronous:
    """Runs on the event loop only."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: Any) -> Any:
        """Pass the request on."""
        return await self.get_response(request)


def main() -> None:
    """Answer for the chains on standard input."""
    logging.disable(logging.CRITICAL)
    import django  # type: ignore[import-untyped]
    from django.conf import settings  # type: ignore[import-untyped]

    from oracle.declarations import _request

    settings.configure(
        SECRET_KEY="not-secret",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="oracle.declared_urls",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        INSTALLED_APPS=["django.contrib.contenttypes", *(f"django.contrib.{name}" for name in _CONTRIB)],
    )
    django.setup()
    counted = []
    for chain in json.load(sys.stdin):
        settings.MIDDLEWARE = chain
        answer = _request("/", True)
        counted.append(answer["to_thread"] + answer["to_loop"] if answer["status"] == 200 else str(answer))
    print(json.dumps({"declared": dict(_declared()), "counted": counted}))


def _declared() -> Any:
    import django.middleware  # type: ignore[import-untyped]

    names = [f"django.contrib.{name}.middleware" for name in _CONTRIB]
    names += [f"django.middleware.{found.name}" for found in pkgutil.iter_modules(django.middleware.__path__)]
    for name in names:
        for attr, value in vars(importlib.import_module(name)).items():
            if inspect.isclass(value) and value.__module__ == name and attr.endswith("Middleware"):
                hooks = [hook for hook in _HOOKS if hasattr(value, hook)]
                capable = (getattr(value, "sync_capable", True), getattr(value, "async_capable", False))
                yield f"{name}.{attr}", [*capable, "__acall__" in vars(value), hooks]


if __name__ == "__main__":
    main()
