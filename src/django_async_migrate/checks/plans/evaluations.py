"""Querysets that are evaluated: ``async for``, or a list built with it where a value is needed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import AsyncFor, Await, Edit, ListOf, Rename, Template
from django_async_migrate.core.effects import Rows

from .spot import short
from .wrap import is_iterated, is_tested, wrap_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan

    from .spot import Spot

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def evaluation_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for a queryset that is iterated, measured, tested, indexed or searched."""
    if _unsupported(spot):
        pass
    elif spot.agreed and isinstance(spot.effect.about, Rows) and not spot.effect.steps:
        kind = spot.effect.kind
        node = spot.node
        if isinstance(node, ast.Subscript) and kind in {"index", "raw"}:
            yield from _indexed(spot, node)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and kind in {"membership", "raw"}:
            yield from _materialised(spot, node.comparators[0])
        elif kind == "truth":
            yield from _tested(spot)
        elif kind in {"iteration", "length", "raw"}:
            yield from _iterated(spot)
    elif _all_rows(spot):
        yield from _each_materialised(spot)
    yield from wrap_plans(spot)


def _unsupported(spot: Spot) -> bool:
    """A generator that ``iterator()`` gave earlier; ``aiterator()`` after ``prefetch_related()`` before Django 5.0."""
    for effect in spot.incident.effects:
        about, operand = effect.about, effect.operand
        if isinstance(about, Rows) and about.raw and operand is not None and _is_iterator(operand):
            return True
        if isinstance(about, Rows) and about.iterator:
            if operand is None or not _is_iterator(operand) or (about.prefetches and spot.version < (5, 0)):
                return True
    return False


def _all_rows(spot: Spot) -> bool:
    """Whether a call evaluates several of its arguments: ``zip(authors, books)``."""
    return spot.always and all(
        isinstance(effect.about, Rows) and not effect.steps and effect.operand not in (None, spot.node)
        for effect in spot.incident.effects
    )


def _each_materialised(spot: Spot) -> Iterator[FixPlan]:
    if spot.place.reason or _around(spot, spot.node) is not None:
        return
    edits: list[Edit] = []
    seen: set[ast.expr] = set()
    for effect in spot.incident.effects:
        operand = effect.operand
        assert operand is not None and isinstance(effect.about, Rows)
        if operand in seen:
            continue
        seen.add(operand)
        row = spot.row_name(effect.about.row, operand)
        edits.append(Template(spot.span(operand), f"[{row} async for {row} in {{0}}]", (spot.span(operand),)))
        edits += _renamed(spot, operand)
    yield spot.plan("safe", f"lists of all rows in {short(spot.source.text(spot.node))}", edits)  # type: ignore[arg-type]


def _iterated(spot: Spot) -> Iterator[FixPlan]:
    node, operand = spot.node, spot.effect.operand
    if operand is node and isinstance(node, ast.expr):
        parent = spot.source.parent(node)
        if isinstance(parent, ast.For) and parent.iter is node:
            if not spot.place.reason and not isinstance(node, ast.Starred):
                title = f"async for ... in {short(_as_async(spot, node))}"
                yield spot.plan("safe", title, (AsyncFor(spot.span(node)), *_renamed(spot, node)))
        elif isinstance(parent, ast.comprehension):
            yield from _comprehended(spot, node, parent)
        elif is_iterated(spot, node):
            yield from _materialised(spot, node)
    elif operand is not None:
        if _is_list_of(spot, node, operand) and isinstance(node, ast.Call):
            yield from _materialised(spot, operand, node)
        else:
            yield from _materialised(spot, operand)


def _comprehended(spot: Spot, node: ast.expr, clause: ast.comprehension) -> Iterator[FixPlan]:
    comprehension = spot.source.parent(clause)
    if not isinstance(comprehension, _COMPREHENSIONS):
        return
    edits: list[Edit] = [AsyncFor(spot.span(node)), *_renamed(spot, node)]
    title = f"async for ... in {short(_as_async(spot, node))}"
    if clause is not comprehension.generators[0]:
        if not spot.place.reason:
            yield spot.plan("safe", title, edits)
        return
    if not isinstance(comprehension, ast.GeneratorExp):
        place = spot.place_of(comprehension)
        if not place.reason and not any(place.source.parent(n) is comprehension for n in place.generators):
            inside = any(isinstance(_around(spot, comprehension), kind) for kind in _COMPREHENSIONS)
            if not inside:
                yield spot.plan("safe", title, edits, place=place)
        return
    # The body of a generator expression counts as awaiting, too: see what its consumer makes of a list.
    place = spot.place_of(comprehension.elt)
    if not place.reason and place.exact:
        yield spot.plan("safe", title, edits, place=place)
    yield from _materialised(spot, node)


def _around(spot: Spot, node: ast.AST) -> ast.AST | None:
    """Return the comprehension in whose element, condition or inner clause a node stands."""
    place = spot.place_of(node)
    current = spot.source.parent(node)
    child = node
    while current is not None and current is not place.statement:
        if isinstance(current, _COMPREHENSIONS):
            first = current.generators[0]
            if child is not first:
                return current
        child, current = current, spot.source.parent(current)
    return None


def _materialised(spot: Spot, operand: ast.expr, whole: ast.expr | None = None) -> Iterator[FixPlan]:
    """Replace a queryset (or the ``list()`` around it) by the list of its rows."""
    if spot.place.reason:
        return
    about = spot.effect.about
    assert isinstance(about, Rows)
    row = spot.row_name(about.row, operand)
    replaced = whole if whole is not None else operand
    template = f"[{row} async for {row} in {{0}}]"
    title = template.replace("{0}", short(_as_async(spot, operand)))
    if _around(spot, spot.node) is not None:
        return  # nested comprehensions cannot be asynchronous on Python 3.10
    edits = (Template(spot.span(replaced), template, (spot.span(operand),)), *_renamed(spot, operand))
    yield spot.plan("safe", title, edits)


def _tested(spot: Spot) -> Iterator[FixPlan]:
    operand = spot.effect.operand
    if operand is None or spot.place.reason:
        return
    node = spot.node
    only_truth = operand is not node or (isinstance(node, ast.expr) and is_tested(spot, node))
    raw = getattr(spot.effect.about, "raw", False)
    if only_truth and not raw and not _is_iterator(operand) and not _used_again(spot, operand):
        title = f"await {short(spot.source.text(operand), 40)}.aexists()"
        yield spot.plan("safe", title, spot.wrapped(operand, "await {0}.aexists()", operand))
    for plan in _materialised(spot, operand):
        yield plan if only_truth else spot.plan("unsafe", plan.title, plan.edits)


def _used_again(spot: Spot, operand: ast.expr) -> bool:
    """Whether the rows of a tested queryset may be read later: its result cache then saves a query."""
    if isinstance(operand, ast.Call):
        return False  # a queryset that has no name
    if not isinstance(operand, ast.Name) or spot.place.function is None:
        return True
    uses = [
        part
        for part in ast.walk(spot.place.function)
        if isinstance(part, ast.Name) and part.id == operand.id and part is not operand
    ]
    stores = [part for part in uses if isinstance(part.ctx, ast.Store)]
    loads = [part for part in uses if not isinstance(part.ctx, ast.Store)]
    if len(stores) != 1 or loads:
        return True
    return _in_loop(spot, operand) is not _in_loop(spot, stores[0]) or _is_shared(spot, stores[0])


def _is_shared(spot: Spot, store: ast.Name) -> bool:
    """Whether the value given to a name may be known elsewhere, with its result cache."""
    parent = spot.source.parent(store)
    return not (isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.value, ast.Call))


def _in_loop(spot: Spot, node: ast.AST) -> ast.AST | None:
    current = spot.source.parent(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if isinstance(current, (ast.For, ast.AsyncFor, ast.While, *_COMPREHENSIONS)):
            return current
        current = spot.source.parent(current)
    return None


def _indexed(spot: Spot, node: ast.Subscript) -> Iterator[FixPlan]:
    if spot.place.reason or _around(spot, node) is not None:
        return
    about = spot.effect.about
    assert isinstance(about, Rows)
    row = spot.row_name(about.row, node)
    value, index = spot.span(node.value), node.slice
    rows = f"[{row} async for {row} in {{0}}"
    holes = [value]
    if about.raw:
        template = f"{rows}][{{1}}]"
        holes.append(spot.span(index))
    elif isinstance(index, ast.Constant) and isinstance(index.value, int):
        start = "" if index.value == 0 else str(index.value)
        template = f"{rows}[{start}:{index.value + 1}]][0]"
    elif isinstance(index, ast.Name):
        template = f"{rows}[{{1}} : {{1}} + 1]][0]"
        holes.append(spot.span(index))
    elif isinstance(index, ast.Slice) and index.step is not None:
        bounds = [part for part in (index.lower, index.upper) if part is not None]
        lower = "{1}" if index.lower is not None else ""
        upper = f"{{{len(bounds)}}}" if index.upper is not None else ""
        plain = f"[{lower}:{upper}]" if bounds else ""
        template = f"{rows}{plain}][::{{{len(bounds) + 1}}}]"
        holes += [spot.span(part) for part in (*bounds, index.step)]
    else:
        return
    title = template.replace("{0}", short(spot.source.text(node.value), 40))
    for number, hole in enumerate(holes):
        title = title.replace(f"{{{number}}}", spot.source.parsed.source(hole))
    yield spot.plan("safe", title, (Template(spot.span(node), template, tuple(holes)),))


def _is_list_of(spot: Spot, node: ast.AST, operand: ast.expr) -> bool:
    """Whether a call is ``list(operand)`` and nothing more."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "list"
        and node.args == [operand]
        and not node.keywords
        and not spot.source.binds("list")
    )


def _is_iterator(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "iterator"


def _renamed(spot: Spot, node: ast.expr) -> tuple[Edit, ...]:
    if _is_iterator(node):
        assert isinstance(node, ast.Call)
        return (Rename(spot.span(node.func), "aiterator"),)
    return ()


def _as_async(spot: Spot, node: ast.expr) -> str:
    text = spot.source.text(node)
    return text.replace(".iterator(", ".aiterator(") if _is_iterator(node) else text


__all__ = ["Await", "ListOf", "evaluation_plans"]
