"""Decoding, parsing and places."""

from __future__ import annotations

import ast
import codecs
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_async_migrate.core.findings import Span
from django_async_migrate.syntax.parse import ParsedFile, SourceError, decode, parse


def parsed(text: str) -> ParsedFile:
    return ParsedFile("a.py", text, parse("a.py", text))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("x = 'é'\n".encode(), "x = 'é'\n"),
        (codecs.BOM_UTF8 + "x = 'é'\n".encode(), "x = 'é'\n"),
        (codecs.BOM_UTF8 + b"# coding: utf-8\n", "# coding: utf-8\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (
            b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'",
            "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'€'",
        ),
        ("# coding: utf-8-sig\n'é'".encode(), "# coding: utf-8-sig\n'é'"),
        ("# coding: euc-jp\n'日本'".encode("euc-jp"), "# coding: euc-jp\n'日本'"),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"x = 1\n\n# coding: nonsense\n", "x = 1\n\n# coding: nonsense\n"),
        (b"x = 1\n# coding: nonsense\n", "x = 1\n# coding: nonsense\n"),
    ],
)
def test_decoding(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"a\nb\0", 2, "the file contains null bytes; it is not Python source"),
        ("a\nb".encode("utf-16"), 1, "the file is UTF-16, which Python cannot read; save it as UTF-8"),
        (b"a\nb\n'\xe9'", 3, "byte 0xe9 is not valid utf-8; save the file as UTF-8 or declare its encoding"),
        (b"# coding: ascii\n'\xe9'", 2, "byte 0xe9 is not valid ascii"),
        (b"# coding: nonsense\n", 1, 'unknown encoding "nonsense"'),
        (b"# coding: hex\n", 1, 'unknown encoding "hex"'),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, "the file starts with a UTF-8 mark but declares"),
    ],
)
def test_files_that_cannot_be_decoded(data: bytes, line: int, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert (caught.value.line, caught.value.stage) == (line, "decode")
    assert caught.value.message.startswith(message)


def test_parsing_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse("a.py", "x = '\\d' is 'a'\n")


@pytest.mark.parametrize("text", ["x = " + "-" * 100_000 + "1", "(" * 300 + ")" * 300])
def test_deep_nesting_is_a_problem(text: str) -> None:
    with pytest.raises(SourceError, match="nested"):
        parse("a.py", text)


def test_spans_count_characters_from_one() -> None:
    file = parsed("x = 1\né = f('日本', b)\n")
    call = file.tree.body[1].value  # type: ignore[attr-defined]
    assert file.span(call) == Span("a.py", 2, 5, 2, 15)
    assert file.span(call.args[1]) == Span("a.py", 2, 13, 2, 14)
    assert file.source(file.span(call)) == "f('日本', b)"


def test_spans_over_several_lines() -> None:
    file = parsed("x = f(\n    'é',\n)  # end\n")
    span = file.span(file.tree.body[0].value)  # type: ignore[attr-defined]
    assert span == Span("a.py", 1, 5, 3, 2)
    assert file.source(span) == "f(\n    'é',\n)"


def test_a_form_feed_or_a_line_separator_does_not_end_a_line() -> None:
    file = parsed("x = '\u2028\x0c'\n\x0cy = z\n")
    assert file.span(file.tree.body[1].value) == Span("a.py", 2, 6, 2, 7)  # type: ignore[attr-defined]


def test_a_span_outside_the_file_has_no_source() -> None:
    assert parsed("x\n").source(Span("a.py", 9, 1, 9, 2)) == ""


@given(st.text(st.sampled_from("aé日\U0001f600 '\"+()\n"), max_size=40))
def test_the_source_of_a_span_is_what_ast_says(text: str) -> None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    file = ParsedFile("a.py", text, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            assert file.source(file.span(node)) == ast.get_source_segment(text, node)


def test_the_running_python_is_supported() -> None:
    assert sys.version_info >= (3, 10)
