"""The analysis finds in every case what is annotated, and nothing else."""

from __future__ import annotations

import pytest

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem
from harness.cases import Case, all_cases
from harness.matching import Found, mismatches
from harness.versions import newest

_ROOT = "/project"
_CASES = all_cases()


def _findings(case: Case) -> list[Found]:
    files = {f"{_ROOT}/{path}": text for path, text in case.project().items()}
    # A case may hold for some versions only; the newest of them stands for all.
    options = ScanOptions(paths=(_ROOT,), project=_ROOT, target_version=newest(case))
    report = scan(options, MemoryFileSystem(files), cwd=_ROOT)
    assert not report.problems, report.problems
    assert [finding for finding in report.findings if finding.fix is None] == [], "findings that say nothing to do"
    return [
        Found(
            finding.span.path.removeprefix(f"{_ROOT}/"),
            finding.span.line,
            finding.span.end_line,
            finding.code,
            finding.certainty,
            finding.message,
        )
        for finding in report.findings
    ]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_findings_are_as_annotated(case: Case) -> None:
    """Lines and codes agree exactly."""
    wrong = mismatches(case, _findings(case))
    assert not wrong, "\n".join(wrong)
