"""Objects that libraries ship with methods of their own: stock managers and queues."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import EffectKind, Terminal
from django_async_migrate.values.heap import Instance, Sequence
from django_async_migrate.values.types import (
    NONE,
    SCALAR,
    Coroutine,
    Manager,
    Method,
    Never,
    Ready,
    Ref,
    Unknown,
    Value,
)

from . import blocking, containers, querysets
from .warmth import warm

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import StockMember

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]


def manager_member(m: Machine, api: str | None, name: str, depth: int = 0) -> StockMember | None:
    """Return the row of a method that a stock manager class adds."""
    row = m.catalog.managers.get(api) if api is not None else None
    if row is None or depth > 5:
        return None
    for member in row.members:
        if member.name == name:
            return member
    for base in row.bases:
        found = manager_member(m, base, name, depth + 1)
        if found is not None:
            return found
    return None


def manager_call(
    m: Machine, manager: Manager, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
) -> Value | None:
    """Call a method of a stock manager class (``User.objects.create_user``); None when it adds none."""
    apis = (manager.api,) if manager.cls is None else manager.cls.externals
    member = next((found for api in apis if (found := manager_member(m, api, name)) is not None), None)
    if member is None:
        return None
    if member.is_async:
        return Coroutine("method", Method(manager, name), tuple(args), tuple(kwargs))
    if member.effect == "query" and not (member.free_when_cached and _is_warm(m, manager, args, kwargs)):
        twin = member.twin if member.twin and (member.twin_since or (0, 0)) <= m.version else None
        advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
        kind: EffectKind = "framework" if member.rule else "orm-call"
        certain = manager.certain and not member.free_when_cached  # asked for once in a process: perhaps before
        m.effect(node, kind, "", advice, certain, member.rule, about=Terminal(twin))
    return returned(m, manager, member, kwargs, node)


def _is_warm(m: Machine, manager: Manager, args: Seq[Value], kwargs: Kwargs) -> bool:
    return manager.model is not None and warm(m, manager.model.key, args, kwargs)


def returned(m: Machine, manager: Manager, member: StockMember, kwargs: Kwargs, node: ast.AST) -> Value:
    """Return what a stock manager's method gives."""
    if manager.model is None:
        return Unknown("row of an unknown model")
    if member.returns == "queryset":
        return querysets.of_manager(m, manager, node)
    if member.name.removeprefix("a").startswith("create"):
        return querysets.made(m, manager.model, kwargs, node, saved=True)
    if member.returns == "instance":
        return m.alloc(node, Instance(manager.model), "row")
    return SCALAR if member.returns in {"none", "str", "int", "bool"} else Unknown("stock manager method")


def context_variable_call(m: Machine, ref: Ref, state: Sequence, name: str, args: Seq[Value]) -> Value:
    """Call a method of a ``contextvars.ContextVar``: what was set on this path is what ``get()`` gives."""
    if name == "set" and args:
        m.put(ref, Sequence(state.kind, (args[0],)))
    elif name == "reset":
        m.put(ref, Sequence(state.kind, None, Unknown("earlier value of a context variable")))
    elif name == "get":
        return state.items[0] if state.items else Unknown("context variable set elsewhere")
    return SCALAR


def queue_call(
    m: Machine, ref: Value, state: Sequence, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
) -> Value:
    """Call a method of an ``asyncio.Queue`` or ``queue.Queue``."""
    if state.kind == blocking.THREAD_QUEUE:
        blocking.taken(m, name, args, kwargs, node)
    if name in {"put", "put_nowait"} and args:
        containers.add(m, ref, args[0])
        return Ready(NONE) if name == "put" else NONE
    if name in {"get", "get_nowait"}:
        element = containers.elements(m, state)
        found = Unknown("item of a queue") if isinstance(element, Never) else element
        return Ready(containers.copy_element(m, found, node)) if name == "get" else found
    return Ready(NONE) if name == "join" else SCALAR
