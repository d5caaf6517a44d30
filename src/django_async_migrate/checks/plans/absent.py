"""Plans for names that are not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan, Rename, Template
from django_async_migrate.core.effects import Absent

if TYPE_CHECKING:
    from .spot import Spot


def absent_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the right form of a call, where one can be put in its place."""
    about, node = spot.effect.about, spot.node
    if not isinstance(about, Absent) or not isinstance(node, ast.Attribute):
        return
    call = spot.source.parent(node)
    if not isinstance(call, ast.Call) or call.func is not node:
        return
    outside = spot.source.parent(call)
    if about.how == "lazy" and not isinstance(outside, ast.Await):
        safe = isinstance(outside, (ast.AsyncFor, ast.Attribute)) or (
            isinstance(outside, ast.comprehension) and outside.is_async == 1
        )
        title = f"{about.right}(...), which runs no query"
        yield FixPlan("safe" if safe else "unsafe", title, (Rename(spot.span(node), about.right),))
    elif about.how == "thread" and isinstance(outside, ast.Await):
        name, imports = spot.bridge()
        template = Template(spot.span(node), f"{name}({{0}}.{about.right})", (spot.span(node.value),))
        yield FixPlan("unsafe", f"await {name}({about.right})(...)", (template,), imports)
