"""Asynchronous generators that are given to what iterates synchronously."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan, ListOf
from django_async_migrate.core.findings import Fix
from django_async_migrate.index.functions import FunctionInfo

from .base import Fact
from .declared import declared
from .place import Source, place_of

if TYPE_CHECKING:
    from .base import Facts

#: Builtins that go through their first argument; through each of them; through all but the first.
_FIRST = frozenset(
    {"all", "any", "dict", "enumerate", "frozenset", "iter", "list", "max", "min", "set", "sorted", "sum", "tuple"}
)
_EACH = frozenset({"zip"})
_REST = frozenset({"filter", "map"})
_WORDS = ("async for", "await ")


def async_generators(facts: Facts) -> Iterator[Fact]:
    """Give the asynchronous generators that a builtin, ``join()`` or a plain ``for`` goes through."""
    for function in declared(facts).functions:
        if not function.is_async or not any(word in function.module.parsed.text for word in _WORDS):
            continue
        for node in function.own_nodes:
            for given, reader in _read(function, node):
                if isinstance(given, ast.GeneratorExp) and _is_async(given):
                    yield _fact(function, given, reader)
                elif isinstance(given, ast.Call) and _makes_generator(function, given):
                    span = function.module.parsed.span(given)
                    text = f"{ast.unparse(given.func)}() is an asynchronous generator: {reader} cannot iterate over it"
                    yield Fact(span, text, function.qualname, fix=Fix("manual", "[... async for ...]"))


def _read(function: FunctionInfo, node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield what a node goes through synchronously, and what that is called."""
    if isinstance(node, ast.For):
        yield node.iter, "for"
    elif isinstance(node, ast.comprehension):
        if not node.is_async:
            yield node.iter, "for"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "join" and isinstance(node.func.value, ast.Constant) and len(node.args) == 1:
            yield node.args[0], "join()"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        name = node.func.id
        if name in _EACH:
            given = node.args
        elif name in _REST:
            given = node.args[1:]
        elif name in _FIRST and (name not in {"max", "min"} or len(node.args) == 1):
            given = node.args[:1]
        else:
            return
        if name in function.local_names or function.module.project.lookup(function.module, name):
            return
        yield from ((value, f"{name}()") for value in given)


def _is_async(node: ast.GeneratorExp) -> bool:
    """Whether a generator expression awaits: all but its first iterable is its own."""
    if any(part.is_async for part in node.generators):
        return True
    todo: list[ast.AST] = [node.elt, *(test for part in node.generators for test in part.ifs)]
    todo += [part.iter for part in node.generators[1:]]
    while todo:
        current = todo.pop()
        if isinstance(current, ast.Await):
            return True
        if not isinstance(current, (ast.Lambda, ast.GeneratorExp)):
            todo += ast.iter_child_nodes(current)
    return False


def _makes_generator(function: FunctionInfo, node: ast.Call) -> bool:
    """Whether a call is one of an asynchronous generator function of the project."""
    if not isinstance(node.func, ast.Name) or node.func.id in function.local_names:
        return False
    found = function.module.project.resolve(function.module, node.func, function.cls or function.parent)
    made = found[0] if len(found) == 1 else None
    return isinstance(made, FunctionInfo) and made.is_async and made.is_generator and not made.decorators


def _fact(function: FunctionInfo, node: ast.GeneratorExp, reader: str) -> Fact:
    parsed = function.module.parsed
    text = f"a generator expression that awaits is asynchronous: {reader} cannot iterate over it"
    place = place_of(Source(parsed), node.elt)
    plans: tuple[FixPlan, ...] = ()
    if not place.reason and place.generators == (node,):
        # any() and all() stop early with a generator; what is awaited for the rest is awaited then, too.
        safe = place.exact or not any(isinstance(part, ast.Await) for part in ast.walk(node))
        plans = (FixPlan("safe" if safe else "unsafe", "a list: [...]", (ListOf(parsed.span(node.elt)),)),)
    fix = Fix(plans[0].applicability, plans[0].title) if plans else Fix("manual", "a list: [...]")
    return Fact(parsed.span(node), text, function.qualname, fix=fix, plans=plans)
