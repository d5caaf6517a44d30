"""What is asked for once in a process: content types, the current site, flags."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Instance
from django_async_migrate.values.types import Const, ModelClass, Value

if TYPE_CHECKING:
    from .machine import Machine

#: What is asked for once for each request.
_OF_REQUESTS = frozenset(
    {"django.contrib.auth.middleware.get_user", "django.contrib.sessions.backends.base.SessionBase.get"}
)
Kwargs = Seq[tuple[str, Value]]


def warm(m: Machine, owner: str, args: Seq[Value], kwargs: Kwargs) -> bool:
    """Whether a cache holds what is asked for, since it was asked for before; from now on it does."""
    if owner in _OF_REQUESTS:
        return False
    about = [_told(m, value) for value in (*args, *(value for _, value in kwargs))] or [""]
    found = all(m.remembers(f"{owner} {what}") for what in about)
    for what in about:
        m.remember(f"{owner} {what}")
    return found


def _told(m: Machine, value: Value) -> str:
    """Return what tells apart what is asked for: a model, a constant; all else is believed to be the same."""
    if isinstance(value, ModelClass):
        return value.model.key
    if isinstance(value, Const):
        return repr(value.value)
    state = m.state(value)
    return state.model.key if isinstance(state, Instance) else ""
