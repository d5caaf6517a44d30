"""Code that is written for a failure: what it expects to be raised is no news."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django_async_migrate.syntax.nodes import nodes_in

from .frame import NO_QUERIES, Frame


def names_in(expr: ast.expr | None) -> set[str]:
    """Return the names in an expression: of the exceptions that a handler catches."""
    nodes = nodes_in(expr) if expr is not None else ()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def gives_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler of what Django refuses on the event loop has no other way: it ends by raising an error."""
    return "SynchronousOnlyOperation" in names_in(handler.type) and isinstance(handler.body[-1], ast.Raise)


@contextmanager
def expecting(frame: Frame, expressions: Sequence[ast.expr | None]) -> Iterator[None]:
    """Run code that expects exceptions: of its handlers, or of ``suppress(...)`` and ``pytest.raises(...)``."""
    names = {name for expr in expressions for name in names_in(expr)}
    guarded = "AttributeError" in names
    frame.guarded += guarded
    mark = len(frame.effects)
    yield
    frame.guarded -= guarded
    if "SynchronousOnlyOperation" in names:  # what Django refuses on the event loop goes another way there
        frame.forget(mark, NO_QUERIES)
