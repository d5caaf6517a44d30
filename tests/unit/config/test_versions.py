"""Which Django versions a requirement allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from django_async_migrate.config.versions import SUPPORTED, lowest_allowed, nearest, series


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (">=4.2,<6", "4.2"),
        (">= 5.0 , < 5.3", "5.0"),
        ("(>=5.0)", "5.0"),
        (">=5.0 <6", "5.0"),
        ("~=5.1", "5.1"),
        ("~=5.1.2", "5.1"),
        ("==5.2.*", "5.2"),
        ("==5.2.3", "5.2"),
        ("===5.0.1", "5.0"),
        ("!=4.2.*", "5.0"),
        (">4.2.99", "5.0"),
        ("==6.1rc1", "6.1"),
        (">=6.0a1", "6.0"),
        ("^5.1", "5.1"),
        ("^4", "4.2"),
        ("~4.2", "4.2"),
        ("4.2.*", "4.2"),
        ("5.2", "5.2"),
        ("^4.2 || ^5.2", "4.2"),
        ("^5.2 || ^5.0", "5.0"),
        # Outside what is supported: the nearest.
        (">=3.2", "4.2"),
        ("==3.2.1", "4.2"),
        ("<5", "4.2"),
        ("<4", "4.2"),
        (">=7", "6.1"),
        # Nothing is said.
        ("*", None),
        ("", None),
        ("@ https://example.org/django.zip", None),
    ],
)
def test_the_lowest_supported_series(requirement: str, expected: str | None) -> None:
    assert lowest_allowed(requirement) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~="]),
            st.sampled_from(["4.2", "5.0", "5.1.3", "5.2.0", "6.0", "6.1.2"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_ranges_mean_what_packaging_says(clauses: list[tuple[str, str]]) -> None:
    requirement = ",".join(operator + version for operator, version in clauses)
    specifiers = SpecifierSet(requirement)
    allowed = [name for name in SUPPORTED if any(f"{name}.{patch}" in specifiers for patch in range(60))]
    if allowed:
        assert lowest_allowed(requirement) == allowed[0]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("5.2", "5.2"),
        (" 5.2.1 ", "5.2"),
        ("5.3", None),
        ("3.2", None),
        ("7.0", None),
        ("5", None),
        ("x", None),
    ],
)
def test_series_of_a_version_the_user_writes(version: str, expected: str | None) -> None:
    assert series(version) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("5.2.1", "5.2"), ("3.2.25", "4.2"), ("6.2a1", "6.1"), ("5.5", "5.2"), ("unknown", None)],
)
def test_nearest_to_an_installed_version(version: str, expected: str | None) -> None:
    assert nearest(version) == expected
