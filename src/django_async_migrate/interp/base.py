"""What every part of the engine shares: caches, and the calls between the parts."""

from __future__ import annotations

import ast
import os
from collections.abc import Hashable, Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Effect
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.mentions import Relevance
from django_async_migrate.index.modules import Assigned, ModuleInfo
from django_async_migrate.index.waits import OnPaths, Waits
from django_async_migrate.values.forms import Forms
from django_async_migrate.values.heap import Heap
from django_async_migrate.values.types import (
    Func,
    Value,
)

from .frame import Frame
from .names import Names

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.catalog.rows import Function as FunctionRow
    from django_async_migrate.index.project import Project
    from django_async_migrate.index.usages import Use

#: Calls nested deeper than this are cut off; what is below stays unknown.
MAX_DEPTH = 14

Kwargs = Seq[tuple[str, Value]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function with arguments of one kind does and gives, in canonical object numbers."""

    returned: Value
    yielded: Value
    heap: Heap
    effects: tuple[Effect, ...]
    writes: tuple[tuple[str, Value], ...] = ()
    depends: frozenset[FunctionInfo] = frozenset()
    marks: tuple[str, ...] = ()  # what it has remembered: see ``Frame.remember``


@dataclass
class Outcome:
    """Effects of coroutines, collected while summaries are computed."""

    incidents: list[tuple[FunctionInfo, Effect]] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    #: Calls on, and expressions that are, querysets and managers; False where rows may be no instances.
    querysets: dict[ast.AST, bool] = field(default_factory=dict)

    #: Attributes that are read though they are not there, with the function that does.
    absent: dict[ast.AST, tuple[FunctionInfo, Effect]] = field(default_factory=dict)
    #: Expressions that worked on something else at least once (a call, an index, ``in``).
    others: set[ast.AST] = field(default_factory=set)
    #: Expressions whose value was something else when it was iterated or tested.
    other_values: set[ast.AST] = field(default_factory=set)

    #: Functions that were called with arguments that do not matter, and were not interpreted then.
    skipped: set[ast.AST] = field(default_factory=set)

    #: Functions that do something nobody can follow, themselves or through what they call.
    unsure: set[ast.AST] = field(default_factory=set)

    #: Uses of a value that go wrong with what it was, in whatever thread the code runs; the last of each place.
    mistakes: dict[ast.expr, tuple[FunctionInfo, Effect]] = field(default_factory=dict)
    #: Expressions whose value was put to the same use and did no harm at least once.
    harmless: set[ast.expr] = field(default_factory=set)
    #: Calls of which nobody knew at least once what they run.
    doubted: set[ast.expr] = field(default_factory=set)

    def saw_queryset(self, node: ast.AST, instances: bool) -> None:
        """Note that a node works on a queryset or manager; ``instances``: whose rows are instances."""
        self.querysets[node] = instances and self.querysets.get(node, True)


class EngineBase(Names):
    """State of one analysis; the engine's parts derive from it."""

    def __init__(self, project: Project, catalog: Catalog, version: tuple[int, int]) -> None:
        self.project = project
        self.catalog = catalog
        self.version = version
        self.outcome = Outcome()
        self.strict = bool(os.environ.get("DJANGO_ASYNC_MIGRATE_STRICT"))  # crashes are fatal under test
        self._summaries: dict[Hashable, Summary] = {}
        self._forms = Forms()
        self._active: set[Hashable] = set()
        self._variants: dict[tuple[FunctionInfo, ...], int] = {}  # by function and those it closes over
        self._always: dict[tuple[FunctionInfo, ...], tuple[Effect, ...]] = {}  # what every kind of call did so far
        self._self_attributes: dict[tuple[ClassInfo, FunctionInfo], dict[str, tuple[Value, Heap]]] = {}
        self._nested_run: set[FunctionInfo] = set()
        self._partial: dict[Hashable, list[Summary]] = {}
        self._stack: list[FunctionInfo] = []
        self._managers: dict[FunctionInfo, tuple[tuple[ast.expr, FunctionRow], ...]] = {}
        self._parents: set[ClassInfo] = set()
        self.registrations = project.registrations
        self.relevance = Relevance(project)
        self.waits = Waits(project, self.relevance.mentions)
        self.on_paths = OnPaths(project, self.relevance.mentions)
        self._waiting: dict[tuple[FunctionInfo, ClassInfo | None], Summary | None] = {}
        self._makers: set[tuple[FunctionInfo, ClassInfo | None]] = set()  # of objects that block
        self._filling: set[Assigned] = set()
        self._filled: dict[Assigned, tuple[Value, Heap]] = {}
        self._written: list[tuple[ast.expr, tuple[Value, Heap]]] = []
        self._subclasses: dict[tuple[ClassInfo, str], list[ClassInfo]] = {}
        self.on_loop: set[FunctionInfo] = set()  # sync functions that a framework calls on the loop
        self._forced: FunctionInfo | None = None
        self._watched: dict[FunctionInfo, Mapping[ast.expr, Use]] = {}
        self._suspects: dict[FunctionInfo, bool] = {}
        self.remembers = False  # whether some code has asked for what is asked for once in a process
        self._bridge_names: dict[ModuleInfo, frozenset[str]] = {}
        self.setup()

    @property
    def recursing(self) -> bool:
        """Whether some function is running inside itself."""
        return len(self._stack) != len(set(self._stack))

    def gives_plain(self, fn: FunctionInfo | None, call: ast.expr) -> bool:
        """Whether a call is one of Django's or Python's own functions, whose result nobody can await."""
        raise NotImplementedError

    def may_call_indirectly(self, fn: FunctionInfo) -> bool:
        """Whether a function may call a coroutine function under another name."""
        raise NotImplementedError

    def suspects(self, fn: FunctionInfo) -> bool:
        """Whether a function may, by the names it holds, misuse a coroutine."""
        raise NotImplementedError

    def makes_what_blocks(self, frame: Frame, func: Func) -> bool:
        """Whether a function gives an object whose methods block."""
        raise NotImplementedError

    def observe(self, frame: Frame, node: ast.expr, value: Value, use: Use) -> None:
        """Judge the use that code makes of a value."""
        raise NotImplementedError

    def is_view(self, fn: FunctionInfo) -> bool:
        """Whether Django calls a function as a view, or as the handler of one."""
        raise NotImplementedError

    def subclasses_with(self, cls: ClassInfo, name: str) -> list[ClassInfo]:
        """Return the project classes that derive from ``cls`` and bind ``name`` to more than a stub."""
        raise NotImplementedError

    def count_unknown(self, reason: str) -> None:
        """Count why a value stayed unknown."""
        counts = self.outcome.unknown
        counts[reason] = counts.get(reason, 0) + 1

    def run(
        self,
        frame: Frame,
        func: Func,
        args: Seq[Value],
        kwargs: Kwargs,
        node: ast.AST,
        implicit: bool = False,
        awaited: bool = False,
        generator: bool = False,
    ) -> Value:
        """Call a project function from a frame: apply its summary there and return its result."""
        raise NotImplementedError

    def _declared_result(self, frame: Frame, fn: FunctionInfo, node: ast.AST, otherwise: Value | None = None) -> Value:
        raise NotImplementedError
