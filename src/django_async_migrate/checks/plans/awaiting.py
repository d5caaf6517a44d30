"""Coroutines that nobody awaits: await them where they are made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, FixPlan, Template

from .spot import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .spot import Spot


#: Builtins that give several coroutines in one value, which itself is none.
_CONTAINERS = frozenset(
    {"dict", "filter", "frozenset", "iter", "list", "map", "reversed", "set", "sorted", "tuple", "zip"}
)


def awaiting_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for a coroutine that is dropped or used as a value; advice where none is possible."""
    node = spot.node
    if spot.effect.advice == "generator":
        yield FixPlan("manual", "[... async for ...]")
        return
    if spot.effect.advice == "calls it":
        yield FixPlan("manual", "ask the cache first, then await the coroutine and store what it gives")
        return
    made = _made(spot, node) if isinstance(node, ast.Name) else node
    if not isinstance(made, (ast.Call, ast.Attribute)):
        return
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in _CONTAINERS:
        yield FixPlan("manual", "await each of them, or give all of them to asyncio.gather(*...)")
        return
    place = spot.place if made is node else spot.place_of(made)
    if not place.reason:
        if made is node:
            yield from _misplaced(spot, made)
        yield spot.plan("safe", f"await {short(spot.source.text(made))}", (Await(spot.span(made)),), place=place)
        return
    if isinstance(_function(spot), ast.FunctionDef):
        yield FixPlan("manual", "a sync function cannot await: call the sync form, or use async_to_sync")


def _misplaced(spot: Spot, made: ast.expr) -> Iterator[FixPlan]:
    """``await pair()[0]`` is ``(await pair())[0]``."""
    outer: ast.AST = made
    around = spot.source.parent(outer)
    while isinstance(around, (ast.Subscript, ast.Attribute)) and around.value is outer:
        outer, around = around, spot.source.parent(around)
    if outer is made or not isinstance(outer, ast.expr) or not isinstance(around, ast.Await):
        return
    text, start = spot.source.text(outer), spot.source.text(made)
    rest = text[len(start) :]
    if not text.startswith(start) or set(rest) & set("{}\n"):
        return
    template = Template(spot.span(around), f"(await {{0}}){rest}", (spot.span(made),))
    yield spot.plan("safe", f"(await {short(start)}){short(rest)}", (template,))


def _function(spot: Spot) -> ast.AST | None:
    current = spot.source.parent(spot.node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        current = spot.source.parent(current)
    return current


def _made(spot: Spot, name: ast.Name) -> ast.expr | None:
    """Return the call that a variable holds, where it is set once and awaited nowhere."""
    function: ast.AST | None = spot.place.function
    if function is None:
        return None
    found: list[ast.expr] = []
    for part in ast.walk(function):
        if isinstance(part, ast.Await) and isinstance(part.value, ast.Name) and part.value.id == name.id:
            return None
        if isinstance(part, ast.Name) and part.id == name.id and not isinstance(part.ctx, ast.Load):
            statement = spot.source.parent(part)
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
                return None
            found.append(statement.value)
    return found[0] if len(found) == 1 and isinstance(found[0], ast.Call) else None
