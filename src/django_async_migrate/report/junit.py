"""JUnit XML: a test suite for each file, a failed test for each finding."""

from __future__ import annotations

import re

from django_async_migrate.report.plain import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from django_async_migrate.core.findings import Finding, Problem, Report

# What XML 1.0 can hold in no form at all. Line ends and tabs in names are shown as escapes as well.
_ILLEGAL = re.compile("[^\\t\\n\\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def junit_text(report: Report) -> str:
    """Return the report as JUnit XML; a report without findings is one test that passed."""
    suites: dict[str, tuple[list[Problem], list[Finding]]] = {}
    for problem in report.problems:
        suites.setdefault(problem.path, ([], []))[0].append(problem)
    for finding in report.findings:
        suites.setdefault(finding.span.path, ([], []))[1].append(finding)
    failures, errors = len(report.findings), len(report.problems)
    total = failures + errors or 1
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="django-async-migrate" tests="{total}" failures="{failures}" errors="{errors}">')
    if not suites:
        lines.append('  <testsuite name="django-async-migrate" tests="1" failures="0" errors="0" skipped="0" time="0">')
        lines.append('    <testcase name="No async hazards found" classname="django-async-migrate" time="0"/>')
        lines.append("  </testsuite>")
    for path in sorted(suites):
        lines += _suite(path, *suites[path])
    lines.append("</testsuites>")
    return "".join(line + "\n" for line in lines)


def _suite(path: str, problems: list[Problem], findings: list[Finding]) -> list[str]:
    numbers = f'tests="{len(problems) + len(findings)}" failures="{len(findings)}" errors="{len(problems)}"'
    lines = [f'  <testsuite name="{_escaped(path)}" {numbers} skipped="0" time="0">']
    for problem in problems:
        lines += _of_problem(problem)
    for finding in findings:
        lines += _of_finding(finding)
    return [*lines, "  </testsuite>"]


def _of_finding(finding: Finding) -> list[str]:
    span = finding.span
    text = [f"{span.path}:{span.line}:{span.column}: {finding.code} {finding.message}"]
    text += [f"> {step.path}:{step.line}:{step.column}: {step.message}" for step in finding.trace]
    if finding.fix is not None:
        text.append(f"= help: {finding.fix.title}")
    name = f"{finding.code} {finding.name} {span.line}:{span.column}"
    return _case(name, finding.function, span.path, span.line, "failure", finding.severity, finding.message, text)


def _of_problem(problem: Problem) -> list[str]:
    text = [f"{problem.path}:{problem.line}:1: {problem.stage}: {problem.message}"]
    name = f"{problem.stage} problem {problem.line}"
    return _case(name, problem.path, problem.path, problem.line, "error", problem.stage, problem.message, text)


def _case(
    name: str, classname: str, path: str, line: int, result: str, kind: str, message: str, text: list[str]
) -> list[str]:
    place = f'name="{_escaped(name)}" classname="{_escaped(classname)}" file="{_escaped(path)}" line="{line}" time="0"'
    body = "\n".join(_escaped(part) for part in text)
    return [
        f"    <testcase {place}>",
        f'      <{result} type="{_escaped(kind)}" message="{_escaped(message)}">{body}</{result}>',
        "    </testcase>",
    ]


def _escaped(text: str) -> str:
    """Return text that is content or an attribute in double quotes, whatever it holds."""
    shown = visible(text)
    return "".join(_ESCAPES.get(character, character) for character in _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", shown))
