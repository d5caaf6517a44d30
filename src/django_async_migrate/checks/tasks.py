"""Background tasks: coroutine functions that no worker runs, and tasks that are sent from a coroutine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.catalog.decorators import Decorator, decorators
from django_async_migrate.core.edits import Await, FixPlan, Rename
from django_async_migrate.core.findings import Fix
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned

from .base import Fact
from .declared import declared, named
from .fresh_loops import fresh_loops, functions_that_start_loops
from .place import Source, place_of

if TYPE_CHECKING:
    from django_async_migrate.index.classes import ClassInfo
    from django_async_migrate.index.modules import ModuleInfo

    from .base import Facts


def unrun_bodies(facts: Facts) -> Iterator[Fact]:
    """Give the coroutine functions that a task decorator takes for functions, and loops that plain ones start."""
    plain = functions_that_start_loops(facts)
    for function in dict.fromkeys([*declared(facts).functions, *plain]):
        if not function.decorators:
            continue
        node = function.decorators[-1]  # the next to the function: what stands above is given what it makes
        row = _row(function.module, node, function.cls or function.parent)
        if row is None or row.rule != "DAM809" or row.async_since is not None:
            continue
        if not function.is_async:
            yield from fresh_loops(facts, function)
            continue
        if row.known_by and facts.project.tree.containing(*(name.encode() for name in row.known_by)):
            continue
        message = f"{function.name}() is a coroutine function: the worker makes a coroutine of it and never runs that"
        fix = Fix("manual", "make the task sync, and call async_to_sync(...) in it")
        yield Fact(function.module.parsed.span(node), message, function.qualname, fix=fix)


def sync_sending(facts: Facts) -> Iterator[Fact]:
    """Give the places in coroutines that hand a task over by a sync method that has an async form."""
    for function in declared(facts).functions:
        if not function.is_async:
            continue
        for node in function.own_nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            row = _task_of(function, node.func.value)
            if row is None or node.func.attr not in row.twins:
                continue
            parsed = function.module.parsed
            name, twin = node.func.attr, f"a{node.func.attr}"
            message = f"{name}() runs the task, or asks its backend, on the event loop"
            place = place_of(Source(parsed), node)
            plans: tuple[FixPlan, ...] = ()
            if not place.reason and not place.generators:
                edits = (Rename(parsed.span(node.func), twin), Await(parsed.span(node)))
                plans = (FixPlan("safe", f"await {ast.unparse(node.func.value)}.{twin}(...)", edits),)
            fix = Fix(plans[0].applicability, plans[0].title) if plans else Fix("manual", f"await .{twin}(...)")
            yield Fact(parsed.span(node), message, function.qualname, fix=fix, plans=plans)


def _task_of(function: FunctionInfo, node: ast.expr) -> Decorator | None:
    """Return the row of the decorator that made the task an expression names."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "using":
        node = node.func.value
    if isinstance(node, ast.Name) and node.id in function.local_names:
        return None
    found = function.module.project.resolve(function.module, node, function.cls or function.parent)
    if len(found) != 1 or not isinstance(found[0], FunctionInfo) or not found[0].decorators:
        return None
    task = found[0]
    row = _row(task.module, task.decorators[0], task.cls)
    return row if row is not None and row.rule == "DAM808" else None


def _row(module: ModuleInfo, node: ast.expr, scope: FunctionInfo | ClassInfo | None) -> Decorator | None:
    """Return the row of a decorator; ``app.task`` is that of the class of ``app``."""
    name = named(module, node, scope)
    if name is not None:
        return decorators().get(name)
    target = node.func if isinstance(node, ast.Call) else node
    if not isinstance(target, ast.Attribute):
        return None
    for found in module.project.resolve(module, target.value, scope):
        if isinstance(found, Assigned) and isinstance(found.value, ast.Call):
            owner = named(found.module, found.value, None)
            return decorators().get(f"{owner}.{target.attr}") if owner else None
    return None
