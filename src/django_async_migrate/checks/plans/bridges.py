"""Bridges that are given the wrong thing, and awaits of what cannot be awaited."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, FixPlan, Rename

from .spot import awaits, short
from .terminals import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.findings import Applicability

    from .spot import Spot

BRIDGE_RULES = frozenset({"DAM606", "DAM607", "DAM608", "DAM609", "DAM610", "DAM611", "DAM613", "DAM614"})
#: Templates number their holes with one digit.
_MOST = 8


def bridge_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for one of the rules about bridges."""
    rule, node = spot.effect.rule, spot.node
    if rule == "DAM611":
        yield FixPlan("manual", "use sync_to_async, whose thread shares the connection of the request")
    if not isinstance(node, ast.expr) or spot.place.reason:
        return
    if rule == "DAM606":
        yield from _not_awaitable(spot, node)
    elif rule == "DAM607" and isinstance(node, ast.Call):
        yield from _called_early(spot, node)
        yield from handed_over(spot, node, "safe")
    elif rule == "DAM608":
        yield from _unwrapped(spot, node, spot.source.text(node), keep=True)
    elif rule == "DAM609" and not (isinstance(node, ast.Call) and not node.args):
        yield spot.plan("safe", f"{short(spot.source.text(node))}()", spot.wrapped(node, "{0}()", node))
    elif rule == "DAM610":
        yield from _unwrapped(spot, node, spot.source.text(node), keep=False)
    elif rule == "DAM613":
        yield from _twin(spot, node)


def _called_early(spot: Spot, node: ast.Call) -> Iterator[FixPlan]:
    """``await sync_to_async(Order.objects.count())()`` is ``await Order.objects.acount()``."""
    twin, found = spot.effect.advice, _calls(spot, node)
    if twin in {"", "loop"} or found is None or not isinstance(node.func, ast.Attribute):
        return
    bridge, called = found
    outer = called if called is not None else bridge
    if called is not None and (called.args or called.keywords):
        return
    around = spot.source.parent(outer)
    # A bridge that is kept in a variable is a function for later, not a call whose ``await`` was forgotten.
    if bridge.keywords or bridge.args != [node] or not isinstance(around, (ast.Await, ast.Expr)):
        return
    awaited = "" if isinstance(around, ast.Await) else "await "
    title = f"await {short(spot.source.text(node.func.value), 40)}.{twin}(...)"
    edits = (Rename(spot.span(node.func), twin), *spot.wrapped(outer, f"{awaited}{{0}}", node))
    yield spot.plan("safe", title, edits)


def _arguments(given: list[ast.expr], keywords: list[ast.keyword], holes: list[ast.expr]) -> str | None:
    """Return arguments as a template's code, and add what fills its holes; None where these are too many."""
    parts: list[str] = []
    for argument in given:
        starred = isinstance(argument, ast.Starred)
        parts.append(f"{'*' if starred else ''}{{{len(holes)}}}")
        holes.append(argument.value if isinstance(argument, ast.Starred) else argument)
    for keyword in keywords:
        parts.append(f"{keyword.arg}={{{len(holes)}}}" if keyword.arg else f"**{{{len(holes)}}}")
        holes.append(keyword.value)
    return ", ".join(parts) if len(holes) <= _MOST else None


def to_loop_plans(spot: Spot) -> Iterator[FixPlan]:
    """``async_to_sync(find)(1)`` and ``asyncio.run(find(1))`` are ``await find(1)`` where a loop is running."""
    node = spot.node
    if not isinstance(node, ast.Call) or spot.place.reason:
        return
    if isinstance(node.func, ast.Call):
        bridge = node.func
        if bridge.keywords or len(bridge.args) != 1:
            return
        if isinstance(bridge.args[0], ast.Call) and not node.args and not node.keywords:
            yield spot.plan("safe", "await it", spot.wrapped(node, "await {0}", bridge.args[0]))
            return
        if isinstance(bridge.args[0], (ast.Name, ast.Attribute)):
            title = f"await {short(spot.source.text(bridge.args[0]))}(...)"
            yield spot.plan("safe", title, (*spot.wrapped(bridge, "{0}", bridge.args[0]), Await(spot.span(node))))
    elif node.args and isinstance(node.args[0], ast.Call) and not node.keywords and len(node.args) == 1:
        title = f"await {short(spot.source.text(node.args[0]))}"
        yield spot.plan("safe", title, spot.wrapped(node, "await {0}", node.args[0]))


def _not_awaitable(spot: Spot, node: ast.expr) -> Iterator[FixPlan]:
    if spot.effect.advice == "iterator" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # Before 5.0 aiterator() raises after prefetch_related().
        how: Applicability = "safe" if spot.version >= (5, 0) else "unsafe"
        title = f"{short(spot.source.text(node.func.value))}.aiterator(...)"
        yield FixPlan(how, title, (Rename(spot.span(node.func), "aiterator"),))
    outer = spot.source.parent(node)
    if spot.effect.advice == "iterate":
        yield FixPlan("manual", "a plain for, where what is iterated runs no query")
    if spot.effect.advice == "gather":
        yield FixPlan("manual", f"unpack it: gather(*{short(spot.source.text(node), 40)})")
    if not isinstance(outer, ast.Await):
        return
    text = short(spot.source.text(node))
    if spot.effect.advice == "call":
        yield spot.plan("safe", f"{text}()", spot.wrapped(node, "{0}()", node))
    elif spot.effect.advice == "rows":
        row = spot.row_name("row", outer)
        yield spot.plan("unsafe", f"[{row} async for {row} in {text}]", spot.wrapped(outer, _rows(row), node))
    else:
        yield spot.plan("safe", f"{text}, without await", spot.wrapped(outer, "{0}", node))


def _rows(row: str) -> str:
    return f"[{row} async for {row} in {{0}}]"


def _calls(spot: Spot, node: ast.expr) -> tuple[ast.Call, ast.Call | None] | None:
    """Return the bridge around a node, and the call of what it gives; None where it is written another way."""
    bridge = spot.source.parent(node)
    if not isinstance(bridge, ast.Call) or bridge.args[:1] != [node]:
        return None
    called = spot.source.parent(bridge)
    return bridge, called if isinstance(called, ast.Call) and called.func is bridge else None


def _unwrapped(spot: Spot, node: ast.expr, func: str, keep: bool) -> Iterator[FixPlan]:
    """``await sync_to_async(find)(1)`` is ``await find(1)``; without ``keep`` the ``await`` goes as well."""
    found = _calls(spot, node)
    if found is None or set(func) & set("{}\n"):
        return
    bridge, called = found
    through_call = called is None
    outer: ast.expr = called if called is not None else bridge
    given = outer.args[1:] if through_call and isinstance(outer, ast.Call) else getattr(outer, "args", [])
    keywords = outer.keywords if isinstance(outer, ast.Call) else []
    if any(keyword.arg in {"thread_sensitive", "executor", None} for keyword in keywords):
        return
    around = spot.source.parent(outer)
    if not isinstance(around, ast.Await):
        return
    if isinstance(node, ast.Call):  # a coroutine already
        yield spot.plan("safe", f"await {short(func)}", spot.wrapped(outer, "{0}", node))
        return
    holes: list[ast.expr] = []
    if isinstance(node, ast.Lambda):
        if not given and not keywords:
            yield spot.plan(
                "safe", f"await {short(spot.source.text(node.body))}", spot.wrapped(outer, "{0}", node.body)
            )
        return
    if not keep and any(awaits(part) for part in (*given, *keywords)):
        return
    title = f"{'await ' if keep else ''}{short(func)}(...)"
    bare = () if keep else spot.wrapped(around, "{0}", outer)
    if not through_call:
        yield spot.plan("safe", title, (*spot.wrapped(bridge, func), *bare))
        return
    arguments = _arguments(given, keywords, holes)
    if arguments is not None:
        yield spot.plan("safe", title, (*spot.wrapped(outer, f"{func}({arguments})", *holes), *bare))


def _twin(spot: Spot, node: ast.expr) -> Iterator[FixPlan]:
    twin = spot.effect.advice
    if isinstance(node, ast.Attribute):
        yield from _unwrapped(spot, node, f"{spot.source.text(node.value)}.{twin}", keep=True)
        return
    if not isinstance(node, ast.Name):
        return
    module = "django.shortcuts" if twin.endswith("_or_404") else ""
    if not module:
        return
    name, imports = spot.local_name(module, twin)
    for plan in _unwrapped(spot, node, name, keep=True):
        yield FixPlan(plan.applicability, plan.title, plan.edits, (*plan.imports, *imports))
