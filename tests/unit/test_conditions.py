"""Tests of Django's version, and what the target makes of them."""

from __future__ import annotations

import ast

import pytest

from django_async_migrate.index.conditions import compared, holds, names_of_version

_IMPORTS = ast.parse("import django\nfrom django import VERSION as V\nfrom django import conf\nimport django.db\n").body


def _holds(test: str, version: tuple[int, int]) -> bool | None:
    names = names_of_version(_IMPORTS)
    return holds(ast.parse(test, mode="eval").body, version, names, lambda name: None)


@pytest.mark.parametrize(
    ("test", "version", "expected"),
    [
        ("django.VERSION >= (5, 0)", (5, 0), True),
        ("django.VERSION >= (5, 0)", (4, 2), False),
        ("django.VERSION > (5, 0)", (5, 0), True),  # (5, 0, 14, ...) is more than (5, 0)
        ("django.VERSION <= (5, 0)", (5, 0), False),
        ("django.VERSION == (5, 0)", (5, 0), False),
        ("django.VERSION[:2] == (5, 0)", (5, 0), True),
        ("django.VERSION[:2] > (5, 0)", (5, 0), False),
        ("django.VERSION >= (5,)", (5, 0), True),
        ("django.VERSION < (5, 0, 1)", (5, 0), None),  # the patch release decides
        ("django.VERSION < (5, 0, 1)", (4, 2), True),
        ("django.VERSION < (5, 0, 1)", (5, 1), False),
        ("django.VERSION[0] >= 5", (4, 2), False),
        ("django.VERSION[1] >= 2", (4, 2), True),
        ("django.VERSION[2] >= 2", (4, 2), None),
        ("(5, 0) <= V", (5, 1), True),
        ("not V < (5, 0)", (4, 2), False),
        ("V >= (5, 0) and V < (5, 2)", (5, 1), True),
        ("V >= (5, 0) and settings.ASYNC", (4, 2), False),
        ("V >= (5, 0) and settings.ASYNC", (5, 1), None),
        ("V >= (5, 0) or settings.ASYNC", (5, 1), True),
        ("V >= minimum", (5, 1), None),
        ("VERSION >= (5, 0)", (5, 1), None),
        ("conf.VERSION >= (5, 0)", (5, 1), None),
        ("sys.version_info >= (3, 11)", (5, 1), None),
        ("V in [(5, 0)]", (5, 0), None),
    ],
)
def test_a_test_of_the_version(test: str, version: tuple[int, int], expected: bool | None) -> None:
    assert _holds(test, version) is expected


def test_what_is_unknown_decides_nothing() -> None:
    assert compared(ast.Lt(), (5, None), (5, 1)) is None
    assert compared(ast.Lt(), (4, None), (5, 1)) is True
    assert compared(ast.Lt(), (5, "rc"), (5, 1)) is None


def test_names_of_the_version() -> None:
    assert names_of_version(_IMPORTS) == {"django": "django", "V": "VERSION"}
