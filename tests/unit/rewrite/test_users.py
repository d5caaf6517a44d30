"""The user of a request is loaded by ``auser()`` where nobody else can have put one there."""

from __future__ import annotations

import pytest

from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_STOCK = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def _fixed(body: str, middleware: list[str], version: str = "5.2") -> str:
    head = "from django.http import HttpRequest\n\n\nasync def view(request: HttpRequest):\n"
    files = {
        "/p/conf/settings.py": f"SECRET_KEY = 'x'\nROOT_URLCONF = 'conf.urls'\nMIDDLEWARE = {middleware!r}\n",
        "/p/own.py": "def plain(get_response):\n    return get_response\n",
        "/p/views.py": head + body,
    }
    options = ScanOptions(paths=("/p",), project="/p", target_version=version)
    outcome = fix(options, False, MemoryFileSystem(files), cwd="/p", write=False)
    changed = {change.path: change.after.decode() for change in outcome.changes}
    return changed.get("views.py", head + body).partition("HttpRequest):\n")[2]


_TESTED = "    if request.user.is_staff:\n        return 1\n"
_LOADED = "    request.user = await request.auser()\n"


@pytest.mark.parametrize("middleware", [_STOCK, [*_STOCK, "own.plain"]])
def test_the_user_is_loaded_first(middleware: list[str]) -> None:
    assert _fixed(_TESTED, middleware) == _LOADED + _TESTED


@pytest.mark.parametrize(
    "middleware",
    [
        [*_STOCK, "django_otp.middleware.OTPMiddleware"],
        ["django.contrib.sessions.middleware.SessionMiddleware"],
        [*_STOCK, "django.contrib.auth.middleware.RemoteUserMiddleware"],
    ],
)
def test_another_user_may_be_there(middleware: list[str]) -> None:
    assert "sync_to_async(getattr)(request.user" in _fixed(_TESTED, middleware)


def test_a_release_without_auser() -> None:
    assert "sync_to_async(getattr)(request.user" in _fixed(_TESTED, _STOCK, "4.2")


def test_a_variable_that_holds_the_user() -> None:
    body = "    user = request.user\n    name = request.method\n    return name, user.email\n"
    assert _fixed(body, _STOCK) == _LOADED + body


@pytest.mark.parametrize(
    "body",
    [
        "    user = request.user\n    other(request)\n    return user.email\n",
        "    user = request.user\n    if request.GET:\n        return None\n    return user.email\n",
        "    return request.GET or request.user.email\n",
        "    return [str(1), request.user.email]\n",
        "    if request.GET:\n        return 1\n    elif request.user.email:\n        return 2\n",
    ],
)
def test_what_may_not_load_it_is_left_to_a_thread(body: str) -> None:
    assert "auser" not in _fixed(body, _STOCK)
