"""Findings: incidents that a rule claims."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import LAZY, TEMPLATE, Effect
from django_async_migrate.core.findings import Finding, Fix, Problem, Target
from django_async_migrate.reach.analysis import analyse
from django_async_migrate.reach.incidents import short_text

from .base import by_hand
from .registry import claiming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_async_migrate.catalog import Catalog
    from django_async_migrate.core.edits import FixPlan
    from django_async_migrate.reach.incidents import Incident
    from django_async_migrate.syntax.tree import SourceTree

    from .base import Rule
    from .plans.planning import Planning


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a scan of a source tree found; paths are relative to the project root."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    async_functions: int
    unknown: tuple[tuple[str, int], ...]


def analyze(
    tree: SourceTree,
    target: Target,
    strategy: str = "",
    trusted: frozenset[tuple[str, str]] = frozenset(),
    catalog: Catalog | None = None,
    on_loop: Sequence[str] = (),
) -> Analysis:
    """Analyse a source tree and return the findings of all rules, sorted by place and code.

    ``strategy``: how sync helpers are to be fixed (``helper-strategy``), empty when nothing is rewritten. ``trusted``:
    coroutines of which all callers are known. ``catalog`` and ``on_loop``: see ``analyse``.
    """
    analysis = analyse(tree, target, catalog, on_loop)
    findings = []
    if analysis.incidents:
        from .plans.planning import Planning

        flagged = frozenset(i.effect.site.node for i in analysis.incidents if i.effect.kind != "blocking")
        planning = Planning(tree, target, analysis.seen, strategy, trusted, flagged)
        for incident in analysis.incidents:
            rule = claiming(incident.effect)
            if rule is not None:
                findings.append(finding_of(rule, incident, planning))
        findings.sort(key=lambda f: (f.span, f.code))
    return Analysis(tuple(findings), analysis.problems, analysis.async_functions, analysis.unknown)


def finding_of(rule: Rule, incident: Incident, planning: Planning) -> Finding:
    """Return the finding a rule makes of an incident."""
    effect = incident.effect
    plans = planning.plans(incident, _advice(effect))
    return Finding(
        code=rule.code,
        name=rule.name,
        severity="error" if effect.kind == "framework" and "blocking" in rule.kinds else rule.severity,
        certainty="certain" if effect.certain else "likely",
        message=rule.messages.get(effect.advice, rule.message).format(
            what=effect.what, here=incident.here, how=effect.advice
        ),
        span=incident.span,
        function=incident.function,
        trace=incident.trace,
        fix=_shown(plans) or by_hand(rule),
        plans=plans,
    )


def _shown(plans: tuple[FixPlan, ...]) -> Fix | None:
    """Return the fix a report names: the first safe one, else the first."""
    best = next((plan for plan in plans if plan.applicability == "safe"), plans[0] if plans else None)
    return Fix(best.applicability, best.title) if best is not None else None


def _advice(effect: Effect) -> str:
    """Return what to do about an effect, in terms of the code at the finding."""
    if not effect.advice:
        return ""
    if not effect.steps:
        node = effect.site.node
        if effect.advice.startswith("await .") and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return f"await {short_text(node.func.value)}{effect.advice[6:]}"
        return effect.advice
    if effect.kind == "blocking":
        return f"run this call through asyncio.to_thread, or make it async (inside: {effect.advice})"
    if effect.kind in TEMPLATE:
        return "run this call through sync_to_async"
    if effect.kind in LAZY:
        return f"{effect.advice} before this, or run this call through sync_to_async"
    return f"run this call through sync_to_async, or make it async (inside: {effect.advice})"
