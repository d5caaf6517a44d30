"""SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json

from django_async_migrate.report.plain import uri, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django_async_migrate.core.edits import Suggestion
    from django_async_migrate.core.findings import Finding, Problem, Report, Span, Step

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_FAMILIES = {
    "0": "configuration",
    "1": "query",
    "2": "lazy-loading",
    "3": "middleware",
    "4": "django-api",
    "5": "blocking-call",
    "6": "coroutine",
    "7": "transaction",
    "8": "entry-point",
    "9": "settings",
}


def sarif_text(report: Report, version: str, suggestions: Mapping[str, Suggestion] | None = None) -> str:
    """Return the report as SARIF, the same bytes for the same report.

    ``version`` is the tool's. ``suggestions``: by fingerprint, what a rewrite of a finding would change.
    """
    codes = sorted({finding.code for finding in report.findings})
    known = suggestions or {}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "django-async-migrate",
                        "version": version,
                        "semanticVersion": version,
                        "rules": _rules(codes),
                    }
                },
                "invocations": [_invocation(report)],
                "originalUriBaseIds": {_BASE: {"description": {"text": "The folder in which the scan ran."}}},
                "columnKind": "unicodeCodePoints",
                "properties": {"django": report.target.django, "djangoSource": report.target.source},
                "results": [
                    _result(finding, codes.index(finding.code), known.get(finding.fingerprint))
                    for finding in report.findings
                ],
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _rules(codes: Sequence[str]) -> list[dict[str, object]]:
    if not codes:
        return []
    from django_async_migrate.checks.registry import all_rules
    from django_async_migrate.report.rules import explain

    known = {rule.code: rule for rule in all_rules()}
    entries: list[dict[str, object]] = []
    for code in codes:
        rule = known[code]
        page = explain(code)
        kind = {"error": "correctness", "warning": "performance"}.get(rule.severity, "advice")
        entries.append(
            {
                "id": code,
                "name": rule.name,
                "shortDescription": {"text": rule.summary},
                "fullDescription": {"text": _section(page) or rule.summary},
                "help": {"text": page, "markdown": page},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                "properties": {
                    "tags": ["async", "django", _FAMILIES[code[3]], kind],
                    "problem.severity": {"info": "recommendation"}.get(rule.severity, rule.severity),
                    "precision": "high",
                },
            }
        )
    return entries


def _section(page: str) -> str:
    """Return the first paragraph of a rule's page."""
    after = page.partition("\n## What it does\n")[2].strip()
    return " ".join(after.partition("\n\n")[0].split())


def _invocation(report: Report) -> dict[str, object]:
    """Return how the scan went: its problems and notes are notifications."""
    notifications: list[dict[str, object]] = [_notification(problem) for problem in report.problems]
    notifications += [{"level": "note", "message": {"text": _text(note)}} for note in report.coverage.notes]
    return {
        "executionSuccessful": not any(problem.stage == "internal" for problem in report.problems),
        "toolExecutionNotifications": notifications,
    }


def _notification(problem: Problem) -> dict[str, object]:
    return {
        "level": "error",
        "descriptor": {"id": problem.stage},
        "message": {"text": _text(problem.message)},
        "locations": [{"physicalLocation": _place(problem.path, {"startLine": max(problem.line, 1)})}],
    }


def _result(finding: Finding, rule: int, suggestion: Suggestion | None) -> dict[str, object]:
    span = finding.span
    entry: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(finding.message)},
        "locations": [
            {
                "physicalLocation": _place(span.path, _region(span)),
                "logicalLocations": [{"fullyQualifiedName": finding.function, "kind": "function"}],
            }
        ],
        "partialFingerprints": {"djangoAsyncMigrate/v1": finding.fingerprint},
        "properties": {"certainty": finding.certainty},
    }
    if finding.trace:
        first = {
            "location": {
                "physicalLocation": _place(span.path, _region(span)),
                "message": {"text": _text(finding.message)},
            }
        }
        steps = [first, *(_step(step) for step in finding.trace)]
        entry["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if suggestion is not None:
        entry["fixes"] = [
            {
                "description": {"text": _text(suggestion.title)},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": uri(path), "uriBaseId": _BASE},
                        "replacements": [
                            {
                                "deletedRegion": {
                                    "startLine": part.line,
                                    "startColumn": part.column,
                                    "endLine": part.end_line,
                                    "endColumn": part.end_column,
                                },
                                "insertedContent": {"text": text},
                            }
                            for part, text in parts
                        ],
                    }
                    for path, parts in suggestion.changes
                ],
            }
        ]
    elif finding.fix is not None:
        entry["properties"] = {
            "certainty": finding.certainty,
            "fix": {"applicability": finding.fix.applicability, "title": visible(finding.fix.title)},
        }
    return entry


def _step(step: Step) -> dict[str, object]:
    region = {"startLine": step.line, "startColumn": step.column}
    return {"location": {"physicalLocation": _place(step.path, region), "message": {"text": _text(step.message)}}}


def _place(path: str, region: dict[str, int]) -> dict[str, object]:
    return {"artifactLocation": {"uri": uri(path), "uriBaseId": _BASE}, "region": region}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _text(text: str) -> str:
    """Return the text of a message: code such as ``rows[0](1)`` must not become a link."""
    shown = visible(text)
    return shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]") if "](" in shown else shown
