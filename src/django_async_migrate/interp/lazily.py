"""Calls with lazy objects: what a lookup is handed, and the methods of a session that is not loaded yet."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.semantics import asynchronous, blocking, externals
from django_async_migrate.values.heap import Instance, Lazy
from django_async_migrate.values.types import (
    SCALAR,
    Coroutine,
    External,
    ExternalObject,
    Method,
    Ready,
    Signal,
    Unknown,
    Value,
)

from .foreign import SESSION_ASYNC, SESSION_FREE, SESSION_WRITES
from .printing import Printing

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import Bridge

Kwargs = Seq[tuple[str, Value]]


class LazyCalls(Printing):
    """Touches lazy objects as calls do."""

    def _foreign_bridge(self, receiver: Value, name: str) -> Bridge | None:
        """Return the row of a method that moves a call to a thread or a loop."""
        bridge = self.catalog.bridges.get(name)
        if bridge is None and isinstance(receiver, ExternalObject):
            bridge = self.catalog.bridges.get(f"{receiver.api}.{name}")
        return bridge

    def _foreign_coroutine(
        self, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
    ) -> Value | None:
        """Return what a coroutine method of an object of Django's gives; None for another method."""
        if isinstance(receiver, ExternalObject) and externals.is_async(self, f"{receiver.api}.{name}"):
            return Coroutine("method", External(f"{receiver.api}.{name}"), tuple(args), tuple(kwargs))
        if asynchronous.is_coroutine_method(self, receiver, name):
            blocking.late(self, receiver, name, args, kwargs, node)
            return Coroutine("method", Method(receiver, name), tuple(args), tuple(kwargs))
        return Ready(self._loaded_user(node)) if name == "auser" else None

    def _await_foreign(self, method: Method, node: ast.AST) -> Value | None:
        """Await a coroutine method of an object of Django's."""
        if isinstance(self.state(method.receiver), Lazy):
            self.force(method.receiver, node)
            return Unknown("stored elsewhere")
        if not isinstance(method.receiver, (ExternalObject, External, Signal)):
            return None
        return self._loaded_user(node) if method.name == "auser" else Unknown("awaited method")

    def _loaded_user(self, node: ast.AST) -> Value:
        user = self.project.models.user_model()
        return self.alloc(node, Instance(user), "user") if user is not None else Unknown("user")

    def _look_up(self, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> None:
        """Touch what a queryset or manager is handed: a lookup asks for its class."""
        row = self.catalog.queryset_methods.get(name)
        if row is not None and row.kind == "async":
            return  # it builds its query in a thread
        for value in (*args, *(held for _, held in kwargs)):
            if isinstance(self.state(value), Lazy):
                self.force(value, node)

    def _call_lazy(self, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        """Call a method of a session that is not loaded yet."""
        if name in SESSION_FREE:
            return SCALAR
        if name in SESSION_ASYNC:
            return Coroutine("method", Method(receiver, name), tuple(args), tuple(kwargs))
        state = self.state(receiver)
        fresh = isinstance(state, Lazy) and state.value is None
        with self.muted():
            self.force(receiver, node)
        if fresh or name in SESSION_WRITES:
            twin = f"a{name}" if f"a{name}" in SESSION_ASYNC and self.version >= (5, 1) else None
            advice = f"await .{twin}(...)" if twin else "run it through sync_to_async"
            self.effect(node, "framework", "", advice, False, "DAM402", about=Terminal(twin))
        return Unknown("stored elsewhere")


def is_logger(receiver: Value) -> bool:
    """Whether a method is called on a logger."""
    return (
        isinstance(receiver, ExternalObject)
        and receiver.api
        in {
            "logging.getLogger",
            "logging.Logger",
            "structlog.get_logger",
            "celery.utils.log.get_task_logger",
        }
    ) or (isinstance(receiver, External) and receiver.api == "logging")
