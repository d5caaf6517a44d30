"""What a rule is: a code, and the effect or the facts that it turns into findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_async_migrate.core.effects import LAZY, NAMED, TEMPLATE, Effect
from django_async_migrate.core.findings import Certainty, Fix, Severity, Span, Step
from django_async_migrate.core.record import Record, record
from django_async_migrate.templates.code import Code

if TYPE_CHECKING:
    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.core.findings import Target
    from django_async_migrate.index.project import Project


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``kinds`` are the effects it claims; ``reached`` how the coroutine reaches them.

    ``reached`` is "directly", "helper" (through a sync function), "implicit" (through a property or dunder
    method) or several of them. ``find`` gives further findings, of what the index alone tells: as in a ``FactRule``.
    ``instead``: what to do about a finding for which nobody has planned a fix. ``messages``: what is said in place of
    ``message`` where an effect has a certain advice.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    message: str
    kinds: frozenset[str]
    reached: frozenset[str]
    find: Callable[[Facts], Iterable[Fact]] | None = None
    instead: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)

    def claims(self, effect: Effect) -> bool:
        """Whether an effect is a finding of this rule."""
        if names_rule(effect) and effect.rule != self.code:
            return False  # its row says which rule it belongs to
        return effect.kind in self.kinds and way(effect) in self.reached


@dataclass(frozen=True, slots=True)
class Facts:
    """What a fact rule may look at: the index of the project. Nothing of it was interpreted.

    ``selected``: the files that findings are reported for. A rule may read any file; findings in others are dropped.
    ``shared``: what one rule has worked out for others that ask the same.
    """

    project: Project
    target: Target
    selected: frozenset[str]
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def version(self) -> tuple[int, int]:
        """The target release of Django."""
        major, minor = self.target.django.split(".")[:2]
        return int(major), int(minor)


@record
class Fact(Record):
    """One finding of a fact rule. ``span``: the definition or the settings entry it points at.

    ``severity``: where it is not that of the rule.
    """

    __slots__ = ()

    span: Span
    message: str
    function: str
    trace: tuple[Step, ...] = ()
    certainty: Certainty = "certain"
    fix: Fix | None = None
    plans: tuple[FixPlan, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class FactRule:
    """A rule about declarations and settings, which needs no interpreter.

    It is asked only in projects with async code. ``find`` gives its findings, in any order; it must not depend on
    which files are selected. ``instead``: what to do about a finding that comes without a fix.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    find: Callable[[Facts], Iterable[Fact]]
    instead: str = ""


AnyRule = Rule | FactRule


def by_hand(rule: AnyRule) -> Fix | None:
    """Return what a rule says where there is no fix."""
    return Fix("manual", rule.instead) if rule.instead else None


def names_rule(effect: Effect) -> bool:
    """Whether an effect says itself which rule claims it."""
    if effect.kind in NAMED:
        return not effect.steps or effect.kind in {"mistake", "idle"}
    return effect.kind == "dispatch"


def way(effect: Effect) -> str:
    """Return how the coroutine reaches an effect."""
    if not effect.steps or effect.kind == "mistake":
        return "directly"
    if effect.kind in TEMPLATE and isinstance(effect.steps[0][0].node, Code):
        return "directly"
    return "implicit" if effect.implicit and effect.kind in LAZY else "helper"
