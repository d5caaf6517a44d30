"""How findings are compared with the annotations of a case."""

from __future__ import annotations

import pytest

from harness.cases import Case, parse_cases
from harness.matching import Found, mismatches


def _case(code: str) -> Case:
    (case,) = parse_cases(f"# A\n`a.py`\n```py\n{code}```\n", "some.md")
    return case


def _found(line: int, code: str = "DAM101", end_line: int = 0, certainty: str = "certain") -> Found:
    return Found("a.py", line, end_line or line, code, certainty)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = 1\n", []),
        ("x()  # E: DAM101\n", [_found(1)]),
        ("x()  # E: DAM101, DAM102\n", [_found(1, "DAM102"), _found(1)]),
        ("x()  # E: DAM101, DAM101\n", [_found(1), _found(1)]),
        ("x()  # E: DAM101(likely)\n", [_found(1, certainty="likely")]),
        ("x(\n    1,  # E: DAM101\n)\n", [_found(1, end_line=3)]),
        ("x(  # E: DAM101\n    y(),  # E: DAM101\n)\n", [_found(1, end_line=3), _found(2)]),
        ("x(\n    y(),  # E: DAM101\n    z(),  # E: DAM101\n)\n", [_found(1, end_line=4), _found(3)]),
        ("x()  # MISSING: DAM101\n", []),
        ("x()  # SPURIOUS: DAM101\n", [_found(1)]),
        ("x()  # value: DAM101\n", []),
    ],
)
def test_agreement(code: str, found: list[Found]) -> None:
    assert mismatches(_case(code), found) == []


@pytest.mark.parametrize(
    ("code", "found", "message"),
    [
        ("x = 1\n", [_found(1)], "a.py:1: unexpected DAM101"),
        ("x()  # E: DAM101\n", [], "a.py:1: no DAM101 found"),
        ("x()  # E: DAM101\n", [_found(1), _found(1)], "a.py:1: unexpected DAM101"),
        ("x()  # E: DAM101, DAM101\n", [_found(1)], "a.py:1: no DAM101 found"),
        ("x()  # E: DAM101(likely)\n", [_found(1)], "a.py:1: DAM101 is certain, not likely"),
        ("x()  # MISSING: DAM101\n", [_found(1)], "a.py:1: DAM101 is found now: turn MISSING into E"),
        ("x()  # SPURIOUS: DAM101\n", [], "a.py:1: no longer a false DAM101: remove the SPURIOUS"),
    ],
)
def test_disagreement(code: str, found: list[Found], message: str) -> None:
    (wrong,) = mismatches(_case(code), found)
    assert wrong.startswith(message)


def test_other_line_and_other_code_are_two_mistakes() -> None:
    assert len(mismatches(_case("x()  # E: DAM101\ny()\n"), [_found(2)])) == 2
    assert len(mismatches(_case("x()  # E: DAM101\n"), [_found(1, "DAM102")])) == 2
