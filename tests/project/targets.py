"""One small site, scanned for each release of Django: what is said about each of its functions."""

from __future__ import annotations

from collections.abc import Mapping

from django_async_migrate.api import scan
from django_async_migrate.core.findings import Finding
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    title = models.CharField(max_length=50)
    author = models.ForeignKey(Author, models.CASCADE)
"""


def findings(files: Mapping[str, str], version: str) -> tuple[Finding, ...]:
    """Return what a scan for a release finds in a site."""
    options = ScanOptions(paths=("/site",), project="/site", target_version=version)
    report = scan(options, MemoryFileSystem({f"/site/{path}": text for path, text in files.items()}), cwd="/site")
    assert report.problems == ()
    return report.findings


def by_function(files: Mapping[str, str], version: str) -> dict[tuple[str, str], Finding]:
    """Return what is found, by the function in ``shop.views`` or ``shop.tests`` and the code."""
    return {
        (finding.function.removeprefix("shop.views.").removeprefix("shop.tests."), finding.code): finding
        for finding in findings(files, version)
    }


def number(version: str) -> tuple[int, int]:
    """Return a release as a pair that sorts."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def assert_said(finding: Finding | None, changes: Mapping[str, str | None], version: str) -> None:
    """Fail unless a finding is what it has been since the last of its changes; None stands for no finding."""
    expected = changes[max((since for since in changes if number(since) <= number(version)), key=number)]
    if expected is None:
        assert finding is None
    else:
        assert finding is not None
        assert expected in (finding.fix.title if finding.fix is not None else "")
