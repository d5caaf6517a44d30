"""Incidents: effects of coroutines, one for each place in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import NAMED, Effect, Site
from django_async_migrate.core.findings import Span, Step
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.survey import is_test
from django_async_migrate.templates.code import Code

from .choices import Choices

if TYPE_CHECKING:
    from django_async_migrate.index.project import Project


@dataclass(frozen=True, slots=True)
class Incident:
    """An effect with its places as spans; ``effects`` are all that were seen at this place."""

    effect: Effect
    span: Span
    here: str
    function: str
    trace: tuple[Step, ...]
    effects: tuple[Effect, ...] = ()


def incidents_of(
    project: Project, effects: Iterable[tuple[FunctionInfo | None, Effect]], selected: frozenset[str]
) -> list[Incident]:
    """Return one incident for each place of the selected files, sorted; a certain effect outranks a likely one."""
    places: dict[Span, tuple[FunctionInfo | None, Effect]] = {}
    every: dict[Span, list[Effect]] = {}
    choices = Choices(project)
    for fn, found_effect in effects:
        effect = choices.judged(found_effect)
        if effect is None:
            continue
        if effect.kind == "idle" and project.survey.unsafe:
            continue  # queries may run on the event loop there: it has connections of its own
        if effect.site.path not in selected or (effect.kind == "blocking" and _has_the_loop(project, effect)):
            continue  # nobody waits for the event loop
        span = _span(project, effect.site)
        every.setdefault(span, []).append(effect)
        known = places.get(span)
        if known is None or _rank(effect) < _rank(known[1]):
            places[span] = (fn, effect)
        elif effect.certain and not known[1].certain and _rank(effect) == _rank(known[1]):
            places[span] = (known[0], replace(known[1], certain=True))
    found = []
    for span in sorted(places):
        fn, effect = places[span]
        verb = _VERBS.get(effect.kind, "queries") if effect.rule != "DAM611" else "queries"
        trace = tuple(_step(project, site, message, verb) for site, message in effect.steps)
        function = fn.qualname if fn is not None else effect.site.function
        # That nobody can await what it gives is no other thing it does.
        others = tuple(other for other in every[span] if other.rule == effect.rule or other.rule != "DAM606")
        found.append(Incident(effect, span, short_text(effect.site.node), function, trace, others))
    return found


def _has_the_loop(project: Project, effect: Effect) -> bool:
    """Whether what blocks keeps nobody waiting: it is a test, or a script that works on its files."""
    path = effect.site.path
    return is_test(path) or (effect.rule in _OF_SCRIPTS and project.survey.is_script(path))


#: What scripts do all the time: processes and files.
_OF_SCRIPTS = frozenset({"DAM503", "DAM505"})
#: What is said of the last step; nothing of a step that says all itself.
_VERBS = {"blocking": "blocks", "to-loop": "runs a loop", "idle": "closes nothing", "mistake": ""}


def _rank(effect: Effect) -> int:
    """Return how little an effect matters beside others at the same place; a query, and what reaches one, is 0."""
    if effect.kind not in NAMED or (effect.kind == "framework" and effect.steps):
        return 0
    return 1 + NAMED.index(effect.kind)


def _span(project: Project, site: Site) -> Span:
    node = site.node
    if isinstance(node, Code):
        width = (node.end_col_offset or 0) - node.col_offset
        return Span(site.path, node.lineno, node.col_offset + 1, node.lineno, node.col_offset + width + 1)
    module = project.module(site.path)
    assert module is not None
    assert isinstance(node, (ast.expr, ast.stmt, ast.excepthandler, ast.arg, ast.keyword, ast.alias, ast.pattern))
    return module.parsed.span(node)


def _step(project: Project, site: Site, message: str, verb: str) -> Step:
    span = _span(project, site)
    if verb == "":
        return Step(span.path, span.line, span.column, message)
    if isinstance(site.node, Code):
        return Step(span.path, span.line, span.column, f"{message} {verb} here" if message else site.node.text)
    text = f"{message} {verb} here" if message else f"{short_text(site.node)} in {site.function}"
    return Step(span.path, span.line, span.column, text)


def short_text(node: ast.AST) -> str:
    """Return the source of an expression on one line, cut where it is long."""
    if isinstance(node, Code):
        return node.text
    try:
        source = " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError):
        return "..."
    return source if len(source) <= 60 else source[:57] + "..."
