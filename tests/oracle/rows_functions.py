"""Asks Django about the functions and bridges that rows speak of. Runs in the worker's process."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from rows_project import outcome

_MISSING = object()


def resolve(dotted: str) -> Any:
    """Import what a dotted path names; ``_MISSING`` when this installation has no such thing."""
    from django.core.exceptions import ImproperlyConfigured

    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        except ImproperlyConfigured:  # what the GIS packages raise without their libraries
            return _MISSING
        for name in parts[cut:]:
            value = getattr(value, name, _MISSING)
            if value is _MISSING:
                return _MISSING
        return value
    return _MISSING


def paths(dotted: list[str]) -> dict[str, str]:
    """Return "missing", "async" or "sync" for each dotted path."""
    found = {}
    for name in dotted:
        value = resolve(name)
        if value is _MISSING:
            found[name] = "missing"
        else:
            found[name] = "async" if inspect.iscoroutinefunction(value) else "sync"
    return found


def identical(pairs: list[tuple[str, str]]) -> dict[str, bool]:
    """Tell for each alias whether it leads to the very thing its full path names, by alias."""
    return {alias: resolve(alias) is resolve(full) for alias, full in pairs}


def in_new_thread(function: Callable[[], object]) -> object:
    """Call a function on an event loop in a thread of its own; return what it returns, raise what it raises."""

    async def called() -> object:
        return function()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(called())).result()


def functions() -> dict[str, str]:
    """Return what Django's functions do on an event loop."""
    from django.contrib import auth
    from django.contrib.auth import hashers
    from django.contrib.auth.backends import ModelBackend
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sites.models import Site
    from django.contrib.sites.shortcuts import get_current_site
    from django.core.serializers.base import DeserializedObject
    from django.db import close_old_connections, connection, connections, transaction
    from django.db.models import prefetch_related_objects
    from django.http import HttpRequest
    from django.shortcuts import get_list_or_404, get_object_or_404, redirect
    from django.urls import reverse
    from rowapp.models import Book, Shelf

    shelf = Shelf.objects.create()
    book = Book.objects.get(pk=Book.objects.create(shelf=shelf, title="a").pk)
    user = auth.get_user_model().objects.create_user("caller", password="secret")
    stored = Book.objects.filter(pk=book.pk)
    password = hashers.make_password("secret")
    Site.objects.clear_cache()

    def request(logged_in: bool = True) -> HttpRequest:
        from django.contrib.sessions.backends.db import SessionStore

        made = HttpRequest()
        made.session = SessionStore()
        if logged_in:
            made.session._session_cache = {}
            auth.login(made, user, backend="django.contrib.auth.backends.ModelBackend")
        made.user = user
        return made

    before = {"login": request(False), "logout": request(), "user": request()}

    def fresh() -> Any:
        from django.contrib.auth.middleware import AuthenticationMiddleware
        from django.contrib.sessions.backends.db import SessionStore

        made = HttpRequest()
        made.session = SessionStore("unknown-session")
        AuthenticationMiddleware(lambda request: None).process_request(made)
        return made

    def enter_atomic() -> None:
        with transaction.atomic():
            pass

    calls: dict[str, Callable[[], object]] = {
        "django.shortcuts.get_object_or_404": lambda: get_object_or_404(Book, pk=1),
        "django.shortcuts.get_list_or_404": lambda: get_list_or_404(Book),
        "django.shortcuts.redirect": lambda: redirect("/"),
        "django.urls.reverse": lambda: reverse("nothing"),
        "django.db.models.prefetch_related_objects": lambda: prefetch_related_objects([book], "shelf"),
        "django.contrib.auth.authenticate": lambda: auth.authenticate(username="caller", password="secret"),
        "django.contrib.auth.login": lambda: auth.login(
            before["login"], user, backend="django.contrib.auth.backends.ModelBackend"
        ),
        "django.contrib.auth.logout": lambda: auth.logout(before["logout"]),
        "django.contrib.auth.get_user": lambda: auth.get_user(before["user"]),
        "django.contrib.auth.get_user_model": auth.get_user_model,
        "django.contrib.auth.update_session_auth_hash": lambda: auth.update_session_auth_hash(before["user"], user),
        "django.contrib.auth.hashers.check_password": lambda: hashers.check_password("secret", password),
        "django.contrib.auth.hashers.make_password": lambda: hashers.make_password("secret"),
        "django.contrib.sites.shortcuts.get_current_site": lambda: get_current_site(before["user"]),
        "django.apps.apps.get_model": lambda: resolve("django.apps.apps").get_model("rowapp", "Book"),
        "django.db.models.query.RawQuerySet": lambda: Book.objects.raw("select 1"),
        "django.db.transaction.on_commit": lambda: transaction.on_commit(lambda: None),
        "django.db.transaction.atomic": enter_atomic,
        "django.db.transaction.savepoint": transaction.savepoint,
        "django.db.transaction.savepoint_commit": lambda: transaction.savepoint_commit("x"),
        "django.db.transaction.savepoint_rollback": lambda: transaction.savepoint_rollback("x"),
        "django.db.transaction.commit": transaction.commit,
        "django.db.transaction.rollback": transaction.rollback,
        "django.db.transaction.set_autocommit": lambda: transaction.set_autocommit(True),
        "django.db.close_old_connections": close_old_connections,
        # The thread of an event loop has opened no connection: that is what makes it idle there.
        "django.db.connections.close_all": lambda: in_new_thread(connections.close_all),
        "django.db.connection.close_if_unusable_or_obsolete": lambda: in_new_thread(
            lambda: connection.close_if_unusable_or_obsolete()
        ),
        "django.contrib.auth.signals.user_logged_in.send": lambda: auth.signals.user_logged_in.send(
            type(user), user=user
        ),
        "django.contrib.auth.user_logged_in.send": lambda: auth.user_logged_in.send(type(user), user=user),
        "django.db.connection.cursor": connection.cursor,
        "django.db.connection.savepoint": connection.savepoint,
        "django.db.connection.savepoint_commit": lambda: connection.savepoint_commit("x"),
        "django.db.connection.savepoint_rollback": lambda: connection.savepoint_rollback("x"),
        "django.db.connection.set_autocommit": lambda: connection.set_autocommit(True),
        "django.db.connection.commit": connection.commit,
        "django.db.connection.rollback": connection.rollback,
        "django.db.connection.ensure_connection": connection.ensure_connection,
        "django.db.connection.close": connection.close,
        "django.db.connection.check_constraints": connection.check_constraints,
        "django.db.connection.introspection.sequence_list": connection.introspection.sequence_list,
        "django.db.connection.introspection.table_names": connection.introspection.table_names,
        "django.db.connection.schema_editor": lambda: connection.schema_editor().__enter__(),
        **{
            f"django.db.connection.{name}": functools.partial(getattr, connection, name)
            for name in ("in_atomic_block", "needs_rollback", "savepoint_ids", "queries", "queries_log", "connection")
        },
        "django.db.transaction.get_connection": transaction.get_connection,
        "django.contrib.auth.middleware.get_user": lambda: bool(fresh().user),
        "django.contrib.sessions.backends.base.SessionBase.get": lambda: fresh().session.get("x"),
        "django.contrib.sessions.backends.db.SessionStore.create": lambda: SessionStore().create(),
        "django.contrib.sessions.backends.db.SessionStore.cycle_key": lambda: SessionStore().cycle_key(),
        "django.contrib.sessions.backends.db.SessionStore.exists": lambda: SessionStore().exists("x"),
        "django.contrib.sessions.backends.db.SessionStore.save": lambda: SessionStore().save(),
        "django.contrib.auth.backends.ModelBackend.authenticate": lambda: ModelBackend().authenticate(
            None, "caller", "x"
        ),
        "django.core.serializers.base.DeserializedObject.save": lambda: DeserializedObject(book).save(),
        "django.contrib.auth.backends.ModelBackend.get_user": lambda: ModelBackend().get_user(user.pk),
    }
    for name in ("get_all_permissions", "get_group_permissions", "get_user_permissions"):
        method = partial(getattr(ModelBackend(), name), auth.get_user_model().objects.get(pk=user.pk))
        calls[f"django.contrib.auth.backends.ModelBackend.{name}"] = method
    for name in ("has_module_perms", "has_perm"):
        method = partial(getattr(ModelBackend(), name), auth.get_user_model().objects.get(pk=user.pk), "rowapp")
        calls[f"django.contrib.auth.backends.ModelBackend.{name}"] = method
    assert stored is not None
    return {name: outcome(call) for name, call in calls.items()}
