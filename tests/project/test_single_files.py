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
    files = {path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in PROJECT.rglob("*.py")}
    # Settings and middleware have findings without holding async code; a few of the others stand for all.
    found = {finding.span.path for finding in whole}
    chosen = {path for path, text in files.items() if "async def" in text or "MIDDLEWARE" in text or path in found}
    chosen.update(sorted(set(files) - chosen)[::8])
    for path in sorted(chosen):
        assert _scan(path) == tuple(finding for finding in whole if finding.span.path == path), path
