"""Workflow commands: GitHub shows each finding at its line in the pull request."""

from __future__ import annotations

from django_async_migrate.report.plain import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django_async_migrate.core.findings import Finding, Report

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def github_text(report: Report) -> str:
    """Return a workflow command for each problem and each finding."""
    lines = [
        _command(
            "error",
            {"file": problem.path, "line": str(problem.line), "title": f"{problem.stage} problem"},
            [f"{problem.path}:{problem.line}:1: {problem.stage}: {problem.message}"],
        )
        for problem in report.problems
    ]
    lines += [_of_finding(finding) for finding in report.findings]
    return "".join(line + "\n" for line in lines)


def _of_finding(finding: Finding) -> str:
    span = finding.span
    place = {"file": span.path, "line": str(span.line)}
    # GitHub refuses columns when an annotation spans several lines.
    if span.line == span.end_line:
        place |= {"col": str(span.column), "endColumn": str(span.end_column)}
    else:
        place |= {"endLine": str(span.end_line)}
    text = [f"{span.path}:{span.line}:{span.column}: {finding.code} {finding.message}"]
    text += [f"  > {step.path}:{step.line}:{step.column}: {step.message}" for step in finding.trace]
    if finding.fix is not None:
        text.append(f"  = help: {finding.fix.title}")
    return _command(_LEVELS[finding.severity], {**place, "title": f"{finding.code} {finding.name}"}, text)


def _command(level: str, properties: dict[str, str], text: list[str]) -> str:
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {shown}::{'%0A'.join(_data(visible(line)) for line in text)}"


def _data(text: str) -> str:
    """Escape text as the runner unescapes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    # The runner knows no escape for other control characters; the log must not hold them.
    shown = "".join(character if character in "\r\n" else visible(character) for character in text)
    return _data(shown).replace(":", "%3A").replace(",", "%2C")
