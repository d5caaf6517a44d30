"""Rewrites as data: what to change in which expression. Only ``rewrite`` knows how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .findings import Applicability, Finding, Fix, Report, Span
from .record import Record, record


@record
class Await(Record):
    """Put ``await`` before an expression, in parentheses where the place asks for them."""

    __slots__ = ()

    span: Span


@record
class Rename(Record):
    """Give a name or the last part of a dotted name another name."""

    __slots__ = ()

    span: Span
    name: str


@record
class Template(Record):
    """Replace an expression by new code; ``{0}``, ``{1}`` in it stand for parts of the old, by their spans."""

    __slots__ = ()

    span: Span
    source: str
    holes: tuple[Span, ...]


@record
class AddArgument(Record):
    """Add positional arguments to a call, after those it has."""

    __slots__ = ()

    span: Span
    arguments: tuple[str, ...]


@record
class AsyncFor(Record):
    """Make the loop or comprehension clause over an iterable asynchronous; ``span`` is that of the iterable."""

    __slots__ = ()

    span: Span


@record
class ListOf(Record):
    """Turn a generator expression into a list comprehension; ``span`` is that of its element."""

    __slots__ = ()

    span: Span


@record
class Before(Record):
    """Insert a statement before the statement that holds ``span``."""

    __slots__ = ()

    span: Span
    source: str
    holes: tuple[Span, ...] = ()


@record
class MakeAsync(Record):
    """Make a function a coroutine function; ``span`` is that of the name in its ``def``."""

    __slots__ = ()

    span: Span


@record
class Twin(Record):
    """Put an async copy of a function below it; ``span`` is that of the name in its ``def``."""

    __slots__ = ()

    span: Span
    name: str


@record
class Outsource(Record):
    """Put the ``with`` statement of a context manager, at ``span``, into a function that is run in its place.

    ``name``: the function's. ``call``: what runs it, with ``{0}`` for the name. ``outer``: variables of the coroutine
    that the statement binds. ``given``: variables that only the statement binds, and code after it reads.
    ``returns``: whether the statement ends the coroutine with a ``return`` of its own.
    """

    __slots__ = ()

    span: Span
    name: str
    call: str
    outer: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    returns: bool = False


@record
class Redefine(Record):
    """Replace a function or class of the top level by new source, that of the old with lines put in.

    ``span`` is that of the name in its ``def`` or ``class``.
    """

    __slots__ = ()

    span: Span
    source: str


@record
class AlsoImport(Record):
    """Import another name from wherever a name is imported from."""

    __slots__ = ()

    path: str
    known: str
    name: str


@record
class Import(Record):
    """Make ``from module import name`` available at the top of a file."""

    __slots__ = ()

    path: str
    module: str
    name: str


Edit: TypeAlias = (
    Await | Rename | Template | AddArgument | AsyncFor | ListOf | Before | MakeAsync | Twin | Outsource | Redefine
)


@record
class FixPlan(Record):
    """One way to fix a finding: all of its edits or none. A ``manual`` plan has none: it is advice.

    ``creates``: coroutines that this makes, by path and dotted name. What they reach has to be fixed as well.
    """

    __slots__ = ()

    applicability: Applicability
    title: str
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import | AlsoImport, ...] = ()
    creates: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The files this changes."""
        return frozenset(edit.span.path for edit in self.edits) | {entry.path for entry in self.imports}


@record
class Change(Record):
    """A file before and after all rewrites; ``path`` is relative to the working directory."""

    __slots__ = ()

    path: str
    before: bytes
    after: bytes


@record
class Suggestion(Record):
    """What the rewrite of one finding changes: by path, regions of the text and what takes their place."""

    __slots__ = ()

    title: str
    changes: tuple[tuple[str, tuple[tuple[Span, str], ...]], ...]


@record
class Applied(Record):
    """A fix that was applied; ``line`` is that of the finding in the file as it was before all fixes."""

    __slots__ = ()

    code: str
    path: str
    line: int
    function: str
    title: str
    applicability: Applicability


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """What fixing did: the report on what is left, the files that change, what was applied, what was refused.

    ``open``: by fingerprint, what is left to do about findings of which a rewrite was refused. ``marked``: the TODO
    comments put in, by path and code; ``unmarked``: how many were taken away.
    """

    report: Report
    changes: tuple[Change, ...] = ()
    applied: tuple[Applied, ...] = ()
    refused: tuple[tuple[Finding, str], ...] = ()
    open: Mapping[str, Fix] = field(default_factory=dict)
    marked: tuple[tuple[str, str], ...] = ()
    unmarked: int = 0
