"""Which functions the event loop may call: every coroutine function, whatever calls it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.syntax.nodes import nodes_in, statements_in


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A function to analyse on its own, and the class of its ``self`` where that is not the one it stands in."""

    fn: FunctionInfo
    cls: ClassInfo | None = None


def holds_coroutine(node: ast.AST) -> bool:
    """Whether a coroutine function is, or is nested in, a node."""
    return any(isinstance(inner, ast.AsyncFunctionDef) for inner in statements_in([node]))


_BRIDGES = frozenset({"async_to_sync", "run_until_complete"})


def starts_coroutine(node: ast.AST) -> bool:
    """Whether sync code runs a coroutine to its end: what it passes decides what the coroutine is given."""
    for inner in nodes_in(node):
        if isinstance(inner, ast.Call):
            func = inner.func
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in _BRIDGES:
                return True
            if name == "run" and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
                if func.value.id in {"asyncio", "anyio"}:
                    return True
    return False


def entry_points(module: ModuleInfo) -> Iterator[EntryPoint]:
    """Yield the entry points of a module in the order they stand.

    A plain function that holds nested coroutines is one too: analysing it tells what they close over. So is one
    that runs coroutines: it tells what they are given.
    """
    yield from _in_body(module, module.parsed.tree.body, None, None)


def _in_body(
    module: ModuleInfo, body: list[ast.stmt], cls: ClassInfo | None, parent: FunctionInfo | None
) -> Iterator[EntryPoint]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not holds_coroutine(node) and not (module.may_start_coroutines and starts_coroutine(node)):
                continue
            fn = module.function(node, cls, None)
            yield EntryPoint(fn)
            for inner in statements_in([node]):
                if isinstance(inner, ast.ClassDef) and holds_coroutine(inner):
                    yield from _in_class(module, module.class_(inner, fn))
        elif isinstance(node, ast.ClassDef):
            yield from _in_class(module, module.class_(node, cls or parent))
        elif isinstance(node, ast.If):
            for branch in module.live_branches(node):
                yield from _in_body(module, branch, cls, parent)
        else:
            for part in ("body", "orelse", "finalbody"):
                yield from _in_body(module, getattr(node, part, None) or [], cls, parent)
            for handler in module.live_handlers(node):
                yield from _in_body(module, handler.body, cls, parent)


def _in_class(module: ModuleInfo, cls: ClassInfo) -> Iterator[EntryPoint]:
    assert cls.node is not None
    yield from _in_body(module, cls.node.body, cls, None)
    if not cls.members:
        return
    # An inherited coroutine calls the hooks that this class overrides.
    seen = set(cls.members)
    for base in cls.mro[1:]:
        for name, member in base.members.items():
            if name not in seen and isinstance(member, FunctionInfo) and member.is_async:
                yield EntryPoint(member, cls)
            seen.add(name)
