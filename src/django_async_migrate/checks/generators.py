"""Asynchronous generator expressions that are given to what iterates synchronously."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan, ListOf
from django_async_migrate.core.findings import Fix
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.usages import awaits_inside

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
    """Give the asynchronous generator expressions that a builtin, ``join()`` or a plain ``for`` goes through."""
    for function in declared(facts).functions:
        if not function.is_async or not any(word in function.module.parsed.text for word in _WORDS):
            continue
        for node in function.own_nodes:
            for given, reader in _read(function, node):
                if isinstance(given, ast.GeneratorExp) and awaits_inside(given):
                    yield _fact(function, given, reader)


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
