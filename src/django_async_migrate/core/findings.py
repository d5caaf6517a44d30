"""What a scan reports: findings, problems and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .edits import FixPlan

Severity = Literal["error", "warning", "info"]
Certainty = Literal["certain", "likely"]
Applicability = Literal["safe", "unsafe", "manual"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file; lines and columns count from 1, columns in characters, the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trace, from the coroutine down to the query."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What can be done about a finding; ``manual`` fixes are shown and never applied."""

    applicability: Applicability
    title: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A hazard, at the expression in the last coroutine whose evaluation reaches it.

    ``fingerprint`` names it in its file, ``content`` wherever the file is moved to (not unique).
    """

    code: str
    name: str
    severity: Severity
    certainty: Certainty
    message: str
    span: Span
    function: str
    trace: tuple[Step, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""
    content: str = field(default="", compare=False, repr=False)
    plans: tuple[FixPlan, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Bad input: a file that could not be read or parsed, or an internal error while analysing it."""

    path: str
    line: int
    stage: str
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Todo:
    """A TODO comment that a run with ``--insert-todos`` left in the code."""

    path: str
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class Target:
    """The Django version that findings are judged against, and where it was learned."""

    django: str
    source: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at, so that silence is not mistaken for safety.

    ``files``: how many were read for hazards. ``unknown``: why values stayed unknown (reason and number).
    ``suppressed``: findings silenced by ``noqa``. ``outside_problems``: broken files of the project outside
    the paths that were asked for. ``known``: findings that the baseline silences. ``notes``: what the user should
    know about the scan as a whole.
    """

    files: int = 0
    async_functions: int = 0
    parsed_files: int = 0
    unknown: tuple[tuple[str, int], ...] = ()
    suppressed: int = 0
    outside_problems: int = 0
    known: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scan looked at: the root of the project, the files from there, and whether those are all of it."""

    root: str
    selected: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one scan produced, sorted. ``hidden``: findings of the levels above the one that was asked for."""

    target: Target
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    todos: tuple[Todo, ...] = ()
    scope: Scope | None = field(default=None, compare=False, repr=False)
    hidden: tuple[Finding, ...] = ()
