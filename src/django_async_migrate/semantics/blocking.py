"""What keeps the event loop waiting: functions and objects that rows tell about."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.index.modules import Assigned
from django_async_migrate.values.heap import Object, Sequence
from django_async_migrate.values.types import (
    SCALAR,
    CacheAlias,
    Client,
    Const,
    Coroutine,
    External,
    Func,
    Method,
    Ready,
    Signal,
    Submitted,
    Unknown,
    Value,
    alternatives,
)

from . import apis, dispatching, paths

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import Blocking
    from django_async_migrate.index.functions import FunctionInfo

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

QUEUE = "queue.Queue"
#: The kind of such a queue, as a container.
THREAD_QUEUE = "thread queue"
_FUTURE = "concurrent.futures.Future"
_RESULTS = frozenset({"exception", "result"})
#: Code that asks these knows whether a queue holds anything.
_ASK_QUEUE = frozenset({"empty", "qsize"})
#: With these a result is there when it is asked for, or somebody else has waited for it.
_ASK_FUTURE = frozenset({"add_done_callback", "as_completed", "done", "wait", "wrap_future"})


def call(m: Machine, api: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value | None:
    """Call something outside the project by its dotted name; None where no row knows it."""
    row = m.catalog.blocking.get(api)
    if row is None:
        head, _, name = api.rpartition(".")
        owner = m.catalog.blocking.get(head)
        return _used(m, owner, name, args, kwargs, node) if owner is not None and owner.is_class else None
    if row.is_class:
        fits = paths.waits(m, row, paths.MAKING, args, kwargs, node)
        if row.strict and not fits:
            return None
        if row.connects and fits:
            _record(m, row, node)
        if row.owner == QUEUE:
            return m.alloc(node, Sequence(THREAD_QUEUE, None, None))  # what it holds is known
        return Client(row.owner)
    name = api.removeprefix(f"{row.owner}.")
    return _used(m, row, name, args, kwargs, node)


def made(m: Machine, api: str) -> Client | None:
    """Return an object of a class that a row tells about; None for other classes."""
    row = m.catalog.blocking.get(api)
    return Client(row.owner) if row is not None and row.is_class else None


def call_method(
    m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
) -> Value | None:
    """Call a method of an object; None where no row says that it blocks, or what it gives."""
    if name == "__enter__" and not args:
        return m.entered(receiver, node, False)
    path = name
    while isinstance(receiver, Method):  # client.chat.completions.create()
        path = f"{receiver.name}.{path}"
        receiver = receiver.receiver
    if isinstance(receiver, Coroutine) and receiver.mode == "submitted" and path in _RESULTS:
        _waits_for_result(m, args, kwargs, node)
        return None
    if isinstance(receiver, Signal):
        return dispatching.send(m, receiver, path, args, kwargs, node)
    if isinstance(receiver, Func):
        return _task(m, receiver.fn, path, node)
    state = m.state(receiver)
    classes = state.cls.externals if isinstance(state, Object) else ()
    if isinstance(receiver, Client):
        classes = (receiver.api,)
    for api in classes:
        row = m.catalog.blocking.get(api)
        if row is not None and row.is_class:
            return _used(m, row, path, args, kwargs, node, receiver)
    return None


def result(m: Machine, receiver: Ready, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a method of a task, or of what another thread works on."""
    if isinstance(receiver, Submitted) and name in _RESULTS:
        _waits_for_result(m, args, kwargs, node)
    return receiver.value if name == "result" else SCALAR


def taken(m: Machine, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
    """Call a method of a ``queue.Queue``: taking from an empty one waits for another thread."""
    row = m.catalog.blocking.get(QUEUE)
    given = dict(kwargs)
    at_once = Const(False) in (*args[:1], given.get("block")) or Const(0) in (*args[1:2], given.get("timeout"))
    if row is not None and row.blocks(name) and not at_once and not _mentions(m, _ASK_QUEUE):
        _record(m, row, node)


def _waits_for_result(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
    """Wait for the result of a ``concurrent.futures.Future``."""
    row = m.catalog.blocking.get(_FUTURE)
    timeout = args[0] if args else dict(kwargs).get("timeout")
    if row is not None and timeout != Const(0) and not _mentions(m, _ASK_FUTURE):
        _record(m, row, node)


def _mentions(m: Machine, names: frozenset[str]) -> bool:
    """Whether the function that runs uses one of some names: it may know that there is nothing to wait for."""
    nodes = m.fn.own_nodes if m.fn is not None else ()
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names) or (isinstance(node, ast.Name) and node.id in names)
        for node in nodes
    )


def attribute(m: Machine, client: Client, name: str, node: ast.AST) -> Value:
    """Read an attribute of an object that rows tell about."""
    row = m.catalog.blocking.get(client.api)
    if row is not None and name in row.reads:
        _record(m, row, node)
        return SCALAR
    held = row.holds.get(name) if row is not None else None
    if held is None and row is not None and "*" in row.holds and not row.knows(name):
        held = row.holds["*"]  # client.shop.orders
    return Client(held) if held is not None else Method(client, name)


def item(m: Machine, owner: Value, index: Value) -> Client | None:
    """Return what an object gives in square brackets: ``client["shop"]``, ``caches["default"]``."""
    row = m.catalog.blocking.get(owner.api) if isinstance(owner, (Client, External)) else None
    held = row.holds.get("*") if row is not None else None
    if held == apis.CACHE:
        alias = index.value if isinstance(index, Const) and isinstance(index.value, str) else None
        return CacheAlias(held, alias)
    return Client(held) if held is not None else None


def operated(m: Machine, value: Value, name: str, args: Seq[Value], node: ast.AST) -> None:
    """Call a special method of an object that rows tell about: ``"key" in cache``, ``for line in book.file``."""
    row = m.catalog.blocking.get(value.api) if isinstance(value, (Client, External)) else None
    if row is not None and row.is_class and row.blocks(name):
        _used(m, row, name, args, (), node, value)


def late(m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
    """Call what a coroutine method calls on the event loop: the function that ``aget_or_set()`` is given."""
    if name == "aget_or_set" and isinstance(receiver, (Client, External)):
        apis.default_called(m, args, kwargs, node)


def handed_over(m: Machine, func: Value, node: ast.AST) -> None:
    """Give a function to a bridge: one that a property of an object gives may block before the bridge has it.

    Not where the function around it opens the object itself: it is open by then.
    """
    nodes = m.fn.own_nodes if m.fn is not None else ()
    if not isinstance(node, ast.Attribute) or any(
        isinstance(other, ast.Attribute) and other.attr == "open" and ast.dump(other.value) == ast.dump(node.value)
        for other in nodes
    ):
        return
    for part in alternatives(func):
        if isinstance(part, Method) and isinstance(part.receiver, Client):
            row = m.catalog.blocking.get(part.receiver.api)
            if row is not None and part.name in row.opens:
                advice = f"hand over a lambda, which names it in the thread: lambda: ....{part.name}()"
                m.effect(node, "blocking", "", advice, rule=row.rule, about=Terminal(None))


def is_part(value: Value) -> bool:
    """Whether a value is an attribute of an object that rows tell about."""
    while isinstance(value, Method):
        value = value.receiver
    return isinstance(value, Client)


def _task(m: Machine, fn: FunctionInfo, name: str, node: ast.AST) -> Value | None:
    """Call a method of a function that a decorator made a task: ``@shared_task``, ``@app.task``."""
    for decorator in fn.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        api = m.project.external_name(fn.module, target, fn.cls)
        row = m.catalog.blocking.get(api) if api is not None else None
        if row is None and isinstance(target, ast.Attribute):
            row = _made_by(m, fn, target)
        if row is not None and row.is_class and row.knows(name):
            return _used(m, row, name, (), (), node)
    return None


def _made_by(m: Machine, fn: FunctionInfo, target: ast.Attribute) -> Blocking | None:
    """Return the row of what a method of an object of a module gives: ``app.task`` where ``app = Celery()``."""
    for definition in m.project.resolve(fn.module, target.value):
        value = definition.value if isinstance(definition, Assigned) else None
        if isinstance(definition, Assigned) and isinstance(value, ast.Call):
            api = m.project.external_name(definition.module, value.func, None)
            owner = m.catalog.blocking.get(api) if api is not None else None
            given = owner.gives.get(target.attr) if owner is not None else None
            if given is not None:
                return m.catalog.blocking.get(given)
    return None


def _used(
    m: Machine,
    row: Blocking,
    name: str,
    args: Seq[Value],
    kwargs: Kwargs,
    node: ast.AST,
    receiver: Value | None = None,
) -> Value | None:
    given = row.gives.get(name)
    blocks = row.blocks(name) and paths.waits(m, row, name, args, kwargs, node)
    if blocks and not apis.called(m, row, name, args, kwargs, node, receiver):
        _record(m, row, node)
    if given is not None:
        return Client(given)
    if name in row.lists:
        return m.alloc(node, Sequence("list", None, Client(row.lists[name])), "listed")
    return Unknown(f"result of {name}()") if blocks else None


def _record(m: Machine, row: Blocking, node: ast.AST) -> None:
    module, _, name = row.twin.rpartition(".")
    m.effect(node, "blocking", "", row.instead, rule=row.rule, about=Terminal(name or None, module))
