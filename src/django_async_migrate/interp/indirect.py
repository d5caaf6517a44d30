"""Calls of functions under other names: of a variable, an item of a container, what a call gives.

Any of them may run a coroutine function. What they do run is told by the values; the names tell which are worth a look.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned, ModuleInfo
from django_async_migrate.index.registrations import is_empty_container
from django_async_migrate.index.usages import called_name, functions_in
from django_async_migrate.syntax.nodes import nodes_in

from .asyncnames import AsyncNames, lines_of

#: A call of what an item or another call gives.
_OF_A_VALUE = re.compile(r"[\])]\(|(?<![\w.])map\(")
#: A call by a bare name.
_BY_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s*\(")
#: A call of what an object keeps, or of a method of its.
_OF_SELF = re.compile(r"(?<![\w.])self\.([A-Za-z_]\w*)\s*\(")
#: A name that is not called.
_NOT_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\b(?!\s*\()")
#: What code asks, or remembers, where it is given functions of both kinds.
_ASKING = ("iscoroutine", "isawaitable", "is_async", "is_coro")
#: How far a variable is followed to what it is set to.
_DEPTH = 3
#: Calls that give a function they are given, or one that they hold.
_GIVING = frozenset({"partial", "getattr", "get", "pop", "setdefault"})


class Indirect(AsyncNames):
    """Tells which calls may run a coroutine function under another name; part of the engine."""

    @cached_property
    def _has_functions(self) -> bool:
        """Whether the project has coroutine functions at all."""
        functions, methods, _, _ = self._definitions
        return bool(functions or methods)

    def may_call_indirectly(self, fn: FunctionInfo) -> bool:
        """Whether the text of a function holds a call under another name."""
        if not self._has_functions:
            return False
        known = self._calls_indirectly.get(fn)
        if known is None:
            known = self._calls_indirectly[fn] = self._holds_such_call(fn)
        return known

    @cached_property
    def _calls_indirectly(self) -> dict[FunctionInfo, bool]:
        return {}

    def _holds_such_call(self, fn: FunctionInfo) -> bool:
        path = fn.module.path
        if not path.endswith(".py") or self.project.module(path) is not fn.module:
            return False  # the text of a template is no code
        text = "\n".join(lines_of(fn.module, fn.node))
        if any(word in text for word in _ASKING):
            return False  # it knows that there may be two kinds of functions
        if _OF_A_VALUE.search(text):
            return True
        called = set(_BY_NAME.findall(text))
        # A variable of the function is named where it is bound, too: most of what is called is not.
        named = called if fn.parent is not None else called.intersection(_NOT_CALLED.findall(text))
        if any(self._is_variable(fn, name) for name in named):
            return True
        if any(self._is_alias(fn.module, name) for name in called & fn.module.bindings.keys()):
            return True
        return fn.cls is not None and any(self._is_stored(fn, name) for name in set(_OF_SELF.findall(text)))

    def is_indirect(self, fn: FunctionInfo, expr: ast.expr) -> bool:
        """Whether an expression calls what nobody knows by its name, or calls it for each item."""
        if not isinstance(expr, ast.Call) or not self.may_call_indirectly(fn):
            return False
        if _called_for_each(expr):
            return True
        func = expr.func
        if isinstance(func, ast.Name):
            return func.id not in self.coroutine_names and self._is_variable(fn, func.id)
        if isinstance(func, ast.Attribute):
            own = isinstance(func.value, ast.Name) and func.value.id == "self"
            return own and func.attr not in self.coroutine_names and self._is_stored(fn, func.attr)
        return isinstance(func, ast.Subscript) or (isinstance(func, ast.Call) and called_name(func) in _GIVING)

    def seems_async(self, fn: FunctionInfo, expr: ast.expr, lost: bool) -> bool:
        """Whether what such a call runs is, by the names around it, likely to be a coroutine function.

        ``lost``: nothing is done with what it gives, as with what handlers give.
        """
        if not isinstance(expr, ast.Call):
            return False
        each = _called_for_each(expr)
        return any(self._leads(fn, source, lost) for source in _sources(fn, each or [expr.func], _DEPTH))

    def _is_variable(self, fn: FunctionInfo, name: str) -> bool:
        """Whether a name is a variable that may hold a coroutine function."""
        scope: FunctionInfo | None = fn
        while scope is not None:
            if name in scope.local_names:
                return not any(
                    isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name
                    for node in scope.own_nodes
                )
            scope = scope.parent
        return self._is_alias(fn.module, name)

    def _is_alias(self, module: ModuleInfo, name: str) -> bool:
        """Whether a module binds a name to what may be a coroutine function by an assignment."""
        return any(
            isinstance(binding, Assigned) and binding.value is not None and self._names_async(binding.value)
            for binding in module.bindings.get(name, ())
        )

    def _is_stored(self, fn: FunctionInfo, name: str) -> bool:
        """Whether an object keeps something under a name that may be a function: no method has it."""
        member = fn.cls.find(name) if fn.cls is not None else None
        if member is not None:
            return isinstance(member[1], Assigned)
        return fn.cls is not None and any(name in cls.self_stores for cls in fn.cls.mro)

    def _leads(self, fn: FunctionInfo, source: ast.expr, lost: bool) -> bool:
        """Whether an expression names a coroutine function, or a container that modules fill with such."""
        if self._names_async(source):
            return True
        for node in nodes_in(source):
            if isinstance(node, ast.Name):
                for binding in self.project.lookup(fn.module, node.id) if node.id not in fn.local_names else ():
                    value = binding.value if isinstance(binding, Assigned) else None
                    if value is not None and (is_empty_container(value) or self._names_async(value)):
                        return True
            elif lost and isinstance(node, ast.Attribute) and called_name(node.value) == "self":
                return True  # an object holds them
        return False

    def _names_async(self, value: ast.expr) -> bool:
        """Whether an expression names a coroutine function without calling it."""
        called = {id(node.func) for node in nodes_in(value) if isinstance(node, ast.Call)}
        for node in nodes_in(value):
            if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in called:
                if called_name(node) in (self.coroutine_names if isinstance(node, ast.Name) else self._plain_names):
                    return True
            elif isinstance(node, ast.Call) and called_name(node) == "getattr" and len(node.args) > 1:
                name = node.args[1]
                if isinstance(name, ast.Constant) and name.value in self.coroutine_names:
                    return True
        return False


def _called_for_each(expr: ast.Call) -> list[ast.expr]:
    """Return what ``map()`` calls: in ``list(map(send, rows))`` as well."""
    if isinstance(expr.func, ast.Name) and expr.func.id in {"list", "tuple", "set"} and len(expr.args) == 1:
        inner = expr.args[0]
        return _called_for_each(inner) if isinstance(inner, ast.Call) and called_name(inner) == "map" else []
    if isinstance(expr.func, ast.Name) and expr.func.id == "map" and len(expr.args) > 1:
        return [*functions_in(expr.args[0])]
    return []


def _sources(fn: FunctionInfo, values: list[ast.expr], depth: int) -> Iterator[ast.expr]:
    """Yield expressions and what the variables in them are set to, or loop over."""
    yield from values
    names = {node.id for value in values for node in nodes_in(value) if isinstance(node, ast.Name)} & fn.local_names
    if not names or not depth:
        return
    found = [value for name, value in fn.defaults.items() if name in names]
    for node in fn.own_nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_binds(target, names) for target in targets):
                found.append(node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and _binds(node.target, names):
            found.append(node.iter)
    yield from _sources(fn, [value for value in found if value not in values], depth - 1)


def _binds(target: ast.expr, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in nodes_in(target))
