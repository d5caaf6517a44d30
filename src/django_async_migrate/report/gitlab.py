"""GitLab's code quality report."""

from __future__ import annotations

import json

from django_async_migrate.report.plain import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django_async_migrate.core.findings import Finding, Problem, Report

_SEVERITIES = {"error": "critical", "warning": "major", "info": "minor"}


def gitlab_text(report: Report) -> str:
    """Return the report as GitLab reads it; every entry has a fingerprint of its own."""
    entries = [(problem.path, problem.line, 1, _of_problem(problem)) for problem in report.problems]
    entries += [
        (finding.span.path, finding.span.line, finding.span.column, _of_finding(finding)) for finding in report.findings
    ]
    entries.sort(key=lambda entry: entry[:3])
    return json.dumps([entry for *_, entry in entries], indent=2) + "\n"


def _of_finding(finding: Finding) -> dict[str, object]:
    span = finding.span
    return {
        "description": visible(f"{finding.code} {finding.message}"),
        "check_name": finding.code,
        "categories": ["Bug Risk" if finding.severity == "error" else "Performance"],
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": span.path,
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }


def _of_problem(problem: Problem) -> dict[str, object]:
    from hashlib import sha256

    key = "\0".join((problem.path, problem.stage, str(problem.line), problem.message))
    return {
        "description": visible(f"{problem.stage}: {problem.message}"),
        "check_name": f"{problem.stage}-problem",
        "categories": ["Compatibility"],
        "fingerprint": sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20],
        "severity": "blocker",
        "location": {
            "path": problem.path,
            "positions": {
                "begin": {"line": problem.line, "column": 1},
                "end": {"line": problem.line, "column": 1},
            },
        },
    }
