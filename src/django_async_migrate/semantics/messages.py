"""Messages of a request: where they are kept decides whether reading them loads the session."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Lazy, Object
from django_async_migrate.values.types import NONE, Func, Value

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]
_READ = "django.contrib.messages.get_messages"


def are_in_sessions(m: Machine) -> bool:
    """Whether the settings of the project keep messages in sessions; Django keeps them in cookies first."""
    tree = m.project.tree
    return any(
        b"storage.session.SessionStorage" in (tree.data(path) or b"") for path in tree.containing(b"MESSAGE_STORAGE")
    )


def messages_of(m: Machine, request: Value, node: ast.AST) -> Value | None:
    """Return the messages that a request gives to templates; None where reading them is free."""
    double = m.project.doubles.function(_READ)
    return m.call(Func(double), [request], (), node) if double is not None and are_in_sessions(m) else None


def _read(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    state = m.state(args[0])
    slot = state.attrs.get("session") if isinstance(state, Object) else None
    session = m.state(slot.value) if slot is not None else None
    if slot is None or not isinstance(session, Lazy) or session.value is not None or not are_in_sessions(m):
        return NONE
    m.effect(node, "orm-call", "", "run it through sync_to_async", False)
    with m.muted():
        m.force(slot.value, node)
    return NONE


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {"django.doubles.messages_read": _read}
