"""Fixes as regions of text: putting them in gives what fixing the finding alone gives."""

from __future__ import annotations

import pytest

from django_async_migrate.api import fix, scan, suggest
from django_async_migrate.core.edits import Suggestion
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = """from django.db import models

class Author(models.Model):
    name = models.TextField()

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
"""
_VIEW = "from shop.models import Book\n\nasync def view(request):\n"
_OPTIONS = ScanOptions(paths=("/p",), project="/p", target_version="5.2")


def patched(text: str, suggestion: Suggestion) -> str:
    """Return a text with the regions of a suggestion replaced, the last one first."""
    ((path, parts),) = suggestion.changes
    assert path == "shop/views.py"
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for span, new in reversed(parts):
        start = starts[span.line - 1] + span.column - 1
        end = starts[span.end_line - 1] + span.end_column - 1
        text = text[:start] + new + text[end:]
    return text


@pytest.mark.parametrize(
    "body",
    [
        "    return Book.objects.get(pk=1)\n",
        "    return Book.objects.get(pk=1)",
        "    rows = []\n    for book in Book.objects.all():\n        rows.append(book)\n    return rows\n",
        "    book = await Book.objects.aget(pk=1)\n    return book.author\n",
        "    \u00e9 = '\U0001f600'; book = Book.objects.first()\r\n    return book\r\n",
        "    return [\n        len(\n            Book.objects.all()\n        )\n    ]\n",
    ],
)
def test_a_suggestion_is_what_fixing_does(body: str) -> None:
    text = _VIEW + body
    files = MemoryFileSystem({"/p/shop/__init__.py": "", "/p/shop/models.py": _MODELS, "/p/shop/views.py": text})
    (finding,) = scan(_OPTIONS, files, "/p").findings
    (suggestion,) = suggest(_OPTIONS, {finding.fingerprint}, files, "/p").values()
    (change,) = fix(_OPTIONS, filesystem=files, cwd="/p", write=False).changes
    assert patched(text, suggestion) == change.after.decode()


def test_findings_that_are_not_asked_for_get_none() -> None:
    text = _VIEW + "    return Book.objects.get(pk=1)\n"
    files = MemoryFileSystem({"/p/shop/__init__.py": "", "/p/shop/models.py": _MODELS, "/p/shop/views.py": text})
    assert suggest(_OPTIONS, {"other"}, files, "/p") == {}
