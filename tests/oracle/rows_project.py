"""A Django project in this process, for asking Django what the catalogue's rows say. Needs Django alone."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.flatpages",
    "django.contrib.redirects",
    "rowapp",
)


def start(folder: Path) -> None:
    """Set Django up with a database in ``folder``."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="rows",
        SITE_ID=1,
        ROOT_URLCONF="rowapp",
        INSTALLED_APPS=list(APPS),
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "rows.sqlite3")}},
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)


def outcome(call: Callable[[], object]) -> str:
    """Run ``call`` while an event loop runs in this thread.

    The answer is "raises" when Django's async-safety check stopped it, "free" when it returned, else the
    name of the exception, which then was raised without reaching the database.
    """
    from django.core.exceptions import SynchronousOnlyOperation

    async def on_loop() -> str:
        try:
            result = call()
        except SynchronousOnlyOperation:
            return "raises"
        except Exception as error:
            return type(error).__name__
        if inspect.iscoroutine(result):
            result.close()
            return "coroutine"
        return "free"

    return asyncio.run(on_loop())


def names(cls: type[Any]) -> dict[str, str]:
    """Map the public callables of a class to "async", "async-iterator" or "sync"."""
    found = {}
    for name in dir(cls):
        if name.startswith("_"):
            continue
        try:
            value = getattr(cls, name)
        except AttributeError:  # a manager on an abstract model
            continue
        if callable(value):
            value = inspect.unwrap(value)
            if inspect.isasyncgenfunction(value):
                found[name] = "async-iterator"
            else:
                found[name] = "async" if inspect.iscoroutinefunction(value) else "sync"
    return found
