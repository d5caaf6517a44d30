"""The closing words of a report: what was found, and what was looked at."""

from __future__ import annotations

from django_async_migrate.report.plain import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_async_migrate.core.findings import Finding, Report

SEVERITIES = ("error", "warning", "info")


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def by_severity(findings: Sequence[Finding]) -> dict[str, int]:
    """Count findings by severity, the worst first."""
    return {severity: sum(1 for finding in findings if finding.severity == severity) for severity in SEVERITIES}


def summary_lines(report: Report, verbose: bool) -> list[str]:
    """Return the summary: the result, then notes, then with ``verbose`` what stayed unknown."""
    lines = [f"{_result(report)}: {_looked_at(report)}."]
    if report.coverage.known:
        known = count(report.coverage.known, "known finding is", "known findings are")
        lines.append(f"{known} in the baseline.")
    lines += [f"Note: {visible(note)}." for note in report.coverage.notes]
    if report.todos:
        lines.append(f"{count(len(report.todos), 'TODO marker')} left by an earlier run.")
        lines += [f"  {visible(todo.path)}:{todo.line} {todo.code}" for todo in report.todos if verbose]
    if verbose:
        lines += _verbose(report)
    return lines


def statistics_lines(report: Report) -> list[str]:
    """Return a table of rules and how often each was broken, the most frequent first."""
    numbers: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        key = (finding.code, finding.name)
        numbers[key] = numbers.get(key, 0) + 1
    width = len(str(max(numbers.values(), default=0)))
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return [f"{number:>{width}}  {code}  {name}" for (code, name), number in ordered]


def _result(report: Report) -> str:
    problems = report.problems
    broken = ""
    if problems:
        internal = sum(1 for problem in problems if problem.stage == "internal")
        unwritten = sum(1 for problem in problems if problem.stage == "write")
        parts = []
        if len(problems) > internal + unwritten:
            parts.append(f"{count(len(problems) - internal - unwritten, 'file')} could not be read or parsed")
        if unwritten:
            parts.append(f"{count(unwritten, 'file')} could not be written")
        if internal:
            parts.append(count(internal, "internal error"))
        broken = ", " + " and ".join(parts)
    fresh = "new " if report.coverage.known else ""
    if not report.findings:
        return f"No {fresh}async hazards found{broken}"
    kinds = [count(number, kind) for kind, number in by_severity(report.findings).items() if number]
    kinds = [kind.replace("infos", "info") for kind in kinds]
    files = len({finding.span.path for finding in report.findings})
    hazards = count(len(report.findings), f"{fresh}async hazard")
    return f"{hazards} ({', '.join(kinds)}) in {count(files, 'file')}{broken}"


def _looked_at(report: Report) -> str:
    coverage = report.coverage
    return (
        f"{count(coverage.files, 'file')} read, {count(coverage.async_functions, 'coroutine')} analysed,"
        f" Django {report.target.django} ({report.target.source})"
    )


def _verbose(report: Report) -> list[str]:
    coverage = report.coverage
    lines = [f"{count(coverage.parsed_files, 'file')} had to be parsed."]
    if coverage.suppressed:
        lines.append(f"{count(coverage.suppressed, 'finding was', 'findings were')} silenced by noqa comments.")
    if coverage.outside_problems:
        broken = count(coverage.outside_problems, "project file")
        lines.append(f"{broken} outside the given paths could not be read or parsed.")
    if coverage.unknown:
        total = sum(number for _, number in coverage.unknown)
        lines.append(f"{count(total, 'value')} stayed unknown and cannot lead to a finding:")
        lines += [f"  {number:>6,}  {reason}" for reason, number in coverage.unknown]
    return lines
