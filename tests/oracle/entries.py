"""Finds what to run in the modules of a case, and what to call it with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

_PREFIXES = ("bad", "ok", "entry")


@dataclass(frozen=True)
class Entry:
    """A coroutine function of a case; ``prepare`` returns it, bound to an object where it is a method."""

    path: str
    name: str
    prepare: Callable[[], Any]


def holds_entries(name: str) -> bool:
    """Tell whether a file of a case is searched for entry points."""
    path = PurePosixPath(name)
    return (
        path.suffix == ".py"
        and path.name not in {"models.py", "seed.py", "settings.py", "manage.py"}
        and path.parent.name != "models"
    )


def entries(modules: Iterable[Any], root: Path) -> Iterator[Entry]:
    """Find the coroutines to run: functions, and methods of classes made without arguments."""
    for module in modules:
        path = Path(module.__file__).relative_to(root).as_posix()
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value):
                for method in (name for name in dir(value) if name.startswith(_PREFIXES)):
                    if is_async(inspect.getattr_static(value, method)) and _takes_nothing(value):
                        yield Entry(path, f"{name}.{method}", partial(_bound_method, value, method))
            elif name.startswith(_PREFIXES) and is_async(value):
                yield Entry(path, name, partial(_identity, value))


def functions(modules: Iterable[Any], root: Path) -> Iterator[Entry]:
    """Find the public functions of the modules, sync and async, that can be called: their parameters are known."""
    for module in modules:
        path = Path(module.__file__).relative_to(root).as_posix()
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            if inspect.isfunction(value) and _can_be_called(value):
                yield Entry(path, name, partial(_identity, value))


def _can_be_called(function: Callable[..., Any]) -> bool:
    try:
        arguments(function)
    except TypeError:
        return False
    return True


def _bound_method(owner: Any, name: str) -> Any:
    return getattr(owner(), name)


def _identity(value: Any) -> Any:
    return value


def is_async(value: Any) -> bool:
    """Tell whether a call of ``value`` gives something to await or to iterate asynchronously."""
    from asgiref.sync import iscoroutinefunction

    value = getattr(value, "__func__", value)
    return bool(iscoroutinefunction(value) or inspect.isasyncgenfunction(value))


def _takes_nothing(value: Any) -> bool:
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True


def _signed_in(request: Any) -> Any:
    """Give a request what the middleware of sessions and of auth would: nothing of it is loaded yet."""
    from importlib import import_module

    from django.conf import settings  # type: ignore[import-untyped]
    from django.contrib import auth  # type: ignore[import-untyped]
    from django.contrib.auth.middleware import AuthenticationMiddleware  # type: ignore[import-untyped]

    store = import_module(settings.SESSION_ENGINE).SessionStore
    user = auth.get_user_model()._base_manager.order_by("pk").first()
    session = store()
    if user is not None and hasattr(user, "get_session_auth_hash"):
        session[auth.SESSION_KEY] = user._meta.pk.value_to_string(user)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    request.session = store(session.session_key)
    AuthenticationMiddleware(lambda request: None).process_request(request)
    return request


def arguments(function: Callable[..., Any]) -> dict[str, object]:
    """Return arguments for parameters without a default; raises TypeError for one that is not known."""
    from django.test import AsyncRequestFactory  # type: ignore[import-untyped]

    found: dict[str, object] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variable or parameter.default is not parameter.empty:
            continue
        if name == "request":
            found[name] = _signed_in(AsyncRequestFactory().get("/"))
        elif name in ("pk", "id") or name.endswith(("_pk", "_id")):
            found[name] = 1
        else:
            raise TypeError(f"no argument is known for the parameter {name!r}")
    return found
