"""What happens when code runs: queries and lazy loads, each with the place it happens at."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .record import Record, record

EffectKind = Literal[
    "orm-call",
    "iteration",
    "length",
    "truth",
    "index",
    "membership",
    "repr",
    "related-call",
    "model-method",
    "raw",
    "foreign-key",
    "reverse-one-to-one",
    "generic-foreign-key",
    "deferred",
    "framework",
    "dispatch",
    "blocking",
    "to-loop",
    "mistake",
    "template",
    "template-hides",
    "idle",
    "absent",
]

#: Kinds that are lazy loads (DAM2xx); the others are queries somebody asked for (DAM1xx).
LAZY: frozenset[str] = frozenset({"foreign-key", "reverse-one-to-one", "generic-foreign-key", "deferred"})

#: Kinds whose row or construct names its rule. The further down, the less it matters where several things happen at
#: one place: a query comes first, then an API that is not there, one of Django's, what only blocks, and what does
#: nothing at all.
NAMED: tuple[str, ...] = ("absent", "framework", "to-loop", "blocking", "idle", "mistake")

#: Rules about what is short beside a request, and common: files and the cache. It is passed on to a function's callers
#: and theirs, no further.
SHORT: frozenset[str] = frozenset({"DAM410", "DAM505"})
SHORT_DEPTH = 2

#: Effects kept for one function: one finding per place is reported, so more add nothing.
MAX_EFFECTS = 6

#: What a template does that is rendered: a query that raises, and one whose error an ``{% if %}`` takes for false.
TEMPLATE: tuple[str, ...] = ("template", "template-hides")


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """An expression in a file."""

    path: str
    node: ast.AST
    function: str


@record
class Terminal(Record):
    """A sync method that queries; ``twin`` is its async form in the target Django, None where there is none.

    ``module``: where a function's async form is imported from.
    """

    __slots__ = ()

    twin: str | None
    module: str = ""


@record
class Shown(Record):
    """What a response schema reads of what is returned; ``row``: what a row is called where it is a queryset."""

    __slots__ = ()

    row: str = ""


@record
class Rows(Record):
    """A queryset that is evaluated; ``row`` is what one of its rows would be called.

    ``prefetches``: it may load further rows through ``prefetch_related``. ``iterator``: it is what ``iterator()`` gave.
    """

    __slots__ = ()

    row: str
    raw: bool = False
    prefetches: bool = False
    iterator: bool = False


@record
class Load(Record):
    """A relation or field that is loaded.

    ``column``: the attribute that holds the related primary key, where the relation has one; ``keys`` the names of
    that primary key. ``joins``: ``select_related`` gives the same rows, whatever the data.
    """

    __slots__ = ()

    relation: str
    column: str | None = None
    keys: tuple[str, ...] = ()
    null: bool = True
    joins: bool = False


@record
class Absent(Record):
    """An attribute that is not there; ``right`` is the name to use.

    ``how``: "lazy" where that name runs no query, "thread" where it has to be called in one.
    """

    __slots__ = ()

    right: str
    how: str


@record
class Effect(Record):
    """One query, seen from one function.

    ``site`` is the expression of that function whose evaluation reaches the query; ``steps`` lead from there
    down to the query itself, empty when it happens at ``site``. ``what`` names the query for people
    (``Post.objects.get()``), ``advice`` the way out. ``implicit``: reached through a property or dunder method.
    ``rule``: the code that claims an effect of a kind in ``NAMED``. ``about``: what a rewrite has to know of it; None
    where the receiver may be of several kinds.
    ``operand``: the expression whose value is evaluated, where it is not ``site`` itself.
    ``closes``: it closes connections of the thread it runs in.
    """

    __slots__ = ()

    kind: EffectKind
    site: Site
    what: str
    advice: str = ""
    certain: bool = True
    implicit: bool = False
    steps: tuple[tuple[Site, str], ...] = ()
    rule: str = ""
    about: Terminal | Rows | Load | Shown | Absent | None = None
    operand: ast.expr | None = None
    closes: bool = False


def telling(effects: Sequence[Effect]) -> Sequence[Effect]:
    """Return the effects worth passing on to a caller: a few queries, and at most one thing that only blocks."""
    if len(effects) > MAX_EFFECTS:  # what closes connections comes last, and tells of all before it
        effects = sorted(effects, key=lambda effect: not effect.closes)
    blocking = [effect for effect in effects if effect.kind == "blocking"]
    if not blocking:
        return effects[:MAX_EFFECTS]
    queries = [effect for effect in effects if effect.kind != "blocking"][:MAX_EFFECTS]
    near = [effect for effect in blocking if effect.rule not in SHORT or len(effect.steps) < SHORT_DEPTH]
    worst = min(near, key=lambda effect: (effect.rule in SHORT, not effect.certain), default=None)
    return [*queries, worst] if worst is not None else queries
