"""Records what blocks the event loop and raises nothing: sleeping, processes, sockets, files, mail, hashing.

``watch()`` replaces the functions below once and for all, before a case imports them by name. While somebody asks
(``waiting``), they note their stack when a loop runs in the thread that calls them. Those that would wait for long or
need a network do nothing then; the others do their work.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
from asyncio import _get_running_loop  # type: ignore[attr-defined]
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

_STDLIB = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _connected(*args: Any, **kwargs: Any) -> tuple[int, bytes]:
    return 220, b"ready"


def _answered(*args: Any, **kwargs: Any) -> tuple[int, bytes]:
    return 250, b"ok"


def _all_sent(*args: Any, **kwargs: Any) -> dict[str, object]:
    return {}


#: What blocks, by where it is looked up, and what is done instead; None: the real thing.
_BLOCKING: dict[str, Callable[..., Any] | None] = {
    "builtins.open": None,
    "io.open": None,
    "builtins.input": lambda *args: "",
    "concurrent.futures.Executor.map": None,
    "concurrent.futures.Future.exception": None,
    "concurrent.futures.Future.result": None,
    "concurrent.futures.ThreadPoolExecutor.map": None,
    "concurrent.futures.wait": None,
    "hashlib.pbkdf2_hmac": None,
    "multiprocessing.pool.Pool.map": None,
    "os.popen": None,
    "os.system": None,
    "pathlib.Path.open": None,
    "poplib.POP3.__init__": _nothing,
    "poplib.POP3.stat": lambda *args: (0, 0),
    "queue.Queue.get": None,
    "shutil.copy": None,
    "shutil.copytree": None,
    "shutil.move": None,
    "shutil.rmtree": None,
    "smtplib.SMTP.connect": _connected,
    "smtplib.SMTP.ehlo": _answered,
    "smtplib.SMTP.login": _answered,
    "smtplib.SMTP.starttls": _answered,
    "smtplib.SMTP.quit": _answered,
    "smtplib.SMTP.sendmail": _all_sent,
    "smtplib.SMTP.send_message": _all_sent,
    "socket.create_connection": lambda *args, **kwargs: importlib.import_module("socket").socketpair()[0],
    "socket.getaddrinfo": lambda *args, **kwargs: [],
    "socket.gethostbyname": lambda *args: "127.0.0.1",
    "socket.socket.connect": _nothing,
    "sqlite3.connect": None,
    "subprocess.Popen.communicate": None,
    "subprocess.Popen.wait": None,
    "tempfile.NamedTemporaryFile": None,
    "threading.Event.wait": _nothing,
    "threading.Thread.join": None,
    "time.sleep": _nothing,
    "urllib.request.urlopen": None,
    "django.contrib.auth.hashers.MD5PasswordHasher.encode": None,
    "django.core.cache.backends.locmem.LocMemCache.add": None,
    "django.core.cache.backends.locmem.LocMemCache.clear": None,
    "django.core.cache.backends.locmem.LocMemCache.delete": None,
    "django.core.cache.backends.locmem.LocMemCache.get": None,
    "django.core.cache.backends.locmem.LocMemCache.incr": None,
    "django.core.cache.backends.locmem.LocMemCache.set": None,
    "django.core.cache.backends.locmem.LocMemCache.touch": None,
    "django.core.files.storage.FileSystemStorage.delete": None,
    "django.core.files.storage.FileSystemStorage.exists": None,
    "django.core.files.storage.FileSystemStorage.listdir": None,
    "django.core.files.storage.FileSystemStorage.save": None,
    "django.core.files.storage.FileSystemStorage.size": None,
    "django.core.mail.backends.base.BaseEmailBackend.open": _nothing,
    "django.core.mail.backends.locmem.EmailBackend.send_messages": None,
    "django.core.mail.backends.smtp.EmailBackend.send_messages": _nothing,
    "django.core.mail.message.EmailMessage.send": _nothing,
}
#: Files that these read are their own business: modules, templates, translations, tables of mime types.
_OWN_FILES = ("django/template/", "django/utils/", "django/test/", "django/db/", "django/views/", "importlib")


#: Those that Python's own modules use for their own ends: only a call out of other code counts.
_DIRECTLY = frozenset({"threading.Event.wait", "threading.Thread.join", "concurrent.futures.Future.result"})
#: Calls that have nothing to wait for.
_AT_ONCE: dict[str, Callable[..., bool]] = {
    "concurrent.futures.Future.exception": lambda future, *args, **kwargs: bool(future.done()),
    "concurrent.futures.Future.result": lambda future, *args, **kwargs: bool(future.done()),
    "queue.Queue.get": lambda queue, *args, **kwargs: not queue.empty(),
    "sqlite3.connect": lambda database, *args, **kwargs: database == ":memory:",
}
#: Who is to be told; empty while nobody asks.
_LISTENERS: list[Callable[[FrameType], None]] = []


def watch() -> None:
    """Replace the functions above."""
    for path, instead in _BLOCKING.items():
        owner, name = _owner(path)
        at_once = _AT_ONCE.get(path, _never)
        setattr(owner, name, _watched(getattr(owner, name), instead, path in _DIRECTLY, at_once))


@contextmanager
def waiting(note: Callable[[FrameType], None]) -> Iterator[None]:
    """Call ``note`` with the frame that calls something of the above while a loop runs in its thread."""
    _LISTENERS.append(note)
    try:
        yield
    finally:
        _LISTENERS.remove(note)


def _owner(path: str) -> tuple[Any, str]:
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part)
        return owner, parts[-1]
    raise ImportError(path)


def _never(*args: Any, **kwargs: Any) -> bool:
    return False


def _watched(
    real: Callable[..., Any], instead: Callable[..., Any] | None, directly: bool, at_once: Callable[..., bool]
) -> Callable[..., Any]:
    @wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        if not _LISTENERS or _is_descriptor(real, args) or not _is_asked_for(caller, directly, real.__name__ == "open"):
            return real(*args, **kwargs)
        if _get_running_loop() is not None and not at_once(*args, **kwargs):
            for note in _LISTENERS:
                note(caller)
        return (instead or real)(*args, **kwargs)

    return call


def _is_descriptor(real: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether a call is about an open file: the pipes of a process are made into objects that way."""
    return real.__name__ == "open" and bool(args) and isinstance(args[0], int)


def _is_asked_for(frame: FrameType | None, directly: bool, opens: bool) -> bool:
    """Whether the code that wants something is no part of Python's, and not busy with files of its own."""
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        if "/asyncio/" in path or path.startswith("<frozen"):
            return False
        if "site-packages" in path or not path.startswith(_STDLIB):
            return not opens or not any(part in path for part in _OWN_FILES)
        if directly:
            return False
        frame = frame.f_back
    return False
