"""The report as JSON; the shape is fixed (schema version 1)."""

from __future__ import annotations

import json

from django_async_migrate.report.summary import by_severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django_async_migrate.core.edits import FixOutcome
    from django_async_migrate.core.findings import Finding, Fix, Report

SCHEMA_VERSION = 1


def json_text(report: Report, version: str, outcome: FixOutcome | None = None) -> str:
    """Return the report as JSON text, the same bytes for the same report.

    ``version`` is the tool's. ``outcome``: what fixing did, for the key ``fixed``, and for ``not_fixed`` of findings
    whose rewrite was taken back; both are left out after a plain scan.
    """
    left = outcome.open if outcome is not None else {}
    refused = {finding.fingerprint: reason for finding, reason in outcome.refused} if outcome is not None else {}
    shown = [left.get(finding.fingerprint, finding.fix) for finding in report.findings]
    fixes = [fix.applicability for fix in shown if fix is not None]
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "django-async-migrate", "version": version},
        "target": {"django": report.target.django, "source": report.target.source},
        "findings": [
            _finding(finding, fix, refused.get(finding.fingerprint))
            for finding, fix in zip(report.findings, shown, strict=True)
        ],
        "problems": [
            {
                "path": problem.path,
                "line": problem.line,
                "stage": problem.stage,
                "message": problem.message,
            }
            for problem in report.problems
        ],
        "summary": {
            "files": report.coverage.files,
            "async_functions": report.coverage.async_functions,
            "findings": by_severity(report.findings),
            **({"known": report.coverage.known} if report.coverage.known else {}),
            "fixable": {"safe": fixes.count("safe"), "unsafe": fixes.count("unsafe")},
        },
        "todos": [{"path": todo.path, "line": todo.line, "code": todo.code} for todo in report.todos],
        "notes": list(report.coverage.notes),
    }
    if outcome is not None:
        document["fixed"] = [
            {
                "code": done.code,
                "path": done.path,
                "line": done.line,
                "function": done.function,
                "title": done.title,
                "applicability": done.applicability,
            }
            for done in outcome.applied
        ]
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding, fix: Fix | None, refused: str | None) -> dict[str, object]:
    span = finding.span
    entry: dict[str, object] = {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "message": finding.message,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "function": finding.function,
        "trace": [
            {"path": step.path, "line": step.line, "column": step.column, "message": step.message}
            for step in finding.trace
        ],
        "fix": None if fix is None else {"applicability": fix.applicability, "title": fix.title},
        "fingerprint": finding.fingerprint,
    }
    if refused is not None:
        entry["not_fixed"] = refused
    return entry
