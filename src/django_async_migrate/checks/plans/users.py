"""The user of a request: loaded before the statement that touches it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Before, FixPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .spot import Spot

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Pass)


def user_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that loads the user of a request before it is touched.

    It is safe where no middleware gives another user to ``request.user`` than to ``request.auser()``, and where the
    statement would have loaded the user at its start anyway. ``request.auser()`` alone would leave ``request.user`` as
    it is (https://docs.djangoproject.com/en/stable/ref/request-response/#django.http.HttpRequest.auser).
    """
    if spot.place.reason or spot.version < (5, 0):
        return
    touched = _touched(spot.node)
    where = touched if touched is not None else _assigned(spot)
    if where is None:
        return
    owner = spot.source.text(where.value)
    code = f"{owner}.user = await {owner}.auser()"
    safe = spot.seen.keeps_user and isinstance(where.value, ast.Name) and _comes_first(spot, where)
    if touched is None and not safe:
        return
    yield spot.plan("safe" if safe else "unsafe", code, (Before(spot.span(where), code),))


def _touched(node: ast.AST) -> ast.Attribute | None:
    """Return ``request.user`` in an expression."""
    return next((part for part in ast.walk(node) if _is_user(part)), None)  # type: ignore[return-value]


def _is_user(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "user" and isinstance(node.value, (ast.Name, ast.Attribute))


def _assigned(spot: Spot) -> ast.Attribute | None:
    """Return the ``request.user`` that a variable holds, set before in the same block of simple statements."""
    node, function = spot.node, spot.place.function
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    statement = spot.place.statement
    if not isinstance(node, ast.Name) or function is None or statement is None:
        return None
    between: list[ast.stmt] = []
    block = _block_of(spot.source.parent(statement), statement)
    for earlier in reversed(block[: block.index(statement)] if statement in block else []):
        if isinstance(earlier, ast.Assign) and any(_names(target, node.id) for target in earlier.targets):
            value = earlier.value
            if not isinstance(value, ast.Attribute) or not _is_user(value):
                return None
            owner = spot.source.text(value.value)
            return None if any(_is_given(spot, step, owner) for step in between) else value
        if not isinstance(earlier, _SIMPLE):
            return None
        between.append(earlier)
    return None


def _names(target: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(target))


def _is_given(spot: Spot, statement: ast.stmt, owner: str) -> bool:
    """Whether a statement hands the request to code that may put another user into it."""
    calls = (part for part in ast.walk(statement) if isinstance(part, ast.Call))
    given = (argument for call in calls for argument in [*call.args, *(word.value for word in call.keywords)])
    return any(spot.source.text(argument) == owner for argument in given)


def _block_of(parent: ast.AST | None, statement: ast.stmt) -> list[ast.stmt]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and statement in block:
            return block
    return []


def _comes_first(spot: Spot, node: ast.Attribute) -> bool:
    """Whether a statement reads an attribute each time it runs, before it calls anything."""
    place = spot.place_of(node)
    statement = place.statement
    if place.conditional or statement is None or spot.place.conditional:
        return False
    if isinstance(statement, ast.If) and spot.source.text(statement).startswith("elif"):
        return False
    at = (node.lineno, node.col_offset)
    return not any(
        isinstance(part, (ast.Call, ast.Await)) and (part.end_lineno, part.end_col_offset) <= at
        for part in ast.walk(statement)
    )
