"""What the rules about middleware have in common."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from django_async_migrate.core.findings import Certainty, Fix, Span, Step

from .base import Fact, Facts

if TYPE_CHECKING:
    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.index.chain import Listed
    from django_async_migrate.index.classes import ClassInfo
    from django_async_migrate.index.functions import FunctionInfo
    from django_async_migrate.index.middleware import Middleware

Judge = Callable[["Middleware"], "str | None"]
#: Gives the rewrite of a middleware, or none and why.
Planner = Callable[["Middleware"], "tuple[FixPlan | None, str]"]


def judged(
    facts: Facts, judge: Judge, advice: str, certainty: Certainty = "certain", planner: Planner | None = None
) -> Iterator[Fact]:
    """Give a finding for each middleware of the selected files that ``judge`` says goes wrong on the event loop.

    One that something synchronous inside of it keeps from the loop goes wrong on the day that this changes.
    """
    for listed in facts.project.middleware.own(facts.selected):
        message = judge(listed.middleware)
        if message is None:
            continue
        plan, told = _planned(listed, advice, planner)
        inside = listed.sheltered.rpartition(".")[2]
        if inside:
            yield fact(listed, f"{message}. Not yet: {inside}, inside of it, is synchronous", told, "likely", plan)
        else:
            yield fact(listed, message, told, certainty, plan)


def in_use(facts: Facts) -> list[Listed]:
    """Return the middleware of the selected files that Django runs.

    That is what settings name. Where a project has no settings, as a library has none, its users will name it.
    """
    middleware = facts.project.middleware
    return [listed for listed in middleware.own(facts.selected) if listed.entries or not middleware.chains]


def findings(
    middleware: Iterable[Listed],
    judge: Judge,
    advice: str,
    certainty: Certainty = "certain",
    planner: Planner | None = None,
) -> Iterator[Fact]:
    """Give a finding for each middleware about which ``judge`` has something to say."""
    for listed in middleware:
        message = judge(listed.middleware)
        if message is not None:
            plan, told = _planned(listed, advice, planner)
            yield fact(listed, message, told, certainty, plan)


def _planned(listed: Listed, advice: str, planner: Planner | None) -> tuple[FixPlan | None, str]:
    """Return the rewrite, and the advice with what speaks against one."""
    plan, reason = planner(listed.middleware) if planner is not None else (None, "")
    return plan, f"{advice} (by hand: {reason})" if reason else advice


def fact(
    listed: Listed, message: str, advice: str, certainty: Certainty = "certain", plan: FixPlan | None = None
) -> Fact:
    """Return a finding at the definition of a middleware; its trace shows where settings name it."""
    definition = listed.middleware.definition
    trace = []
    for entry in listed.entries:
        span = entry.origin.module.parsed.span(entry.origin.node)
        trace.append(Step(span.path, span.line, span.column, "in MIDDLEWARE"))
    return Fact(
        span=head(definition),
        message=message,
        function=definition.qualname,
        trace=tuple(trace[:1]),
        certainty=certainty,
        fix=Fix("manual", advice) if plan is None else Fix(plan.applicability, plan.title),
        plans=() if plan is None else (plan,),
    )


def head(definition: FunctionInfo | ClassInfo) -> Span:
    """Return the span of ``class Name`` or ``def name``."""
    node = definition.node
    assert isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    span = definition.module.parsed.span(node)
    line = definition.module.parsed.lines[span.line - 1]
    end = line.index(node.name, span.column - 1) + len(node.name) + 1
    return Span(span.path, span.line, span.column, span.line, end)
