"""What a middleware does to a request before a view gets it: load its user or session, or replace them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

if TYPE_CHECKING:
    from .modules import ModuleInfo

_HELD = frozenset({"user", "session"})
#: Statements whose bodies always run, up to an error.
_STRAIGHT = (ast.With, ast.AsyncWith, ast.Try)


def preloaded(module: ModuleInfo) -> frozenset[str]:
    """Return which of ``user`` and ``session`` the middleware of a module has settled when a view begins.

    Settled is what is loaded on every way to the response, and what is replaced on any: such a user is of another
    kind. What only some requests load is not: other requests come without.
    """
    found: set[str] = set()
    tree = module.parsed.tree if module.parsed is not None else None
    for node in nodes_in(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _held(node):
            found.add(node.attr)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_hook(node):
            found |= _loads(node, node.body)[0]
    if "user" in found:
        found.add("session")  # the user comes from the session
    return frozenset(found)


def _is_hook(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function gets the request before the view does."""
    return any(arg.arg.endswith("request") for arg in node.args.args[:2]) and node.name != "process_response"


def _loads(fn: ast.AST, body: list[ast.stmt]) -> tuple[set[str], bool]:
    """Return what statements load for certain before the response is asked for, and whether they ask for it."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.If) and not _leaves(statement.body):
            parts: list[ast.AST] = [statement.test]
            branches = [_loads(fn, statement.body), _loads(fn, statement.orelse)]
            found |= branches[0][0] & branches[1][0]
        else:
            parts = list(_evaluated(statement))
        names, ends = _touched(parts)
        found |= names
        if ends or isinstance(statement, (ast.Return, ast.Raise)):
            return found, True
        if isinstance(statement, _STRAIGHT):
            inner, ended = _loads(fn, statement.body)
            found |= inner
            if ended:
                return found, True
    return found, False


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise))


def _evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what a statement evaluates for certain when it is reached."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try)):
        return
    if isinstance(statement, (ast.If, ast.While)):
        yield statement.test
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        yield statement.iter
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        yield from (item.context_expr for item in statement.items)
    else:
        yield statement


def _touched(parts: list[ast.AST]) -> tuple[set[str], bool]:
    """Return what expressions load, and whether they ask for the response."""
    found: set[str] = set()
    ends = False
    todo = list(parts)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.BoolOp):
            todo.append(node.values[0])  # the others may not run
            continue
        if isinstance(node, ast.IfExp):
            todo.append(node.test)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            ends = ends or name == "get_response"
            if name == "hasattr":
                continue
        if isinstance(node, (ast.Attribute, ast.Subscript)) and _held(node.value):
            assert isinstance(node.value, ast.Attribute)
            found.add(node.value.attr)
        elif _held(node) and node not in parts:
            assert isinstance(node, ast.Attribute)
            found.add(node.attr)  # handed on: whoever gets it may load it
        todo += ast.iter_child_nodes(node)
    return found, ends


def _held(node: ast.AST) -> bool:
    """Whether an expression is the user or the session of a request."""
    if not isinstance(node, ast.Attribute) or node.attr not in _HELD:
        return False
    name = getattr(node.value, "id", getattr(node.value, "attr", ""))
    return isinstance(name, str) and name.endswith("request")
