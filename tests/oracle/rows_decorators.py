"""What decorators for views do with a coroutine function, asked of the installed Django."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory


def _tag(*args: Any, **kwargs: Any) -> str:
    return '"tag"'


def _changed(*args: Any, **kwargs: Any) -> datetime:
    return datetime(2020, 1, 1, tzinfo=timezone.utc)


#: Decorators that are called first, with these arguments.
_FACTORIES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "cache_page": ((60,), {}),
    "cache_control": ((), {"private": True}),
    "permission_required": (("app.view",), {}),
    "user_passes_test": ((lambda user: user.is_authenticated,), {}),
    "require_http_methods": ((["GET"],), {}),
    "condition": ((_tag,), {}),
    "etag": ((_tag,), {}),
    "last_modified": ((_changed,), {}),
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


def on_dispatch(paths: Iterable[str]) -> dict[str, bool]:
    """Tell for each decorator that this Django has whether it leaves alone what an async view's ``dispatch()`` returns.

    That is no coroutine function: it returns what is to be awaited, whoever asks and however.
    """
    found = {}
    for path in paths:
        module, _, name = path.rpartition(".")
        try:
            decorator = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
        if name != "method_decorator":
            found[path] = all(
                _leaves(_ready(name, decorator), method, user) for method in ("GET", "POST") for user in (None, _User())
            )
    return found


class _User:
    is_authenticated = is_active = is_staff = True
    pk = 1

    def has_perms(self, names: Iterable[str]) -> bool:
        return True


def _leaves(decorator: Callable[..., Any], method: str, user: Any) -> bool:
    async def answer() -> None:
        return None

    answers = []

    def dispatch(request: Any) -> Any:
        answers.append(answer())
        return answers[-1]

    request = RequestFactory().generic(method, "/")
    request.user = user or AnonymousUser()
    try:
        result = decorator(dispatch)(request)
    except Exception:
        result = None
    for coroutine in answers:
        coroutine.close()
    return bool(answers) and result is answers[-1]


def _ready(name: str, decorator: Callable[..., Any]) -> Callable[..., Any]:
    """Return the decorator itself, made by the call it needs."""
    if name not in _FACTORIES:
        return decorator
    args, kwargs = _FACTORIES[name]
    made: Callable[..., Any] = decorator(*args, **kwargs)
    return made


def _keeps(name: str, decorator: Callable[..., Any]) -> bool:
    async def view(request: Any) -> None:
        return None

    if name == "method_decorator":

        def plain(function: Any) -> Any:
            return function

        return bool(iscoroutinefunction(decorator(plain)(view)))
    return bool(iscoroutinefunction(_ready(name, decorator)(view)))
