"""What a response schema reads of what is returned: the rows are listed before, with what they need."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan
from django_async_migrate.core.effects import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .spot import Spot


def schema_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that lists the rows of a queryset, or what to do by hand."""
    node, about = spot.node, spot.effect.about
    if isinstance(about, Shown) and about.row and isinstance(node, ast.expr) and not spot.place.reason:
        row = spot.row_name(about.row, node)
        code = f"[{row} async for {row} in {{0}}]"
        yield spot.plan("safe", code.format("..."), spot.wrapped(node, code, node))
    yield FixPlan("manual", "load what the schema shows: select_related(), prefetch_related(), [... async for ...]")
