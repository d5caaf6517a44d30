"""Signals that are sent, and commands that are run, on the event loop."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, Rename

from .spot import short
from .wrap import wrap_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.core.findings import Applicability

    from .spot import Spot


def dispatch_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that awaits ``asend()``, where the target Django has it, and the one that uses a thread."""
    node = spot.node
    if spot.effect.rule == "DAM411" and spot.version >= (5, 0):
        if not spot.place.reason and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            twin = f"a{node.func.attr}"
            title = f"await {short(spot.source.text(node.func.value), 40)}.{twin}(...)"
            safety: Applicability = "safe" if spot.effect.steps else "unsafe"  # an async receiver never ran before
            yield spot.plan(safety, title, (Rename(spot.span(node.func), twin), Await(spot.span(node))))
    if spot.effect.steps:  # an async receiver asks for a loop, not for a thread
        yield from wrap_plans(spot)
