"""Code frames."""

from __future__ import annotations

from django_async_migrate.core.findings import Span
from django_async_migrate.report.frame import frame


def test_one_line() -> None:
    assert frame(Span("a.py", 2, 5, 2, 8), ["x = 1", "y = f()"]) == [
        ("1", "x = 1", ""),
        ("2", "y = f()", "    ^^^"),
    ]


def test_the_line_above_is_left_out_when_blank_or_absent() -> None:
    assert frame(Span("a.py", 2, 1, 2, 2), ["  ", "y"]) == [("2", "y", "^")]
    assert frame(Span("a.py", 1, 1, 1, 2), ["y"]) == [("1", "y", "^")]


def test_several_lines_are_marked_from_their_first_to_their_last_character() -> None:
    lines = ["x = f(", "    1,  ", ")(2)"]
    assert frame(Span("a.py", 1, 5, 3, 2), lines) == [
        ("1", "x = f(", "    ^^"),
        ("2", "    1,  ", "    ^^"),
        ("3", ")(2)", "^"),
    ]


def test_long_spans_are_shortened() -> None:
    lines = ["f(", *["    1,"] * 20, ")"]
    rows = frame(Span("a.py", 1, 1, 22, 2), lines)
    assert [number for number, _, _ in rows] == ["1", "2", "3", "...", "22"]


def test_tabs_and_wide_characters_keep_the_marks_in_place() -> None:
    assert frame(Span("a.py", 1, 2, 1, 5), ["\tf()"]) == [("1", "    f()", "    ^^^")]
    assert frame(Span("a.py", 1, 6, 1, 9), ["'日本' f()"]) == [("1", "'日本' f()", "       ^^^")]
    assert frame(Span("a.py", 1, 1, 1, 5), ["'日本'"]) == [("1", "'日本'", "^^^^^^")]
    assert frame(Span("a.py", 1, 5, 1, 6), ["e\u0301 + f"])[0][2] == "   ^"


def test_control_characters_do_not_reach_the_terminal() -> None:
    ((_, text, _),) = frame(Span("a.py", 1, 1, 1, 2), ["x = '\x1b[31m\x07\u202e'"])
    assert text == "x = '\ufffd[31m\ufffd\ufffd'"


def test_long_lines_are_cut_around_the_span() -> None:
    line = "x = " + "a + " * 200 + "f(1)" + " + b" * 200
    start = line.index("f(1)")
    ((_, text, marks),) = frame(Span("a.py", 1, start + 1, 1, start + 5), [line])
    assert len(text) == 120
    assert text.startswith("...") and text.endswith("...")
    assert text[marks.index("^") :].startswith("f(1)")
    assert marks.count("^") == 4


def test_the_start_of_a_long_line_and_a_long_span() -> None:
    line = "f(" + "1, " * 100 + ")"
    ((_, text, marks),) = frame(Span("a.py", 1, 1, 1, len(line) + 1), [line])
    assert text.endswith("...")
    assert marks == "^" * 120


def test_a_span_outside_the_file_has_no_frame() -> None:
    assert frame(Span("a.py", 3, 1, 3, 2), ["x"]) == []
    assert frame(Span("a.py", 0, 1, 1, 2), ["x"]) == []


def test_an_empty_span_gets_one_mark() -> None:
    assert frame(Span("a.py", 1, 1, 1, 1), ["x"]) == [("1", "x", "^")]
