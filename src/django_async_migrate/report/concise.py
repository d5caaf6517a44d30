"""One line per finding, for editors and scripts."""

from __future__ import annotations

from django_async_migrate.report.plain import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django_async_migrate.core.findings import Report


def concise_lines(report: Report) -> list[str]:
    """Return ``path:line:column: CODE message`` for each finding, and the problems in the same form."""
    entries = [
        (span.path, span.line, span.column, f"{finding.code} {finding.message}")
        for finding in report.findings
        for span in (finding.span,)
    ]
    entries += [(problem.path, problem.line, 1, f"{problem.stage}: {problem.message}") for problem in report.problems]
    return [f"{visible(path)}:{line}:{column}: {visible(message)}" for path, line, column, message in sorted(entries)]
