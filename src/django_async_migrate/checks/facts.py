"""Findings of the rules that need no interpreter: middleware, settings, declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_async_migrate.catalog import Catalog, load
from django_async_migrate.core.findings import Finding, Target
from django_async_migrate.index.project import Project

from .base import Facts, by_hand
from .registry import fact_rules

if TYPE_CHECKING:
    from django_async_migrate.syntax.tree import SourceTree


def fact_findings(tree: SourceTree, target: Target, catalog: Catalog | None = None) -> list[Finding]:
    """Return the findings of all fact rules in the selected files of a project, sorted by place and code."""
    facts = Facts(Project(tree, catalog or load()), target, frozenset(tree.selected))
    findings = {
        Finding(
            code=rule.code,
            name=rule.name,
            severity=fact.severity or rule.severity,
            certainty=fact.certainty,
            message=fact.message,
            span=fact.span,
            function=fact.function,
            trace=fact.trace,
            fix=fact.fix or by_hand(rule),
            plans=fact.plans,
        )
        for rule in fact_rules()
        for fact in (rule.find(facts) if rule.find is not None else ())
        # Files that hold no Python are nobody's selection: their rules look at what is selected.
        if fact.span.path in facts.selected or not fact.span.path.endswith(".py")
    }
    return sorted(findings, key=lambda finding: (finding.span, finding.code, finding.message))
