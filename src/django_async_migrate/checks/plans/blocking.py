"""Calls that block: the few that asyncio itself has a twin of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import Await, Template
from django_async_migrate.core.effects import Terminal
from django_async_migrate.core.record import replace

from .terminals import twin_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.core.edits import FixPlan

    from .spot import Spot


def blocking_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that awaits asyncio's twin of a function (``time.sleep``), where there is one.

    Such a twin takes the same arguments; a negative time to sleep is no error for it, so the time has to be written
    out for the plan to be safe.
    """
    node, about = spot.node, spot.effect.about
    if spot.place.reason or spot.effect.steps or not isinstance(node, ast.Call) or not isinstance(about, Terminal):
        return
    if about.twin is None or not spot.always:
        return
    if spot.effect.rule != "DAM502":
        for plan in twin_plans(spot):
            # A cache in memory is slower through its twin: that is a matter of taste.
            yield replace(plan, applicability="unsafe") if spot.effect.rule == "DAM410" else plan
        return
    if node.keywords:
        return
    given = node.args[0] if len(node.args) == 1 else None
    certain = isinstance(given, ast.Constant) and isinstance(given.value, (int, float))
    name, imports = spot.local_name(about.module, about.twin, plain=True)
    edits = (Template(spot.span(node.func), name, ()), Await(spot.span(node)))
    yield spot.plan("safe" if certain else "unsafe", f"await {about.module}.{about.twin}(...)", edits, imports)
