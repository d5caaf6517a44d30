"""Sync code that runs queries on an event loop of its own, and so on another connection than it has itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Fix, Step
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.syntax.nodes import nodes_in

from .base import Fact
from .declared import collected, named

if TYPE_CHECKING:
    from django_async_migrate.core.findings import Severity

    from .base import Facts

#: What starts an event loop; what it is given is a coroutine.
_STARTERS = frozenset({"asyncio.run", "uvloop.run"})
_TEXTS = (b"asyncio.run(", b"uvloop.run(", b"import run", b".run_until_complete(")
_ATOMIC = "django.db.transaction.atomic"
#: Calls that are followed to find a query.
_DEPTH = 5


def functions_that_start_loops(facts: Facts) -> tuple[FunctionInfo, ...]:
    """Return the sync functions of the selected files whose text may start an event loop; worked out once."""
    known = facts.shared.get("starters")
    if known is None:
        found: list[FunctionInfo] = []
        for path in facts.project.tree.containing(*_TEXTS):
            module = facts.project.module(path) if path in facts.selected else None
            found += collected(module).functions if module is not None else ()
        known = facts.shared["starters"] = tuple(function for function in found if not function.is_async)
    return known


def fresh_loops(facts: Facts, task: FunctionInfo) -> Iterator[Fact]:
    """Give the places in a sync task that run a coroutine which queries on an event loop of its own."""
    inside = _atomic_nodes(task)
    for node, made, step in _started(facts, task):
        if inside is not None and node not in inside:
            text = f"{_short(node)} runs its queries on another connection than that of the task"
            yield _fact(task, node, made, text, step, "warning")


def loops_in_transactions(facts: Facts) -> Iterator[Fact]:
    """Give the places where sync code runs a coroutine which queries on a loop of its own, inside a transaction."""
    for function in functions_that_start_loops(facts):
        inside = _atomic_nodes(function)
        for node, made, step in _started(facts, function):
            if inside is None or node in inside:
                text = f"{_short(node)} runs its queries outside the transaction around it, on another connection"
                yield _fact(function, node, made, text, step, "error")


def _fact(function: FunctionInfo, node: ast.Call, made: ast.Call, text: str, step: Step, severity: Severity) -> Fact:
    fix = Fix("manual", f"async_to_sync({ast.unparse(made.func)})(...)")
    return Fact(function.module.parsed.span(node), text, function.qualname, (step,), fix=fix, severity=severity)


def _started(facts: Facts, function: FunctionInfo) -> Iterator[tuple[ast.Call, ast.Call, Step]]:
    """Yield the calls that run a coroutine on a new loop, the coroutine's call, and the first query it leads to."""
    scope = function.cls or function.parent
    for node in function.own_nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        runs = isinstance(node.func, ast.Attribute) and node.func.attr == "run_until_complete"
        if not runs and named(function.module, node, scope) not in _STARTERS:
            continue
        made = node.args[0]
        query = _query(facts, function, made, _DEPTH)
        if query is not None and isinstance(made, ast.Call):
            where, call = query
            found = where.module.parsed.span(call)
            yield node, made, Step(found.path, found.line, found.column, f"{_short(call)} queries here")


def _atomic_nodes(function: FunctionInfo) -> frozenset[ast.AST] | None:
    """Return the nodes of a function inside of ``with transaction.atomic()``; None where that is all of them."""
    scope = function.cls or function.parent
    module = function.module
    if any(named(module, node, scope) == _ATOMIC for node in function.decorators):
        return None
    found: set[ast.AST] = set()
    for node in function.own_nodes:
        if isinstance(node, ast.With) and any(
            named(module, item.context_expr, scope) == _ATOMIC for item in node.items
        ):
            found.update(inner for statement in node.body for inner in nodes_in(statement))
    return frozenset(found)


def _query(facts: Facts, function: FunctionInfo, node: ast.expr, depth: int) -> tuple[FunctionInfo, ast.Call] | None:
    """Return the first async query that an awaited expression leads to, with the function it stands in."""
    if not isinstance(node, ast.Call):
        return None
    if _is_query(facts, function, node):
        return function, node
    callee = _callee(facts, function, node)
    if callee is None or depth == 0:
        return None
    awaits = [part for part in callee.own_nodes if isinstance(part, ast.Await)]
    for part in sorted(awaits, key=lambda part: (part.lineno, part.col_offset)):
        found = _query(facts, callee, part.value, depth - 1)
        if found is not None:
            return found
    return None


def _callee(facts: Facts, function: FunctionInfo, node: ast.Call) -> FunctionInfo | None:
    """Return the coroutine function of the project that a call names."""
    target = node.func
    if isinstance(target, ast.Name) and target.id in function.local_names:
        return None
    found = facts.project.resolve(function.module, target, function.parent or function.cls)
    callee = found[0] if len(found) == 1 else None
    return callee if isinstance(callee, FunctionInfo) and callee.is_async and not callee.decorators else None


def _is_query(facts: Facts, function: FunctionInfo, node: ast.Call) -> bool:
    """Whether a call is an async query of a model's manager: ``Order.objects.filter(...).aget()``."""
    if not isinstance(node.func, ast.Attribute):
        return False
    row = facts.project.catalog.queryset_methods.get(node.func.attr)
    if row is None or row.kind != "async":
        return False
    owner: ast.expr = node.func.value
    while isinstance(owner, (ast.Call, ast.Attribute)):
        if isinstance(owner, ast.Attribute) and isinstance(owner.value, (ast.Name, ast.Attribute)):
            found = facts.project.resolve(function.module, owner.value, function.parent or function.cls)
            model = found[0] if len(found) == 1 else None
            if isinstance(model, ClassInfo) and facts.project.models.of_class(model) is not None:
                return True
        owner = owner.func if isinstance(owner, ast.Call) else owner.value
    return False


def _short(node: ast.AST) -> str:
    source = " ".join(ast.unparse(node).split())
    return source if len(source) <= 60 else source[:57] + "..."
