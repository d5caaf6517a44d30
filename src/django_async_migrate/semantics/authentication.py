"""What the functions of ``django.contrib.auth`` do with the user of a request."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.core.record import replace
from django_async_migrate.values.heap import FOREIGN_SELF, Lazy, Object, Slot
from django_async_migrate.values.types import Coroutine, External, Ref, Unknown, Value

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_SIGNED_IN = frozenset({"django.contrib.auth.login", "django.contrib.auth.alogin"})
_SIGNED_OUT = frozenset({"django.contrib.auth.logout", "django.contrib.auth.alogout"})
_COMPARES = frozenset({"django.contrib.auth.update_session_auth_hash"})


def settle(m: Machine, api: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
    """Put into a request the user that a function leaves there: the one who signed in, or nobody."""
    if api not in _SIGNED_IN and api not in _SIGNED_OUT and api not in _COMPARES:
        return
    given = dict(kwargs)
    request = args[0] if args else given.get("request")
    held = m.state(request) if request is not None else None
    if not isinstance(request, Ref) or not isinstance(held, Object) or FOREIGN_SELF not in held.attrs:
        return
    if api in _COMPARES:
        if "user" in held.attrs:
            with m.muted():
                m.force(held.attrs["user"].value, node)
        return
    user: Value = Unknown("nobody is signed in")
    if api in _SIGNED_IN:
        user = args[1] if len(args) > 1 else given.get("user", Unknown("user who signed in"))
    attrs = {**held.attrs, "user": Slot(user)}
    session = held.attrs.get("session")
    lazy = m.state(session.value) if session is not None else None
    if session is not None and isinstance(lazy, Lazy) and isinstance(session.value, Ref) and lazy.value is None:
        m.put(session.value, Lazy(lazy.func, Unknown("session that is loaded")))
    m.put(request, replace(held, attrs=attrs))


def before(m: Machine, value: Value, node: ast.AST) -> None:
    """Record what a coroutine function of Django's does on the event loop when it is awaited: load the user."""
    if not isinstance(value, Coroutine) or not isinstance(value.func, External):
        return
    row = m.catalog.functions.get(value.func.api)
    if row is None or row.loads_user_since is None or m.version < row.loads_user_since:
        return
    if row.loads_user_until is not None and m.version > row.loads_user_until:
        return
    request = value.args[0] if value.args else dict(value.kwargs).get("request")
    held = m.state(request) if request is not None else None
    slot = held.attrs.get("user") if isinstance(held, Object) and FOREIGN_SELF in held.attrs else None
    lazy = m.state(slot.value) if slot is not None else None
    if slot is None or not isinstance(lazy, Lazy) or lazy.value is not None:
        return
    with m.muted():
        m.force(slot.value, node)
    place = node.value if isinstance(node, ast.Await) else node
    advice = "set request.user = await request.auser() before"
    m.effect(place, "framework", "", advice, False, row.rule, about=Terminal(None))
