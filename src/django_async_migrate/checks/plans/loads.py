"""Relations and fields that are loaded late: the column instead, or loading them where that may wait."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Template
from django_async_migrate.core.effects import Load

from .spot import short
from .wrap import wrap_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan

    from .spot import Spot


def load_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plans for a lazy load in a coroutine or in a helper it calls."""
    if spot.agreed and isinstance(spot.effect.about, Load):
        yield from _column(spot, spot.effect.about)
    yield from wrap_plans(spot)


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
        from django_async_migrate.core.edits import FixPlan

        yield FixPlan("unsafe" if load.null else "safe", title, edits)
