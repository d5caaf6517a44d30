"""Background tasks that run queries on an event loop of their own, and so on another connection."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Fix, Step
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo

from .base import Fact
from .declared import named

if TYPE_CHECKING:
    from .base import Facts

#: What starts an event loop; what it is given is a coroutine.
_STARTERS = frozenset({"asyncio.run", "uvloop.run"})
#: Calls that are followed to find a query.
_DEPTH = 5


def fresh_loops(facts: Facts, task: FunctionInfo) -> Iterator[Fact]:
    """Give the places in a sync task that run a coroutine which queries on an event loop of its own."""
    scope = task.cls or task.parent
    for node in task.own_nodes:
        if not isinstance(node, ast.Call) or not node.args or named(task.module, node, scope) not in _STARTERS:
            continue
        made = node.args[0]
        query = _query(facts, task, made, _DEPTH)
        if query is None or not isinstance(made, ast.Call):
            continue
        where, call = query
        found = where.module.parsed.span(call)
        yield Fact(
            task.module.parsed.span(node),
            f"{_short(node)} runs its queries on another connection than that of the task",
            task.qualname,
            trace=(Step(found.path, found.line, found.column, f"{_short(call)} queries here"),),
            fix=Fix("manual", f"async_to_sync({ast.unparse(made.func)})(...)"),
            severity="warning",
        )


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
