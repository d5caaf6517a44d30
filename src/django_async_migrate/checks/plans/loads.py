"""Relations and fields that are loaded late: the column instead, or loading them where that may wait."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Before, FixPlan, Template
from django_async_migrate.core.effects import Load

from .eager import eager_plans
from .paths import dotted
from .spot import short
from .wrap import wrap_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .spot import Spot


def load_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for a lazy load in a coroutine or in a helper it calls."""
    about = spot.effect.about
    if spot.agreed and isinstance(about, Load):
        yield from _column(spot, about)
    yield from eager_plans(spot)
    if spot.agreed and isinstance(about, Load) and spot.effect.kind != "deferred":
        yield from _prefetched(spot, about)
    yield from wrap_plans(spot)


def _prefetched(spot: Spot, load: Load) -> Iterator[FixPlan]:
    """Load the relation of the object at hand, one statement earlier."""
    node, place = spot.node, spot.place
    if spot.version < (5, 0) or place.reason or place.conditional or not spot.effect.certain:
        return
    if not isinstance(node, ast.Attribute) or place.statement is None or place.generators:
        return
    owner = dotted(node.value)
    if owner is None or _bound_inside(place.statement, owner[0].id):
        return
    name, imports = spot.local_name("django.db.models", "aprefetch_related_objects")
    code = f'await {name}([{spot.source.text(node.value)}], "{load.relation}")'
    earlier = any(
        isinstance(part, (ast.Call, ast.Await)) and (part.lineno, part.col_offset) < (node.lineno, node.col_offset)
        for part in ast.walk(place.statement)
    )
    yield FixPlan("unsafe" if earlier else "safe", code, (Before(spot.span(node), code),), imports)


def _bound_inside(statement: ast.stmt, name: str) -> bool:
    """Whether a statement itself gives a name its value, as a comprehension or ``:=`` does."""
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        for part in ast.walk(statement)
    )


def _column(spot: Spot, load: Load) -> Iterator[FixPlan]:
    """``book.author.pk`` is ``book.author_id``; without an author the one fails and the other is None."""
    node = spot.node
    parent = spot.source.parent(node)
    if (
        load.column is not None
        and isinstance(node, ast.Attribute)
        and isinstance(parent, ast.Attribute)
        and isinstance(parent.ctx, ast.Load)
        and parent.attr in load.keys
        and node.attr == load.relation
    ):
        text = short(spot.source.text(node.value), 40)
        edits = (Template(spot.span(parent), f"{{0}}.{load.column}", (spot.span(node.value),)),)
        title = f"{text}.{load.column}"
        if load.null:
            title += " (None, where there is no related object)"
        yield FixPlan("unsafe" if load.null else "safe", title, edits)
