"""Real Django judges the cases about middleware and settings: what is annotated fails, or crosses, and nothing else."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem
from harness.cases import Case, all_cases
from harness.versions import applies
from oracle.runner import django_version

_DJANGO = django_version()
_ERRORS = frozenset({"DAM302", "DAM303", "DAM304", "DAM305", "DAM306"})
_CASES = [
    case for case in all_cases() if case.source.startswith("DAM3") and applies(case, _DJANGO, platform.python_version())
]


@pytest.fixture(scope="session")
def ran(request: pytest.FixtureRequest) -> dict[str, Mapping[str, Any]]:
    """Run all cases that were selected, in one process."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    selected = [spec.params.get("declared") for spec in specs if spec is not None]
    wanted = [{"name": case.name, "files": case.project()} for case in _CASES if case in selected]
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "oracle.declarations"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(results) == len(wanted), done.stderr
    return {result["name"]: result for result in results}


@pytest.mark.parametrize("declared", _CASES, ids=lambda case: case.name)
def test_real_django_agrees_on_middleware(declared: Case, ran: dict[str, Mapping[str, Any]]) -> None:
    """Each middleware of the case does what its annotations say, and no more."""
    result = ran[declared.name]
    assert "error" not in result, result.get("error")
    wrong = list(_disagreements(declared, result))
    assert not wrong, f"Django {_DJANGO}\n" + "\n".join(wrong)


def _miscounted(case: Case, result: Mapping[str, Any]) -> Iterator[str]:
    """Compare the crossings that DAM310 tells with those that were counted."""
    files = {f"/project/{name}": text for name, text in case.project().items()}
    options = ScanOptions(paths=("/project",), project="/project", select=("DAM310",), target_version=_DJANGO[:3])
    for finding in scan(options, MemoryFileSystem(files), cwd="/project").findings:
        told = re.search(r"crosses (?:once|(\d+) times)", finding.message)
        real = result["hops"]["/"]
        counted = real["to_thread"] + real["to_loop"]
        if told is None or int(told[1] or 1) != counted:
            yield f"{finding.message}: counted {counted}"


def _disagreements(case: Case, result: Mapping[str, Any]) -> Iterator[str]:
    expected: dict[tuple[str, int], set[str]] = {}
    for note in case.annotations():
        if note.kind in ("E", "MISSING") and note.text != "DAM310":
            expected.setdefault((note.path, note.line), set()).add(note.text)
    met: set[tuple[str, int]] = set()
    for entry in result["middleware"]:
        places = [(path, line) for path, line in entry["lines"]]
        codes = set().union(*(expected.get(place, set()) for place in places))
        met.update(places)
        answers = [answer for mode in ("async", "sync") for answer in entry[mode].values()]
        fails = [answer for answer in answers if answer["status"] != 200]
        if codes & _ERRORS and not fails:
            yield f"{entry['dotted']}: works: {entry}"
        if not codes & _ERRORS and fails:
            yield f"{entry['dotted']}: fails: {fails}"
        crosses = any(answer["to_loop"] for answer in entry["alone"].values())
        if "DAM301" in codes and not crosses:
            yield f"{entry['dotted']}: a request stays on the loop: {entry['alone']}"
        if not codes and crosses:
            yield f"{entry['dotted']}: a request leaves the loop: {entry['alone']}"
    yield from _miscounted(case, result)
    for view in result["views"]:
        places = [(path, line) for path, line in view["lines"]]
        met.update(places)
        refused = any("ATOMIC_REQUESTS" in error for error in view.get("errors", ()))
        if refused != any("DAM706" in expected.get(place, ()) for place in places):
            yield f"{view['url']}: {'is refused' if refused else 'is answered'}: {view}"
    for path, line in sorted(set(expected) - met):
        yield f"{path}:{line} has an E, but the settings and URLs name nothing there"
