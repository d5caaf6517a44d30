"""Fingerprints survive edits elsewhere."""

from __future__ import annotations

from dataclasses import replace

from django_async_migrate.core.findings import Finding, Span
from django_async_migrate.report.fingerprint import with_fingerprints

_FINDING = Finding("DAM101", "n", "error", "certain", "m", Span("a.py", 5, 1, 5, 9), "f")


def prints(*findings: Finding, text: str = "f( 1 )") -> list[str]:
    return [finding.fingerprint for finding in with_fingerprints(findings, lambda span: text)]


def at(line: int) -> Finding:
    return replace(_FINDING, span=Span("a.py", line, 1, line, 9))


def test_lines_and_white_space_do_not_matter() -> None:
    assert prints(at(5)) == prints(at(50)) == prints(at(5), text="f(1)") == prints(at(5), text="f(\n1)")


def test_path_rule_function_and_source_matter() -> None:
    others = [
        replace(_FINDING, code="DAM102"),
        replace(_FINDING, function="g"),
        replace(_FINDING, span=replace(_FINDING.span, path="b.py")),
    ]
    found = {prints(finding)[0] for finding in (_FINDING, *others)} | set(prints(_FINDING, text="g(1)"))
    assert len(found) == 5


def test_equal_findings_are_told_apart_by_their_order() -> None:
    first, second = prints(at(5), at(9))
    assert first != second
    assert prints(at(90), at(50)) == [first, second]
    assert prints(at(7)) == [first]
