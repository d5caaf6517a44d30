"""The figures of the comparison are those of today."""

from __future__ import annotations

from benchmarks.accuracy import _coroutine_lines, _hazards, _ours, _score
from docs.pages import DOCS


def test_our_line_of_the_table_is_true() -> None:
    score = _score("django-async-migrate", _ours(), _hazards(), _coroutine_lines())
    line = f"| {score.tool} | {score.seen} | {score.hazards} | {score.others} |"
    assert line in (DOCS / "comparison.md").read_text("utf-8"), line
