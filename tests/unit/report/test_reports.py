"""The three forms of a report."""

from __future__ import annotations

import json
from dataclasses import replace

from django_async_migrate.core.findings import Coverage, Finding, Fix, Problem, Report, Span, Step, Target
from django_async_migrate.report.concise import concise_lines
from django_async_migrate.report.json import json_text
from django_async_migrate.report.text import TextStyle, text_lines

_SOURCE = {
    "blog/views.py": [
        "async def detail(request, pk):",
        "    post = Post.objects.get(pk=pk)",
        "    return [x for x in label(post)]",
    ]
}
_GET = Finding(
    "DAM101",
    "sync-orm-call",
    "error",
    "certain",
    "Post.objects.get() runs a query on the event loop",
    Span("blog/views.py", 2, 12, 2, 35),
    "blog.views.detail",
    (),
    Fix("safe", "await Post.objects.aget(...)"),
    "0123456789abcdef0123",
)
_HELPER = replace(
    _GET,
    code="DAM201",
    name="lazy-foreign-key",
    severity="warning",
    certainty="likely",
    message="label() loads post.author on the event loop",
    span=Span("blog/views.py", 3, 24, 3, 35),
    trace=(
        Step("blog/text.py", 7, 5, "calls name()"),
        Step("blog/text.py", 30, 9, "post.author is loaded here"),
    ),
    fix=None,
)
_PROBLEM = Problem("old/py2.py", 3, "parse", "Python 2 syntax: Missing parentheses")
REPORT = Report(
    Target("5.2", "requirements"),
    (_GET, _HELPER),
    (_PROBLEM,),
    Coverage(812, 96, 40, (("unknown call", 12), ("unknown name", 1)), 1, 2),
)


def lines_of(path: str) -> list[str]:
    return _SOURCE.get(path, [])


def text(report: Report, style: TextStyle | None = None) -> str:
    return "\n".join(text_lines(report, lines_of, style or TextStyle()))


def test_the_text_report() -> None:
    assert text(REPORT) == (
        """\
blog/views.py
  2:12 error DAM101 Post.objects.get() runs a query on the event loop
  1 | async def detail(request, pk):
  2 |     post = Post.objects.get(pk=pk)
    |            ^^^^^^^^^^^^^^^^^^^^^^^
    = help: await Post.objects.aget(...)

  3:24 warning DAM201 label() loads post.author on the event loop (likely)
  2 |     post = Post.objects.get(pk=pk)
  3 |     return [x for x in label(post)]
    |                        ^^^^^^^^^^^
    > blog/text.py:7:5: calls name()
    > blog/text.py:30:9: post.author is loaded here

old/py2.py
  3 cannot parse: Python 2 syntax: Missing parentheses

2 async hazards (1 error, 1 warning) in 1 file, 1 file could not be read or parsed: \
812 files read, 96 coroutines analysed, Django 5.2 (requirements)."""
    )


def test_nothing_found() -> None:
    report = Report(Target("6.1", "default"), coverage=Coverage(1, 1, notes=("nothing in this project uses Django",)))
    assert text(report) == (
        "No async hazards found: 1 file read, 1 coroutine analysed, Django 6.1 (default).\n"
        "Note: nothing in this project uses Django."
    )
    assert text(report, TextStyle(quiet=True)) == ""


def test_verbose_and_statistics() -> None:
    report = replace(REPORT, findings=(_GET, _HELPER, _HELPER))
    assert text(report, TextStyle(verbose=True, statistics=True)).split("\n\n", 4)[4] == (
        """\
2  DAM201  lazy-foreign-key
1  DAM101  sync-orm-call

3 async hazards (1 error, 2 warnings) in 1 file, 1 file could not be read or parsed: \
812 files read, 96 coroutines analysed, Django 5.2 (requirements).
40 files had to be parsed.
1 finding was silenced by noqa comments.
2 project files outside the given paths could not be read or parsed.
13 values stayed unknown and cannot lead to a finding:
      12  unknown call
       1  unknown name"""
    )


def test_internal_errors_are_told_from_broken_files() -> None:
    report = replace(REPORT, findings=(), problems=(_PROBLEM, Problem("a.py", 9, "internal", "KeyError in b.c")))
    assert "  9 internal error: KeyError in b.c" in text(report)
    assert "No async hazards found, 1 file could not be read or parsed and 1 internal error: " in text(report)


def test_color_marks_what_matters_and_changes_no_text() -> None:
    colored = text(REPORT, TextStyle(color=True))
    assert "\033[31merror\033[0m" in colored
    assert "\033[31m^^^" in colored
    import re

    assert re.sub("\033\\[[0-9;]*m", "", colored) == text(REPORT)


def test_a_source_that_is_gone_leaves_the_rest_of_the_report() -> None:
    shown = "\n".join(text_lines(REPORT, lambda path: [], TextStyle()))
    assert "2:12 error DAM101" in shown
    assert "^" not in shown


def test_the_concise_report() -> None:
    assert concise_lines(REPORT) == [
        "blog/views.py:2:12: DAM101 Post.objects.get() runs a query on the event loop",
        "blog/views.py:3:24: DAM201 label() loads post.author on the event loop",
        "old/py2.py:3:1: parse: Python 2 syntax: Missing parentheses",
    ]


def test_the_json_report_has_the_fixed_shape() -> None:
    document = json.loads(json_text(REPORT, "0.1.0"))
    assert document["schema_version"] == 1
    assert document["tool"] == {"name": "django-async-migrate", "version": "0.1.0"}
    assert document["target"] == {"django": "5.2", "source": "requirements"}
    assert document["findings"][0] == {
        "code": "DAM101",
        "name": "sync-orm-call",
        "severity": "error",
        "certainty": "certain",
        "message": "Post.objects.get() runs a query on the event loop",
        "path": "blog/views.py",
        "line": 2,
        "column": 12,
        "end_line": 2,
        "end_column": 35,
        "function": "blog.views.detail",
        "trace": [],
        "fix": {"applicability": "safe", "title": "await Post.objects.aget(...)"},
        "fingerprint": "0123456789abcdef0123",
    }
    assert document["findings"][1]["fix"] is None
    assert document["findings"][1]["trace"][1] == {
        "path": "blog/text.py",
        "line": 30,
        "column": 9,
        "message": "post.author is loaded here",
    }
    assert document["problems"] == [
        {"path": "old/py2.py", "line": 3, "stage": "parse", "message": "Python 2 syntax: Missing parentheses"}
    ]
    assert document["summary"] == {
        "files": 812,
        "async_functions": 96,
        "findings": {"error": 1, "warning": 1, "info": 0},
        "fixable": {"safe": 1, "unsafe": 0},
    }


def test_json_is_ascii_whatever_the_paths() -> None:
    odd = replace(REPORT, findings=(), problems=(replace(_PROBLEM, path="caf\udce9/é.py"),))
    assert json.loads(json_text(odd, "0"))["problems"][0]["path"] == "caf\udce9/é.py"
    assert json_text(odd, "0").isascii()
