"""Requests over the network that a coroutine sends one after the other, though they could be under way together."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.catalog.clients import Client, clients
from django_async_migrate.core.findings import Fix, Step
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned
from django_async_migrate.index.survey import is_test
from django_async_migrate.syntax.nodes import nodes_in

from .base import Fact
from .declared import declared, named

if TYPE_CHECKING:
    from .base import Facts

#: What is done with a response between two requests, and asks nobody else.
_LOOKS = frozenset({"json", "raise_for_status"})
_BLOCKS = ("body", "orelse", "finalbody")


def waiting_requests(facts: Facts) -> Iterator[Fact]:
    """Give the requests that wait for an earlier one of the same block whose result they do not use."""
    packages = {row.api.partition(".")[0] for row in clients().values()}
    for function in declared(facts).functions:
        text = function.module.parsed.text
        if not function.is_async or is_test(function.module.path) or not any(name in text for name in packages):
            continue
        nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        own = [node for node in function.own_nodes if not isinstance(node, nested)]
        for node in (function.node, *own):
            for field in _BLOCKS:
                block = getattr(node, field, None)
                if isinstance(block, list) and len(block) > 1:
                    yield from _in_block(function, block)


def _in_block(function: FunctionInfo, block: list[ast.stmt]) -> Iterator[Fact]:
    first: ast.Await | None = None
    given: set[str] = set()
    for statement in block:
        name, request = _request(function, statement)
        if request is None:
            # What only looks at the responses does not come between them.
            looked = _look(statement, given) if first is not None else None
            if looked is None:
                first, given = None, set()
            else:
                given |= looked
            continue
        used = {node.id for node in nodes_in(request) if isinstance(node, ast.Name)}
        if first is not None and not {name, *used} & given and _is_read(function, given):
            parsed = function.module.parsed
            span = parsed.span(first)
            step = Step(span.path, span.line, span.column, "the request before it, whose result it does not use")
            text = "this request is not sent before the one above is answered, and does not need its answer"
            fix = Fix("manual", "await asyncio.gather(...) of both")
            yield Fact(parsed.span(request), text, function.qualname, (step,), "likely", fix)
        first, given = request, {name}


def _request(function: FunctionInfo, statement: ast.stmt) -> tuple[str, ast.Await | None]:
    """Return the name that a statement gives to a response, or to a part of it, and the request."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return "", None
    while not isinstance(value, ast.Await):
        if isinstance(value, ast.Call) and not value.args and not value.keywords:
            value = value.func
        elif isinstance(value, ast.Attribute) or (
            isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)
        ):
            value = value.value
        else:
            return "", None
    call = value.value
    if not isinstance(target, ast.Name) or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return "", None
    inside = [node for part in (*call.args, *call.keywords) for node in ast.walk(part)]
    if any(isinstance(node, (ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)) for node in inside):
        return "", None
    row = _client(function, call.func.value)
    return (target.id, value) if row is not None and call.func.attr in row.reads else ("", None)


def _look(statement: ast.stmt, given: set[str]) -> set[str] | None:
    """Return the names that a statement sets which only looks at a response; None for any other statement."""
    value = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
    if not isinstance(value, ast.Call) or value.args or value.keywords or not isinstance(value.func, ast.Attribute):
        return None
    response = value.func.value
    if not isinstance(response, ast.Name) or response.id not in given or value.func.attr not in _LOOKS:
        return None
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return names if len(names) == len(targets) else None


def _is_read(function: FunctionInfo, names: set[str]) -> bool:
    """Whether a response is used at all: else the request may be made for its effect, say the cookies it sets."""
    return any(
        isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
        for node in nodes_in(function.node)
    )


def _client(function: FunctionInfo, node: ast.expr) -> Client | None:
    """Return the row of a client that certainly asks over the network."""
    if isinstance(node, ast.Name):
        if node.id in function.local_names:
            return _local(function, node.id)
        found = function.module.project.resolve(function.module, node, function.cls or function.parent)
        only = found[0] if len(found) == 1 else None
        return _made(function, only.value) if isinstance(only, Assigned) else None
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and function.params
    if is_own and function.cls is not None:
        assert isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        return _attribute(function, node.attr) if node.value.id == function.params[0].arg else None
    return None


def _local(function: FunctionInfo, name: str) -> Client | None:
    stores = [node for node in function.own_nodes if isinstance(node, ast.Name) and node.id == name]
    stores = [node for node in stores if isinstance(node.ctx, ast.Store)]
    parameter = next((entry for entry in function.params if entry.arg == name), None)
    if parameter is not None:
        return _row(function, parameter.annotation) if parameter.annotation is not None and not stores else None
    if len(stores) != 1:
        return None
    for node in function.own_nodes:
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is stores[0]:
                    return _made(function, item.context_expr)
        if isinstance(node, ast.Assign) and node.targets == [stores[0]]:
            return _made(function, node.value)
    return None


def _attribute(function: FunctionInfo, name: str) -> Client | None:
    """Return the row of what a class keeps under a name, where its own methods always put the same there."""
    assert function.cls is not None
    rows: list[Client | None] = []
    for method in function.cls.members.values():
        if not isinstance(method, FunctionInfo) or not method.params:
            continue
        for node in method.own_nodes:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if not isinstance(target, ast.Attribute) or target.attr != name:
                    continue
                value = node.value
                if isinstance(target.value, ast.Name) and target.value.id == method.params[0].arg:
                    rows.append(_local(method, value.id) if isinstance(value, ast.Name) else _made(method, value))
    return rows[0] if rows and all(row is rows[0] for row in rows) else None


def _made(function: FunctionInfo, value: ast.expr | None) -> Client | None:
    """Return the row of a client that an expression makes, if it needs the network to answer."""
    row = _row(function, value) if isinstance(value, ast.Call) else None
    if row is None or not isinstance(value, ast.Call):
        return None
    return None if any(keyword.arg is None or keyword.arg in row.local for keyword in value.keywords) else row


def _row(function: FunctionInfo, node: ast.expr) -> Client | None:
    return clients().get(named(function.module, node, function.cls or function.parent) or "")
