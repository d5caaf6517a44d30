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

#: A function, and the class of the object whose method it is; None for plain functions.
Target = tuple[FunctionInfo, "ClassInfo | None"]
#: A receiver, and the classes it wants as senders; None: any sender.
Receiver = tuple[Target, "tuple[ClassInfo, ...] | None"]


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
                        listed = decorator.args[0]
                        signals = listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else [listed]
                        for signal in signals:
                            self._connect(module, None, signal, (scope, None), decorator, table)
        for node in body:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect":
                named = (keyword.value for keyword in node.keywords if keyword.arg == "receiver")
                receiver = node.args[0] if node.args else next(named, None)
                for target in self._targets(module, receiver, scope) if receiver is not None else ():
                    self._connect(module, scope, node.func.value, target, node, table)

    def _targets(self, module: ModuleInfo, given: ast.expr, scope: FunctionInfo | None) -> list[Target]:
        """Return the functions that an expression stands for: a name, ``self.method``, ``an_object.method``."""
        resolve = self._project.resolve
        found: list[Target] = []
        found.extend((entry, None) for entry in resolve(module, given, scope) if isinstance(entry, FunctionInfo))
        if found:
            return found
        name, owner = ("__call__", given) if not isinstance(given, ast.Attribute) else (given.attr, given.value)
        for cls in self._classes(module, owner, scope):
            member = cls.find(name)
            if member is not None and isinstance(member[1], FunctionInfo):
                found.append((member[1], cls if _takes_object(member[1]) else None))
        return found

    def _classes(self, module: ModuleInfo, owner: ast.expr, scope: FunctionInfo | None) -> Iterator[ClassInfo]:
        """Yield the classes that an object may be of: ``self``, ``Listener()``, or a name of a module for that."""
        if isinstance(owner, ast.Name) and scope is not None and scope.cls is not None and scope.params:
            if owner.id == scope.params[0].arg and _takes_object(scope):
                yield scope.cls
                return
        made: list[tuple[ModuleInfo, ast.expr | None, FunctionInfo | None]] = [(module, owner, scope)]
        if not isinstance(owner, ast.Call):
            assigned = (entry for entry in self._project.resolve(module, owner, scope) if isinstance(entry, Assigned))
            made = [(entry.module, entry.value, None) for entry in assigned]
        for where, value, inside in made:
            if isinstance(value, ast.Call):
                for entry in self._project.resolve(where, value.func, inside):
                    if isinstance(entry, ClassInfo):
                        yield entry

    def _connect(
        self,
        module: ModuleInfo,
        scope: FunctionInfo | None,
        signal: ast.expr,
        receiver: Target,
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


def _takes_object(fn: FunctionInfo) -> bool:
    """Whether a function is a plain method."""
    return fn.cls is not None and not fn.decorators


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
