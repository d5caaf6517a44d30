"""Which rules are reported."""

from __future__ import annotations

import pytest

from django_async_migrate.report.selection import Selection


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), True),
        (("DAM101",), (), True),
        (("DAM1",), (), True),
        (("DAM2",), (), False),
        ((), ("DAM101",), False),
        ((), ("DAM1",), False),
        ((), ("DAM102",), True),
        (("DAM1",), ("DAM101",), False),
        (("DAM101",), ("DAM1",), True),
        (("DAM101",), ("DAM101",), False),
        (("DAM1", "DAM2"), ("DAM2",), True),
    ],
)
def test_the_longest_prefix_wins(select: tuple[str, ...], ignore: tuple[str, ...], expected: bool) -> None:
    assert Selection(select, ignore).wants("DAM101", "a.py") is expected


def test_rules_ignored_in_some_files() -> None:
    selection = Selection((), (), (("tests", ("DAM1",)), ("app/*.py", ("DAM201",))))
    assert not selection.wants("DAM101", "app/tests/a.py")
    assert selection.wants("DAM201", "app2/tests/a.py")
    assert not selection.wants("DAM201", "app/a.py")
    assert selection.wants("DAM101", "app/a.py")
