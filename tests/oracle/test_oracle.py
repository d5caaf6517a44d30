"""Real Django judges every case: what is annotated happens, and nothing else does."""

from __future__ import annotations

import platform

import pytest

from harness.cases import Case, all_cases
from harness.versions import applies
from oracle.runner import Judged, django_version, judge
from oracle.verdict import DECLARATIONS, disagreements

_DJANGO = django_version()
#: Cases about middleware and settings have a judge of their own: they are no coroutines that query.
_CASES = [
    case
    for case in all_cases()
    if applies(case, _DJANGO, platform.python_version()) and not case.source.startswith(DECLARATIONS)
]


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest) -> dict[str, Judged]:
    """Judge all cases that were selected, in one worker."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    selected = [spec.params.get("case") for spec in specs if spec is not None]
    return judge(case for case in _CASES if case in selected)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_real_django_agrees(case: Case, judged: dict[str, Judged]) -> None:
    """Queries reach the event loop where the annotations say, and only there."""
    wrong = disagreements(case, judged[case.name])
    assert not wrong, f"Django {_DJANGO}\n" + "\n".join(wrong)
