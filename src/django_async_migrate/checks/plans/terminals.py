"""Sync methods that query: their async twin, or the same call in a thread."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, Rename, Template
from django_async_migrate.core.effects import Terminal

from .blocks import block_plans
from .spot import short
from .users import user_plans
from .wrap import wrap_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.core.findings import Applicability

    from .spot import Spot


_BRIDGES = frozenset({"sync_to_async", "database_sync_to_async"})
#: Templates number their holes with one digit; two are taken.
_MOST = 8
#: Rules about what is bound to the thread it happens in: a transaction is over once its thread has opened it, a
#: coroutine does not run there, and ``connection.close`` is a method of the connection of the thread that reads it.
_BOUND = frozenset({"DAM701", "DAM702", "DAM703", "DAM705", "DAM707"})


def _is_super(node: ast.expr) -> bool:
    """Whether a method is called on ``super()``: the async twin would run the override, not what it overrides."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _called_too_early(spot: Spot, node: ast.Call) -> bool:
    """Whether a call stands where the function itself is meant: ``sync_to_async(book.save())``."""
    bridge = spot.source.parent(node)
    return isinstance(bridge, ast.Call) and bridge.args[:1] == [node] and _name(bridge.func) in _BRIDGES


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def handed_over(spot: Spot, node: ast.Call, applicability: Applicability = "unsafe") -> Iterator[FixPlan]:
    """``sync_to_async(book.save(force=True))`` is ``await sync_to_async(book.save)(force=True)``."""
    bridge = spot.source.parent(node)
    assert isinstance(bridge, ast.Call)
    outer: ast.expr = bridge
    around = spot.source.parent(outer)
    if isinstance(around, ast.Call) and around.func is bridge:
        if around.args or around.keywords:
            return
        outer, around = around, spot.source.parent(around)
    if not isinstance(around, (ast.Await, ast.Expr)):
        return  # a function for later
    text = spot.source.text(outer)
    arguments = [(argument, "") for argument in node.args]
    arguments += [(word.value, f"{word.arg}=" if word.arg else "**") for word in node.keywords]
    if spot.place.reason or bridge.args != [node] or bridge.keywords or len(arguments) > _MOST or "\n" in text:
        return
    given = []
    holes = [spot.span(bridge.func), spot.span(node.func)]
    for argument, before in arguments:
        starred = isinstance(argument, ast.Starred)
        given.append(f"{'*' if starred else before}{{{len(holes)}}}")
        holes.append(spot.span(argument.value if isinstance(argument, ast.Starred) else argument))
    awaited = "" if isinstance(around, ast.Await) else "await "
    title = f"await {short(spot.source.text(bridge.func))}({short(spot.source.text(node.func))})(...)"
    template = f"{awaited}{{0}}({{1}})({', '.join(given)})"
    yield spot.plan(applicability, title, (Template(spot.span(outer), template, tuple(holes)),))


def terminal_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for a sync method of a queryset, manager or model, or for a function of Django."""
    node = spot.node
    if isinstance(node, ast.Call) and _called_too_early(spot, node):
        yield from handed_over(spot, node)
        return
    yield from twin_plans(spot)
    if spot.effect.rule == "DAM401":
        yield from user_plans(spot)
    if spot.effect.rule == "DAM701":
        yield from block_plans(spot)
    if spot.effect.rule not in _BOUND:
        yield from wrap_plans(spot)


def twin_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that awaits the async form of what is called, where the target Django has it."""
    node, about = spot.node, spot.effect.about
    if (
        spot.agreed
        and not spot.place.reason
        and isinstance(about, Terminal)
        and about.twin is not None
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and about.twin in (f"a{node.func.attr}", node.func.attr)
        and not _is_super(node.func.value)
    ):
        title = f"await {short(spot.source.text(node.func.value), 40)}.{about.twin}(...)"
        edits = (Rename(spot.span(node.func), about.twin), Await(spot.span(node)))
        yield spot.plan("safe", title, edits)
    if (
        not spot.place.reason
        and isinstance(about, Terminal)
        and about.twin is not None
        and about.module
        and all(not other.steps and other.about == about for other in spot.incident.effects)
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
    ):
        name, imports = spot.local_name(about.module, about.twin)
        edits = (Rename(spot.span(node.func), name), Await(spot.span(node)))
        yield spot.plan("safe", f"await {name}(...)", edits, imports)
