"""A scan of the fixture finds what real Django runs into, and nothing else."""

from __future__ import annotations

import pytest

from django_async_migrate.api import scan
from django_async_migrate.core.findings import Finding, Report
from django_async_migrate.core.options import ScanOptions
from project.expected import Expected, hazards
from project.source import ROOT

_CODES = ("DAM1", "DAM2")


@pytest.fixture(scope="module")
def report() -> Report:
    return scan(ScanOptions(paths=(".",), select=_CODES), cwd=str(ROOT))


def test_the_project_can_be_read(report: Report) -> None:
    assert report.problems == ()


def test_every_recorded_hazard_is_found(report: Report) -> None:
    missing = [
        str(hazard)
        for hazard in hazards()
        if hazard.in_scope and not any(_covers(finding, hazard) for finding in report.findings)
    ]
    assert missing == []


def test_nothing_is_found_where_real_django_has_nothing_to_say(report: Report) -> None:
    # A line with a hazard of a later rule family counts too: something does raise there.
    false = [
        f"{finding.span.path}:{finding.span.line} {finding.code} {finding.message}"
        for finding in report.findings
        if finding.code.startswith(_CODES) and not any(_covers(finding, hazard) for hazard in hazards())
    ]
    assert false == []


def test_findings_have_the_code_of_what_happens(report: Report) -> None:
    # One place may hold several hazards; its finding names one of them.
    wrong = []
    for finding in report.findings:
        kinds = {hazard.kind for hazard in hazards() if _covers(finding, hazard) and hazard.in_scope}
        if kinds and finding.code not in kinds:
            wrong.append(f"{finding.span.path}:{finding.span.line} {finding.code}, not {sorted(kinds)}")
    assert wrong == []


def _covers(finding: Finding, hazard: Expected) -> bool:
    span = finding.span
    return span.path == hazard.path and span.line <= hazard.line <= span.end_line
