"""Real Django judges the cases about middleware and settings: what is annotated fails, or crosses, and nothing else."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import pytest

from harness.cases import Case, all_cases
from harness.versions import applies
from oracle.declared_verdict import JUDGED, declared_disagreements, run_declared
from oracle.runner import django_version

_DJANGO = django_version()
_CASES = [
    case for case in all_cases() if case.source.startswith(JUDGED) and applies(case, _DJANGO, platform.python_version())
]


@pytest.fixture(scope="session")
def ran(request: pytest.FixtureRequest) -> dict[str, Mapping[str, Any]]:
    """Run all cases that were selected, in one process."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    selected = [spec.params.get("declared") for spec in specs if spec is not None]
    return run_declared(case for case in _CASES if case in selected)


@pytest.mark.parametrize("declared", _CASES, ids=lambda case: case.name)
def test_real_django_agrees_on_middleware(declared: Case, ran: dict[str, Mapping[str, Any]]) -> None:
    """Each middleware of the case does what its annotations say, and no more."""
    wrong = list(declared_disagreements(declared, ran[declared.name], _DJANGO))
    assert not wrong, f"Django {_DJANGO}\n" + "\n".join(wrong)
