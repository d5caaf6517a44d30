"""The analysis of one project: entry points, interpreter, incidents, findings."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from django_async_migrate.catalog import Catalog, load
from django_async_migrate.core.findings import Problem, Target
from django_async_migrate.index.modules import STARTERS
from django_async_migrate.index.project import Project
from django_async_migrate.interp.engine import Engine

from .entry_points import EntryPoint, entry_points
from .imports import missing_imports
from .incidents import Incident, incidents_of
from .named import named_points
from .resolvers import resolver_points

if TYPE_CHECKING:
    from django_async_migrate.syntax.tree import SourceTree

T = TypeVar("T")

#: Deep call chains recurse deeply in the interpreter.
_STACK = 512 * 1024 * 1024
_RECURSION = 60_000
#: The frame that the analysis runs in, in words; it takes 8 MB of addresses and, untouched, no memory.
#: CPython keeps frames in chunks of 16 KB and gives a chunk back when the call that asked for it is over: at an
#: unlucky depth that is two system calls for every call. A large frame gets a chunk of twice its size at most, and
#: what it leaves over serves the calls below it.
_FRAME = 600_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What rewrites have to know of all the times an expression was evaluated.

    ``querysets``: calls on, and expressions that are, querysets or managers whose rows are instances. ``others``:
    expressions that worked on something else at least once; ``other_values``: whose value was something else when it
    was iterated or tested. ``skipped``: functions that were also called with arguments
    that do not matter, and were not interpreted then. ``unsure``: functions that do something nobody can follow.
    ``keeps_user``: no middleware puts another user into the request than Django's. ``misawaited``: calls that stand
    behind an ``await`` though what they give cannot be awaited.
    """

    querysets: frozenset[ast.AST] = frozenset()
    others: frozenset[ast.AST] = frozenset()
    other_values: frozenset[ast.AST] = frozenset()
    skipped: frozenset[ast.AST] = frozenset()
    unsure: frozenset[ast.AST] = frozenset()
    keeps_user: bool = False
    misawaited: frozenset[ast.AST] = frozenset()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analysis found; paths are relative to the project root."""

    incidents: tuple[Incident, ...]
    problems: tuple[Problem, ...]
    async_functions: int
    unknown: tuple[tuple[str, int], ...]
    seen: Seen = Seen()


def analyse(tree: SourceTree, target: Target, catalog: Catalog | None = None, on_loop: Sequence[str] = ()) -> Analysis:
    """Analyse every coroutine of the selected files of a project.

    ``catalog``: what is known about libraries; what ships if None. ``on_loop``: patterns for the names of sync
    functions, or of their decorators, that a framework calls on the event loop.
    A crash while analysing one function becomes a problem that names it; the others are still analysed.
    """
    return _with_deep_stack(lambda: _analyse(tree, target, catalog or load(), on_loop))


def _analyse(tree: SourceTree, target: Target, catalog: Catalog, on_loop: Sequence[str]) -> Analysis:
    major, minor = (int(part) for part in target.django.split(".")[:2])
    project = Project(tree, catalog, (major, minor))
    engine = Engine(project, catalog, (major, minor))
    problems: list[Problem] = []
    functions = 0
    selected = frozenset(tree.selected)
    resolvers = [*resolver_points(project, tree), *named_points(project, tree, on_loop)]
    engine.on_loop.update(point.fn for point in resolvers)
    # Who calls a coroutine decides what it is given: every file's coroutines are analysed, whatever is reported.
    paths = [*tree.project_async_paths(), *sorted({point.fn.module.path for point in resolvers})]
    paths += tree.containing(*map(str.encode, STARTERS))
    for path in dict.fromkeys(paths):
        module = project.module(path)
        if module is None:
            continue
        points = list(entry_points(module))
        if path in selected:
            functions += len({point.fn for point in points if point.fn.is_async})
        points += [point for point in resolvers if point.fn.module.path == path]
        for point in points:
            problem = _run(engine, point)
            if problem is not None:
                problems.append(problem)
    if paths:
        # Last, so that what they are given is no kind of arguments that coroutines are looked at for.
        for fn in engine.sync_suspects():
            problem = _run(engine, EntryPoint(fn))
            if problem is not None:
                problems.append(problem)
        engine.outcome.incidents.extend(engine.proven_mistakes())
    lacking = [*engine.outcome.absent.values(), *missing_imports(project, (major, minor), selected)]
    found = incidents_of(project, [*engine.outcome.incidents, *lacking], selected)
    unknown = tuple(sorted(engine.outcome.unknown.items(), key=lambda pair: (-pair[1], pair[0])))
    seen = Seen()
    if found:
        outcome = engine.outcome
        instances = frozenset(node for node, plain in outcome.querysets.items() if plain)
        seen = Seen(
            instances,
            frozenset(outcome.others),
            frozenset(outcome.other_values),
            frozenset(outcome.skipped),
            frozenset(outcome.unsure),
            any(incident.effect.rule == "DAM401" for incident in found) and project.middleware.keeps_user,
            frozenset(node for node, (_, effect) in outcome.mistakes.items() if effect.rule == "DAM606"),
        )
    return Analysis(tuple(found), tuple(problems), functions, unknown, seen)


def _run(engine: Engine, point: EntryPoint) -> Problem | None:
    try:
        engine.root(point.fn, point.cls)
    except Exception as error:
        if engine.strict:
            raise
        return Problem(
            point.fn.module.path,
            getattr(point.fn.node, "lineno", 1),
            "internal",
            f"analysing {point.fn.qualname} failed: {type(error).__name__}: {error}",
        )
    return None


def _with_deep_stack(work: Callable[[], T]) -> T:
    """Run in a thread with a stack that fits the interpreter's recursion."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            failure.append(error)

    run.__code__ = run.__code__.replace(co_stacksize=_FRAME)
    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
    sys.setrecursionlimit(_RECURSION)
    try:
        thread = threading.Thread(target=run, name="analysis")
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if failure:
        raise failure[0]
    return result[0]
