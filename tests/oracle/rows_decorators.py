"""What decorators for views do with a coroutine function, asked of the installed Django."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from asgiref.sync import iscoroutinefunction


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


#: Decorators that are called first, with these arguments.
_FACTORIES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "cache_page": ((60,), {}),
    "cache_control": ((), {"private": True}),
    "permission_required": (("app.view",), {}),
    "user_passes_test": ((lambda user: True,), {}),
    "require_http_methods": ((["GET"],), {}),
    "condition": ((), {}),
    "etag": ((_nothing,), {}),
    "last_modified": ((_nothing,), {}),
    "sensitive_variables": ((), {}),
    "sensitive_post_parameters": ((), {}),
    "vary_on_headers": (("Accept",), {}),
    "csp_override": (({},), {}),
    "csp_report_only_override": (({},), {}),
}


def decorators(paths: Iterable[str]) -> dict[str, bool]:
    """Tell for each decorator that this Django has whether a coroutine function stays one under it."""
    found = {}
    for path in paths:
        module, _, name = path.rpartition(".")
        try:
            decorator = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
        found[path] = _keeps(name, decorator)
    return found


def _keeps(name: str, decorator: Callable[..., Any]) -> bool:
    async def view(request: Any) -> None:
        return None

    if name == "method_decorator":

        def plain(function: Any) -> Any:
            return function

        return bool(iscoroutinefunction(decorator(plain)(view)))
    if name in _FACTORIES:
        args, kwargs = _FACTORIES[name]
        decorator = decorator(*args, **kwargs)
    return bool(iscoroutinefunction(decorator(view)))
