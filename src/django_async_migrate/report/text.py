"""The report for people: findings by file, each with its place in the source, its trace and advice."""

from __future__ import annotations

from dataclasses import dataclass

from django_async_migrate.report.frame import frame
from django_async_migrate.report.levels import HIGHEST, level_lines
from django_async_migrate.report.plain import visible
from django_async_migrate.report.summary import statistics_lines, summary_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django_async_migrate.core.findings import Finding, Problem, Report

_COLORS = {"error": "31", "warning": "33", "info": "36", "bold": "1", "dim": "2", "path": "1;4", "good": "32"}


@dataclass(frozen=True)
class TextStyle:
    """How the text report looks: colored, with statistics, with all detail, without a summary."""

    color: bool = False
    statistics: bool = False
    verbose: bool = False
    quiet: bool = False
    level: int = HIGHEST


def text_lines(report: Report, lines_of: Callable[[str], Sequence[str]], style: TextStyle) -> Iterator[str]:
    """Yield the lines of the report. ``lines_of`` returns the lines of a file, none if it cannot be read."""
    paint = _Painter(style.color)
    by_path: dict[str, tuple[list[Finding], list[Problem]]] = {}
    for finding in report.findings:
        by_path.setdefault(finding.span.path, ([], []))[0].append(finding)
    for problem in report.problems:
        by_path.setdefault(problem.path, ([], []))[1].append(problem)
    for path in sorted(by_path):
        findings, problems = by_path[path]
        yield paint("path", visible(path))
        for problem in problems:
            yield f"  {problem.line} {paint('error', _stage(problem.stage))} {visible(problem.message)}"
        if problems and findings:
            yield ""
        source = lines_of(path) if findings else ()
        for number, finding in enumerate(findings):
            if number:
                yield ""
            yield from _finding(finding, source, paint)
        yield ""
    if style.statistics and (lines := [*statistics_lines(report), *level_lines(report.hidden, style.level)]):
        yield from lines
        yield ""
    if not style.quiet:
        clean = not report.findings and not report.problems
        first, *rest = summary_lines(report, style.verbose)
        yield paint("good" if clean else "bold", first)
        yield from rest


def _finding(finding: Finding, source: Sequence[str], paint: _Painter) -> Iterator[str]:
    span = finding.span
    severity = paint(finding.severity, finding.severity)
    likely = " (likely)" if finding.certainty == "likely" else ""
    yield f"  {span.line}:{span.column} {severity} {paint('bold', finding.code)} {visible(finding.message)}{likely}"
    rows = frame(span, source)
    width = max((len(number) for number, _, _ in rows), default=0)
    bar = paint("dim", "|")
    for number, text, marks in rows:
        yield f"  {paint('dim', number.rjust(width))} {bar} {text}".rstrip()
        if marks:
            yield f"  {' ' * width} {bar} {_marks(marks, finding.severity, paint)}"
    pad = "  " + " " * width
    for step in finding.trace:
        yield f"{pad} {paint('dim', '>')} {visible(step.path)}:{step.line}:{step.column}: {visible(step.message)}"
    if finding.fix is not None:
        yield f"{pad} {paint('dim', '=')} {paint('info', 'help')}: {visible(finding.fix.title)}"


def _marks(marks: str, severity: str, paint: _Painter) -> str:
    bare = marks.lstrip(" ")
    return marks[: len(marks) - len(bare)] + paint(severity, bare)


def _stage(stage: str) -> str:
    """Return what kind of problem it is."""
    return {"internal": "internal error:"}.get(stage, f"cannot {stage}:")


class _Painter:
    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, style: str, text: str) -> str:
        """Return the text in a color, or as it is."""
        return f"\033[{_COLORS[style]}m{text}\033[0m" if self._color else text
