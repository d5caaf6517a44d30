"""Code of the project that Django calls: receivers of signals, management commands."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.values.heap import Object
from django_async_migrate.values.types import Class, Const, Func, ModelClass, Signal, Unknown, Value

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

CALL_COMMAND = "django.core.management.call_command"
_COMMANDS = "django.core.management.commands"


def send(m: Machine, signal: Signal, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a method of a signal: ``send()`` calls the receivers at once."""
    if name not in {"send", "send_robust"}:
        return Unknown("method of a signal")
    twin = f"a{name}" if m.version >= (5, 0) else None
    advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
    sender = args[0] if args else dict(kwargs).get("sender")
    given = [("sender", sender or Unknown("sender")), *((key, value) for key, value in kwargs if key != "sender")]
    given.append(("signal", signal))
    for (fn, cls), wanted in m.project.receivers.of(signal.definition):
        if wanted is not None and not _is_one_of(sender, wanted):
            continue
        if fn.is_async:
            m.effect(node, "dispatch", "", advice, rule="DAM411", about=Terminal(twin))
        else:
            receiver = m.alloc(node, Object(cls), ("receiver", fn)) if cls is not None else None
            m.dispatched(Func(fn, receiver), (), given, node, "DAM411", advice)
    return Unknown("responses of receivers")


def _is_one_of(sender: Value | None, wanted: tuple[ClassInfo, ...]) -> bool:
    """Whether a sender is certainly one of the classes a receiver wants."""
    cls = sender.cls if isinstance(sender, Class) else sender.model.cls if isinstance(sender, ModelClass) else None
    return cls is not None and cls in wanted


def call_command(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Run a management command: one of the project's own, or one of Django's that a row tells about."""
    given = m.state(args[0]) if args else None
    if isinstance(given, Object):  # call_command(Command())
        return _handled(m, args[0], args[1:], kwargs, node)
    name = args[0].value if args and isinstance(args[0], Const) else None
    if not isinstance(name, str) or not name.isidentifier():
        return Unknown("command")
    cls = _command(m, name)
    if cls is None:
        row = m.catalog.blocking.get(f"{_COMMANDS}.{name}")
        if row is not None:
            m.effect(node, "framework", "", row.instead, rule=row.rule, about=Terminal(None))
        return Unknown("output of a command")
    command = m.alloc(node, Object(cls, {}, whole=True), ("command", cls))
    return _handled(m, command, args[1:], kwargs, node)


def _handled(m: Machine, command: Value, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    handle = m.attribute(command, "handle", node)
    if isinstance(handle, Func) and not handle.fn.is_async:
        options = [*kwargs, ("**", Unknown("options"))]
        m.dispatched(handle, args, options, node, "DAM414", "run it through sync_to_async")
    return Unknown("output of a command")


def _command(m: Machine, name: str) -> ClassInfo | None:
    ending = f"management/commands/{name}.py"
    for path in m.project.tree.paths:
        if path.endswith(ending):
            module = m.project.module(path)
            for definition in m.project.lookup(module, "Command") if module is not None else ():
                if isinstance(definition, ClassInfo):
                    return definition
    return None
