"""Comments that silence nothing are taken away; whatever else a comment says stays."""

from __future__ import annotations

import pytest

from django_async_migrate.api import fix, scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.rewrite.noqa import without_codes
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n"
_HEAD = "from shop.models import Book\n\nasync def view(request):\n"
_OPTIONS = ScanOptions(paths=("/p",), project="/p", target_version="5.2")


def files(body: str) -> MemoryFileSystem:
    return MemoryFileSystem({"/p/shop/__init__.py": "", "/p/shop/models.py": _MODELS, "/p/shop/views.py": _HEAD + body})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: DAM101", "x = 1"),
        ("x = 1  # noqa: DAM101, DAM2", "x = 1  # noqa: DAM2"),
        ("x = 1  # noqa: E501, DAM101", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: DAM101,F401 E501", "x = 1  # noqa: F401, E501"),
        ("x = 1  # NOQA:DAM101  # type: ignore", "x = 1  # type: ignore"),
        ("x = 1  # type: ignore  # noqa: DAM101", "x = 1  # type: ignore"),
        ("x = 1  # why  # noqa: DAM101  # nosec", "x = 1  # why  # nosec"),
        ("x = 1  # noqa: DAM101 - it is an old one", "x = 1  # - it is an old one"),
        ("x = 1  # noqa", "x = 1  # noqa"),
        ("x = '# noqa: DAM101'", "x = '# noqa: DAM101'"),
        ("x = '\u65e5'  # \u672c  # noqa: DAM101", "x = '\u65e5'  # \u672c"),
    ],
)
def test_a_comment_loses_its_codes(before: str, after: str) -> None:
    for end in ("\n", "\r\n"):
        data = f"y = 1{end}{before}{end}z = 1".encode()
        assert without_codes(data, {2: ("DAM101",)}) == f"y = 1{end}{after}{end}z = 1".encode()


def test_a_line_that_held_nothing_else_goes() -> None:
    assert without_codes(b"def f():\n    # noqa: DAM101\n    pass\n", {2: ("DAM101",)}) == b"def f():\n    pass\n"


def test_encoding_and_byte_order_mark_stay() -> None:
    data = "# coding: latin-1\nx = '\xe9'  # noqa: DAM101\n".encode("latin-1")
    assert without_codes(data, {2: ("DAM101",)}) == "# coding: latin-1\nx = '\xe9'\n".encode("latin-1")
    assert without_codes(b"\xef\xbb\xbfx = 1  # noqa: DAM101\n", {1: ("DAM101",)}) == b"\xef\xbb\xbfx = 1\n"


def test_fixing_takes_them_away() -> None:
    body = "    rows = 1  # noqa: DAM101\n    return Book.objects.get(pk=1)\n"
    outcome = fix(_OPTIONS, filesystem=files(body), cwd="/p", write=False)
    (change,) = outcome.changes
    assert change.after.decode() == _HEAD + "    rows = 1\n    return await Book.objects.aget(pk=1)\n"
    assert [(done.code, done.line) for done in outcome.applied] == [("DAM101", 5), ("DAM001", 4)]
    assert not outcome.report.findings


def test_fixing_leaves_those_of_use() -> None:
    body = "    return Book.objects.get(pk=1)  # noqa: DAM101\n"
    outcome = fix(_OPTIONS, filesystem=files(body), cwd="/p", write=False)
    assert (outcome.changes, outcome.report.findings) == ((), ())


@pytest.mark.parametrize("options", [{"select": ("DAM2",)}, {"ignore": ("DAM001",)}])
def test_the_rule_can_be_switched_off(options: dict[str, tuple[str, ...]]) -> None:
    body = "    rows = 1  # noqa: DAM101\n"
    settings = ScanOptions(paths=("/p",), project="/p", target_version="5.2", **options)
    assert scan(settings, files(body), "/p").findings == ()


def test_a_rule_that_is_switched_off_makes_no_comment_unused() -> None:
    body = "    return Book.objects.get(pk=1)  # noqa: DAM101\n"
    options = ScanOptions(paths=("/p",), project="/p", target_version="5.2", ignore=("DAM101",))
    assert scan(options, files(body), "/p").findings == ()


def test_both_ends_of_an_expression_may_carry_the_comment() -> None:
    body = "    return Book.objects.get(  # noqa: DAM101\n        pk=1\n    )  # noqa: DAM101\n"
    assert scan(_OPTIONS, files(body), "/p").findings == ()


def test_code_that_does_not_parse_is_not_judged() -> None:
    report = scan(_OPTIONS, files("    return (  # noqa: DAM101\n"), "/p")
    assert (len(report.problems), report.findings) == (1, ())
