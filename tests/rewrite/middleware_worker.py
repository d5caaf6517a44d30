"""Runs each middleware of a project on its own, under Django's sync and async handlers: ``middleware_worker.py ROOT``.

Prints, by dotted name: what sync and async requests to sync and async views give, and whether the async handler puts
the middleware into a thread.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import sys
import warnings
from typing import Any

_PATHS = ("/", "/about/", "/missing/", "/ping/", "/?short=1", "/?old=1")


def main(root: str) -> int:
    """Run the middleware of the project in ``root``, whose settings are ``settings.py``, and print what happens."""
    sys.path.insert(0, root)
    warnings.simplefilter("ignore")
    import django
    from django.conf import settings

    own = {name: value for name, value in vars(importlib.import_module("settings")).items() if name.isupper()}
    settings.configure(**{"SECRET_KEY": "key", "ALLOWED_HOSTS": ["*"], "LOGGING_CONFIG": None, **own})
    django.setup()
    logging.getLogger("django").setLevel(logging.CRITICAL)
    print(json.dumps({name: _seen(name) for name in own["MIDDLEWARE"] if not name.startswith("django.")}))
    return 0


def _seen(name: str) -> dict[str, Any]:
    from django.test import AsyncClient, Client, override_settings

    with override_settings(MIDDLEWARE=[name]):
        return {
            "adapted": _is_adapted(),
            "sync": [_shown(lambda path=path: Client().get(path)) for path in _PATHS],
            "async": [_shown(lambda path=path: asyncio.run(_asked(AsyncClient(), path))) for path in _PATHS],
        }


async def _asked(client: Any, path: str) -> Any:
    return await client.get(path)


def _is_adapted() -> bool:
    """Whether the async handler has to adapt the middleware; it knows by the flags and the mark."""
    from asgiref.sync import iscoroutinefunction
    from django.conf import settings
    from django.core.handlers.asgi import ASGIHandler
    from django.utils.module_loading import import_string

    factory = import_string(settings.MIDDLEWARE[0])

    async def get_response(request: Any) -> None: ...

    if not getattr(factory, "async_capable", False) or not iscoroutinefunction(factory(get_response)):
        return True
    return not iscoroutinefunction(ASGIHandler()._middleware_chain)


def _shown(ask: Any) -> list[Any]:
    """Return the response, or the error; how long anything took is left out."""
    try:
        response = ask()
    except Exception as error:
        return [type(error).__name__]
    headers = sorted((name, value) for name, value in response.headers.items() if name != "X-Time")
    return [response.status_code, headers, response.content.decode()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
