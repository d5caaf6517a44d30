"""The examples in ``docs/fixing.md`` show what fixing does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.report.fixes import diff_text
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "fixing.md"
_EXAMPLES = re.findall(r"^### (.*?)\n(.*?)(?=^##)", _PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def diff_of(text: str) -> str:
    """Return the diff that fixing the files of an example gives."""
    files = dict(re.findall(r"^`(shop/\w+\.py)`\n```py\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert "shop/models.py" in files
    options = ScanOptions(paths=("/p",), project="/p", target_version="5.2")
    found = MemoryFileSystem({f"/p/{path}": source for path, source in {"shop/__init__.py": "", **files}.items()})
    outcome = fix(options, False, found, cwd="/p", write=False)
    assert not outcome.report.findings
    return diff_text(outcome.changes)


def test_there_are_three_examples() -> None:
    assert len(_EXAMPLES) == 3


@pytest.mark.parametrize(("title", "text"), _EXAMPLES, ids=[title for title, _ in _EXAMPLES])
def test_an_example_becomes_what_the_page_shows(title: str, text: str) -> None:
    shown = re.search(r"^```diff\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert shown is not None, title
    assert [line.rstrip() for line in diff_of(text).splitlines()] == shown[1].splitlines()
