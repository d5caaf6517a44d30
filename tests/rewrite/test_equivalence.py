"""Real Django proves the fixes of every case: what the functions do is what they did."""

from __future__ import annotations

import pytest

from harness.cases import Case
from oracle.runner import django_version
from rewrite.equivalence import VARIANTS, product_fixers, runnable_cases
from rewrite.runner import Compared, run_projects
from rewrite.verdict import mismatches

_DJANGO = django_version()
_CASES = runnable_cases(_DJANGO)


@pytest.fixture(scope="session")
def compared(request: pytest.FixtureRequest) -> dict[str, Compared]:
    """Run all cases that were selected, as they are and with their fixes."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    selected = [spec.params.get("case") for spec in specs if spec is not None]
    projects = {case.name: case.project() for case in _CASES if case in selected}
    return run_projects(projects, product_fixers(_DJANGO), changed_only=True)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_fixes_change_nothing(case: Case, compared: dict[str, Compared]) -> None:
    """Safe fixes ask no more queries either; where a fix was applied, the query is off the loop."""
    wrong = [one for variant in VARIANTS for one in mismatches(compared[case.name], variant, variant == "safe")]
    assert not wrong, f"Django {_DJANGO}\n" + "\n\n".join(map(str, wrong))
