"""``# noqa`` comments."""

from __future__ import annotations

import pytest

from django_async_migrate.syntax.parse import ParsedFile, parse
from django_async_migrate.syntax.suppressions import Suppressions


def silences(line: str, code: str = "DAM101") -> bool:
    text = f"x = 1\n{line}\n"
    return Suppressions(ParsedFile("a.py", text, parse("a.py", text))).silences(code, 2)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#noqa",
        "# NOQA",
        "# noqa: DAM101",
        "# noqa:DAM101",
        "# noqa : dam101",
        "# noqa: E501, DAM101",
        "# noqa: E501 DAM101",
        "# noqa: DAM1",
        "# noqa: DAM",
        "# noqa: DAM101 the loop is not running yet",
        "# type: ignore # noqa: DAM101",
        "# noqa because it is fine",
    ],
)
def test_comments_that_silence(comment: str) -> None:
    assert silences(f"y = f()  {comment}")


@pytest.mark.parametrize(
    "line",
    [
        "y = f()",
        "y = f()  # noqa: E501",
        "y = f()  # noqa: DAM102",
        "y = f()  # noqa: DAM1011",
        "y = f()  # noqa:",
        "y = f()  # noqa: , because",
        "y = f()  # noqalso",
        "y = f('# noqa')",
        "y = f('''\n# noqa\n''')",
    ],
)
def test_lines_that_do_not_silence(line: str) -> None:
    assert not silences(line)


def test_the_first_or_the_last_line_counts() -> None:
    text = "y = f(  # noqa: DAM101\n    1,  # noqa: DAM102\n)  # noqa: DAM103\n"
    comments = Suppressions(ParsedFile("a.py", text, parse("a.py", text)))
    assert comments.silences("DAM101", 1, 3)
    assert not comments.silences("DAM102", 1, 3)
    assert comments.silences("DAM103", 1, 3)
    assert not comments.silences("DAM103", 0, 9)
