"""A hook passes single files: each must get the findings that a scan of the whole project has for it."""

from __future__ import annotations

from pathlib import Path

from django_async_migrate.api import scan
from django_async_migrate.core.findings import Finding
from django_async_migrate.core.options import ScanOptions

PROJECT = Path(__file__).resolve().parent.parent.parent / "fixtures" / "legacy_project"


def _scan(*paths: str) -> tuple[Finding, ...]:
    return scan(ScanOptions(paths=paths), cwd=PROJECT.as_posix()).findings


def test_single_files_get_the_findings_of_the_whole() -> None:
    """What a coroutine is called with from another file decides its findings, scanned alone or not."""
    whole = _scan(".")
    assert whole
    files = sorted(
        path.relative_to(PROJECT).as_posix() for path in PROJECT.rglob("*.py") if "async def" in path.read_text("utf-8")
    )
    for path in files:
        assert _scan(path) == tuple(finding for finding in whole if finding.span.path == path), path
