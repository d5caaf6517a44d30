"""Which cases hold for which versions."""

from __future__ import annotations

import pytest

from harness.cases import Case, parse_cases
from harness.versions import LINES, applies, newest


def _case(options: str) -> Case:
    (case,) = parse_cases(f"# A\n{options}\n`a.py`\n```py\n```\n", "some.md")
    return case


def test_applies() -> None:
    assert applies(_case(""), "4.2.30", "3.10.0")
    assert applies(_case("django: >=5.0"), "5.0.14", "3.11.0")
    assert not applies(_case("django: >=5.0"), "4.2.30", "3.11.0")
    assert not applies(_case("django: >=5.0\npython: >=3.12"), "5.0.14", "3.11.0")
    assert not applies(_case("needs: json, nowhere"), "5.0.14", "3.11.0")
    assert applies(_case("needs: nowhere"), "5.0.14", "3.11.0", {"nowhere"})


def test_newest() -> None:
    assert newest(_case("")) == LINES[-1]
    assert newest(_case("django: <5.0")) == "4.2"
    assert newest(_case("django: >=5.0,<5.2")) == "5.1"
    with pytest.raises(ValueError, match="no Django is <4"):
        newest(_case("django: <4"))
