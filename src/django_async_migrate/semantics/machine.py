"""What the meaning of Django's and Python's objects needs from the interpreter."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from django_async_migrate.core.effects import EffectKind, Load, Rows, Terminal
from django_async_migrate.values.heap import State
from django_async_migrate.values.types import Ref, Value

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.index.functions import FunctionInfo
    from django_async_migrate.index.project import Project


class Machine(Protocol):
    """The interpreter as ``semantics`` sees it: a heap, effects, and calls back into project code."""

    @property
    def project(self) -> Project: ...

    @property
    def catalog(self) -> Catalog: ...

    @property
    def fn(self) -> FunctionInfo | None:
        """The function that is interpreted; None for code of a module."""

    @property
    def version(self) -> tuple[int, int]:
        """Target Django version."""
        ...

    @property
    def is_muted(self) -> bool:
        """Whether the code that runs now runs in a thread."""
        ...

    @property
    def recursing(self) -> bool:
        """Whether some function is running inside itself."""
        ...

    def state(self, value: Value) -> State | None:
        """Return the heap state of a ``Ref``; None for other values."""
        ...

    def put(self, ref: Ref, state: State) -> None:
        """Replace the heap state of an object."""
        ...

    def alloc(self, node: ast.AST | object, state: State, tag: object = "") -> Ref:
        """Make a new object at a place in the code; the same place gives the same object again."""
        ...

    def effect(
        self,
        node: ast.AST,
        kind: EffectKind,
        what: str = "",
        advice: str = "",
        certain: bool = True,
        rule: str = "",
        about: Terminal | Rows | Load | None = None,
        value: Value | None = None,
        closes: bool = False,
    ) -> None:
        """Record that evaluating ``node`` runs a query; ``what`` defaults to its source text.

        ``value`` is what is evaluated, where that is an argument of the call ``node``. ``closes``: it closes
        connections.
        """
        ...

    def remember(self, what: str) -> None:
        """Note that something happened that is done once in a process: a cache is filled."""
        ...

    def remembers(self, what: str) -> bool:
        """Whether that happened before, on some way to here."""
        ...

    def call(
        self,
        func: Value,
        args: Seq[Value],
        kwargs: Seq[tuple[str, Value]],
        node: ast.AST,
        implicit: bool = False,
    ) -> Value:
        """Call a value."""
        ...

    def dispatched(
        self, func: Value, args: Seq[Value], kwargs: Seq[tuple[str, Value]], node: ast.AST, rule: str, advice: str
    ) -> None:
        """Call project code as a framework does at ``node``; a query in it is an effect of its own kind there."""
        ...

    def iterate(self, value: Value, node: ast.AST, asynchronous: bool = False) -> Value:
        """Iterate over a value and return what one element may be."""
        ...

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """Read an attribute of a value."""
        ...

    def await_(self, value: Value, node: ast.AST) -> Value:
        """Await a value and return its result."""
        ...

    def truth(self, value: Value, node: ast.AST) -> bool | None:
        """Test a value; return its truth where it is known."""
        ...

    def stringify(self, value: Value, node: ast.AST, how: str = "str") -> None:
        """Make text of a value; ``how`` is "str", "repr" or "format"."""
        ...

    def force(self, value: Value, node: ast.AST) -> Value:
        """Return what a lazy object stands for; other values as they are."""
        ...

    def render(self, names: Value, context: Value | None, request: Value | None, node: ast.AST) -> None:
        """Render a template, given by its name or by several of which the first that exists counts."""
        ...

    def render_text(self, text: Value, context: Value | None, node: ast.AST, line: int) -> None:
        """Render a template that is given as text, at a line of the file."""
        ...

    def names_like(self, value: Value, prefix: str, suffix: str) -> list[str]:
        """Return the members of an object's or class's project class whose names fit."""
        ...

    def store_attribute(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        """``setattr(owner, name, value)``."""
        ...

    def special(self, value: Value, name: str, args: Seq[Value], node: ast.AST) -> Value | None:
        """Call a special method that project code defines; None when it defines none."""
        ...

    def entered(self, manager: Value, node: ast.AST, asynchronous: bool) -> Value:
        """Enter a context manager and return what it gives."""
        ...

    def tagged(self, tag: object) -> AbstractContextManager[None]:
        """Return a context manager that keeps objects made at one place apart by a tag."""
        ...

    def doubted(self) -> AbstractContextManager[None]:
        """Return a context manager under which effects are likely, not certain."""
        ...

    def unknown(self, reason: str) -> Value:
        """Return an unknown value and count why."""
        ...

    def text(self, node: ast.AST) -> str:
        """Return short source text of an expression, for messages."""
        ...

    def muted(self) -> AbstractContextManager[None]:
        """Return a context manager under which effects are not recorded: code that runs in a thread."""
        ...
