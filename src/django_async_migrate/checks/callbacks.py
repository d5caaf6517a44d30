"""Callbacks of ``transaction.on_commit()`` that are coroutine functions: they are called and never awaited."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Fix
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.usages import called_name

from .base import Fact
from .declared import collected, gives_coroutine, named

if TYPE_CHECKING:
    from .base import Facts

_API = "django.db.transaction.on_commit"
_ALIAS = re.compile(rb"\bon_commit[ \t]+as[ \t]+(\w+)")


def async_callbacks(facts: Facts) -> Iterator[Fact]:
    """Give the coroutine functions that sync code registers with ``on_commit()``; a coroutine cannot register any."""
    tree = facts.project.tree
    for path in tree.selected:
        data = tree.data(path) or b""
        if b"on_commit" not in data:
            continue
        module = facts.project.module(path)
        names = {"on_commit", *(name.decode() for name in _ALIAS.findall(data))}
        words = re.compile("|".join(names).encode())
        lines = [number for number, line in enumerate(data.splitlines(), 1) if words.search(line)]
        for function in collected(module).functions if module is not None else ():
            if function.is_async or not _mentions(function.node, lines):
                continue
            for node in function.own_nodes:
                if (
                    isinstance(node, ast.Call)
                    and called_name(node) in names
                    and named(function.module, node, function.parent) == _API
                ):
                    yield from _about(facts, function, node)


def _mentions(node: ast.AST, lines: list[int]) -> bool:
    """Whether any of some lines is one of a node's."""
    start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    position = bisect_left(lines, start)
    return position < len(lines) and lines[position] <= end


def _about(facts: Facts, function: FunctionInfo, node: ast.Call) -> Iterator[Fact]:
    given = node.args[0] if node.args else None
    for keyword in node.keywords:
        given = keyword.value if keyword.arg == "func" else given
    if given is None:
        return
    target: ast.expr = given
    if isinstance(given, ast.Lambda):
        target = given.body.func if isinstance(given.body, ast.Call) else given
    elif isinstance(given, ast.Call) and named(function.module, given, function.parent) == "functools.partial":
        target = given.args[0] if given.args else given
    elif isinstance(given, ast.Call):
        return  # what it returns is the callback
    callback = _function(facts, function, target)
    if callback is not None and gives_coroutine(facts, callback):
        message = f"{callback.name}() is a coroutine function: on_commit() calls it and does not await it"
        fix = Fix("manual", f"async_to_sync({callback.name})")
        yield Fact(function.module.parsed.span(given), message, function.qualname, fix=fix)


def _function(facts: Facts, function: FunctionInfo, node: ast.expr) -> FunctionInfo | None:
    """Return the function of the project that an expression names."""
    if isinstance(node, ast.Name) and node.id in function.local_names:
        inner = [
            part
            for part in function.own_nodes
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and part.name == node.id
        ]
        return function.module.function(inner[0], None, function) if len(inner) == 1 else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(function.cls, ClassInfo):
        if function.params and node.value.id == function.params[0].arg:
            member = function.cls.find(node.attr)
            return member[1] if member is not None and isinstance(member[1], FunctionInfo) else None
    found = facts.project.resolve(function.module, node, function.cls or function.parent)
    return found[0] if len(found) == 1 and isinstance(found[0], FunctionInfo) else None
