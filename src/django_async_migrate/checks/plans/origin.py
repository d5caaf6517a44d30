"""The query that an object of a coroutine comes from, where it stands in the same function."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_async_migrate.checks.place import Source

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ONE = frozenset({"get", "first", "last", "earliest", "latest"})
_SAME = frozenset({"iterator", "aiterator"})
#: After these, rows are no instances, or a join would clash with what is asked for.
_CLASHING = frozenset(
    {
        "aggregate",
        "dates",
        "datetimes",
        "defer",
        "difference",
        "fetch_mode",
        "in_bulk",
        "intersection",
        "none",
        "only",
        "raw",
        "select_for_update",
        "union",
        "values",
        "values_list",
    }
)


@dataclass(frozen=True)
class Origin:
    """A queryset expression whose rows an object is one of; ``start`` is where the object gets its name."""

    queryset: ast.expr
    start: ast.AST
    witness: ast.AST  # a call on it, or a loop over it, that the analysis must have seen to be one on a queryset


def origin_of(source: Source, name: ast.Name, function: ast.AST) -> Origin | None:
    """Return the query that a name's object comes from; None unless there is exactly one, and it is plain."""
    current = source.parent(name)
    while current is not None and current is not function:
        if isinstance(current, _COMPREHENSIONS):
            for clause in current.generators:
                if isinstance(clause.target, ast.Name) and clause.target.id == name.id:
                    return _rows(source, clause.iter, current, function)
        if isinstance(current, _FUNCTIONS):
            return None
        current = source.parent(current)
    stores = [part for part in _own(function) if _stores(part, name.id)]
    if len(stores) != 1:
        return None
    binding = source.parent(stores[0])
    if isinstance(binding, (ast.For, ast.AsyncFor)) and binding.target is stores[0]:
        return _rows(source, binding.iter, binding, function)
    if isinstance(binding, ast.Assign) and len(binding.targets) == 1 and binding.targets[0] is stores[0]:
        return _one(source, binding.value, binding, function)
    return None


def _one(source: Source, value: ast.expr, start: ast.AST, function: ast.AST) -> Origin | None:
    """Return the origin of one row: ``await qs.aget(...)``, ``qs.first()``."""
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr.removeprefix("a") not in _ONE:
        return None
    found = _queryset(source, call.func.value, function)
    return Origin(found, start, call) if found is not None else None


def _rows(source: Source, value: ast.expr, start: ast.AST, function: ast.AST) -> Origin | None:
    """Return the origin of the rows that a loop goes through."""
    witness = value
    if isinstance(value, ast.Name):
        stored = _single_value(function, value.id, source)
        if stored is None:
            return None
        if isinstance(stored, ast.ListComp):
            inner = stored.generators[0]
            same = isinstance(inner.target, ast.Name) and isinstance(stored.elt, ast.Name)
            if len(stored.generators) != 1 or not same or inner.target.id != stored.elt.id:  # type: ignore[attr-defined]
                return None
            value = witness = inner.iter
        elif isinstance(stored, ast.Await) and _is_wrapped_list(stored.value):
            value = witness = stored.value.args[0]  # type: ignore[attr-defined]
        else:
            value = stored
    found = _queryset(source, value, function)
    return Origin(found, start, witness) if found is not None else None


def _is_wrapped_list(node: ast.expr) -> bool:
    """Whether a node is ``bridge(list)(queryset)``."""
    return (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and isinstance(node.func, ast.Call)
        and len(node.func.args) == 1
        and isinstance(node.func.args[0], ast.Name)
        and node.func.args[0].id == "list"
    )


def _queryset(source: Source, value: ast.expr, function: ast.AST) -> ast.expr | None:
    """Return the expression to which ``.select_related()`` can be added; None when that would clash."""
    if isinstance(value, ast.Name):
        stored = _single_value(function, value.id, source)
        if stored is None or _passed_on(function, value.id):
            return None
        value = stored
    while True:
        if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
            value = value.value
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _SAME:
            value = value.func.value
        else:
            break
    current: ast.AST = value
    while isinstance(current, (ast.Call, ast.Attribute, ast.Subscript)):
        if isinstance(current, ast.Attribute) and current.attr in _CLASHING:
            return None
        current = current.func if isinstance(current, ast.Call) else current.value
    if not isinstance(current, ast.Name) or not isinstance(value, (ast.Call, ast.Attribute)):
        return None
    return value


def _single_value(function: ast.AST, name: str, source: Source) -> ast.expr | None:
    stores = [part for part in _own(function) if _stores(part, name)]
    if len(stores) != 1:
        return None
    binding = source.parent(stores[0])
    plain = isinstance(binding, ast.Assign) and len(binding.targets) == 1 and binding.targets[0] is stores[0]
    return binding.value if plain and isinstance(binding, ast.Assign) else None


def _passed_on(function: ast.AST, name: str) -> bool:
    """Whether a queryset is narrowed to values, updated or locked elsewhere under its name."""
    return any(
        isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == name
        and part.attr in _CLASHING
        for part in _own(function)
    )


def _stores(part: ast.AST, name: str) -> bool:
    if isinstance(part, ast.Name):
        return part.id == name and not isinstance(part.ctx, ast.Load)
    if isinstance(part, ast.arg):
        return part.arg == name
    return isinstance(part, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and part.name == name


def _own(function: ast.AST) -> list[ast.AST]:
    """Return the nodes of a function with its arguments, without comprehensions' variables and inner functions."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        found.append(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.comprehension) and child is node.target:
                continue
            todo.append(child)
    return found
