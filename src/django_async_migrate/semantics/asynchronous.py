"""Coroutine methods of Django's own objects: sessions, requests, caches, signals, paginators, clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Lazy
from django_async_migrate.values.types import External, ExternalObject, Signal, Value

from .absent import known

if TYPE_CHECKING:
    from .machine import Machine

#: Objects that Django makes at import, by where they stand, and their classes.
_OBJECTS = {
    "django.core.cache.cache": "django.core.cache.backends.base.BaseCache",
    "django.core.cache.caches": "django.core.cache.backends.base.BaseCache",
}
_SESSION = "django.contrib.sessions.backends.base.SessionBase"
_SIGNAL = "django.dispatch.dispatcher.Signal"
_SIGNALS = ("django.db.models.signals.", "django.core.signals.", "django.contrib.auth.signals.")


def is_coroutine_method(m: Machine, value: Value, name: str) -> bool:
    """Whether calling a method of an object that is certainly Django's gives a coroutine in the target release."""
    if not name.startswith("a"):
        return False  # AsyncClient.get() and the like: what they are called on is seldom certain
    holder = _class_of(m, value)
    if holder is None:
        return False
    rows = known()
    row = rows.method(holder, name)
    if row is None and name in (rows.names(holder) or ()):
        row = rows.inherited(name)
    return row is not None and (row.since or (0, 0)) <= m.version


def is_coroutine_path(m: Machine, api: str) -> bool:
    """Whether a dotted name is such a method: ``django.core.cache.cache.aget``."""
    owner, _, name = api.rpartition(".")
    return is_coroutine_method(m, External(owner), name)


def _class_of(m: Machine, value: Value) -> str | None:
    if isinstance(value, Signal):
        return _SIGNAL
    if isinstance(value, ExternalObject):
        return _OBJECTS.get(value.api, value.api) if value.api.startswith("django.") else None
    if isinstance(value, External):
        if value.api.startswith(_SIGNALS):
            return _SIGNAL
        return _OBJECTS.get(value.api)
    return _SESSION if isinstance(m.state(value), Lazy) else None
