"""Receivers of the project's own signals."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned
from .survey import is_test

if TYPE_CHECKING:
    from .modules import ModuleInfo
    from .project import Project

_DECORATORS = frozenset({"django.dispatch.receiver", "django.dispatch.dispatcher.receiver"})
#: The class of signals.
SIGNALS = frozenset({"django.dispatch.Signal", "django.dispatch.dispatcher.Signal"})

#: A receiver, and the classes it wants as senders; None: any sender.
Receiver = tuple[FunctionInfo, "tuple[ClassInfo, ...] | None"]


class Receivers:
    """Finds the functions that are connected to a signal."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def of(self, signal: Assigned) -> tuple[Receiver, ...]:
        """Return the receivers of a signal that a module of the project makes."""
        return tuple(self._table.get(signal, ()))

    @cached_property
    def _table(self) -> dict[Assigned, list[Receiver]]:
        table: dict[Assigned, list[Receiver]] = {}
        tree = self._project.tree
        for path in tree.containing(b"receiver(", b".connect("):
            module = self._project.module(path) if not is_test(path) else None
            for scope in _scopes(module) if module is not None else ():
                self._read(module, scope, table)
        return table

    def _read(
        self, module: ModuleInfo | None, scope: FunctionInfo | None, table: dict[Assigned, list[Receiver]]
    ) -> None:
        assert module is not None
        body = scope.own_nodes if scope is not None else _outside(module)
        if scope is not None:
            for decorator in scope.decorators:
                if isinstance(decorator, ast.Call) and decorator.args:
                    if self._project.external_name(module, decorator.func, scope.cls) in _DECORATORS:
                        given = decorator.args[0]
                        signals = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
                        for signal in signals:
                            self._connect(module, None, signal, scope, decorator, table)
        for node in body:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect":
                target = node.args[0] if node.args else None
                for definition in self._project.resolve(module, target, scope) if target is not None else ():
                    if isinstance(definition, FunctionInfo):
                        self._connect(module, scope, node.func.value, definition, node, table)

    def _connect(
        self,
        module: ModuleInfo,
        scope: FunctionInfo | None,
        signal: ast.expr,
        receiver: FunctionInfo,
        call: ast.Call,
        table: dict[Assigned, list[Receiver]],
    ) -> None:
        sender = next((keyword.value for keyword in call.keywords if keyword.arg == "sender"), None)
        wanted: tuple[ClassInfo, ...] | None = None
        if sender is not None:
            found = self._project.resolve(module, sender, scope)
            wanted = tuple(definition for definition in found if isinstance(definition, ClassInfo))
        for definition in self._project.resolve(module, signal, scope):
            if isinstance(definition, Assigned):
                table.setdefault(definition, []).append((receiver, wanted))


def _scopes(module: ModuleInfo) -> Iterator[FunctionInfo | None]:
    """Yield the module itself, as None, its functions and the methods of its classes."""
    yield None
    for node in module.parsed.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield module.function(node)
        elif isinstance(node, ast.ClassDef):
            cls = module.class_(node)
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield module.function(inner, cls)


def _outside(module: ModuleInfo) -> Iterator[ast.AST]:
    """Yield the calls that stand at the top level of a module."""
    for node in module.parsed.tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node.value
