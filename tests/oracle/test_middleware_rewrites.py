"""Middleware that was given an async path answers as before, in both handlers and over both kinds of views."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import Any

import pytest

from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem
from harness.cases import Case, all_cases
from harness.versions import applies
from harness.workers import answers_of
from oracle.runner import django_version

_CODES = ("DAM301", "DAM302", "DAM303", "DAM304", "DAM305")
#: What differs from one request to the next.
_TIME = re.compile(r"^\d+\.\d+(e-\d+)?$")
_ALL = [case for case in all_cases() if applies(case, django_version(), platform.python_version())]
_CASES = [case for case in _ALL if case.source.startswith(_CODES)]


def _fixed(case: Case) -> dict[str, str]:
    """Return the files of a case after all fixes."""
    files = {f"/project/{name}": text for name, text in case.project().items()}
    options = ScanOptions(paths=("/project",), project="/project", select=_CODES)
    outcome = fix(options, True, MemoryFileSystem(files), cwd="/project", write=False)
    return {**case.project(), **{change.path: change.after.decode() for change in outcome.changes}}


@pytest.fixture(scope="module")
def answers() -> Mapping[str, Any]:
    """Run all cases before and after their fixes, in one process."""
    wanted = [{"name": f"{case.name}-before", "files": case.project()} for case in _CASES]
    wanted += [{"name": f"{case.name}-after", "files": _fixed(case)} for case in _CASES]
    return {result["name"]: result for result in answers_of("oracle.declarations", wanted)}


@pytest.mark.parametrize("rewritten", _CASES, ids=lambda case: case.name)
def test_middleware_answers_as_before(rewritten: Case, answers: Mapping[str, Any]) -> None:
    """What worked in a handler still answers the same there; what a fix was made for works."""
    before, after = answers[f"{rewritten.name}-before"], answers[f"{rewritten.name}-after"]
    files = _fixed(rewritten)
    changed = [name for name in files if files[name] != rewritten.project().get(name)]
    for old, new in zip(before["middleware"], after["middleware"], strict=True):
        assert old["dotted"] == new["dotted"]
        repaired = [name for path in changed for name in _names(rewritten, files, path)]
        is_repaired = old["dotted"].rpartition(".")[2] in repaired
        for url, answer in new["async"].items():
            works = [old["async"][url], *([old["sync"][url]] if is_repaired and old["sync"] else [])]
            works = [found for found in works if found["status"] == 200]
            for reference in works:
                assert _seen(answer) == _seen(reference), (old["dotted"], url)
            sync = old["sync"].get(url)
            if sync is not None and sync["status"] == 200 and url in new["sync"]:
                assert _seen(new["sync"][url]) == _seen(sync), (old["dotted"], url)
        if is_repaired:
            assert all(answer["status"] == 200 for answer in new["async"].values()), old["dotted"]
            assert not any(answer["to_loop"] for answer in new["alone"].values()), old["dotted"]


def _names(case: Case, files: Mapping[str, str], path: str) -> list[str]:
    """Return the definitions of a file that a fix has changed."""
    parts = re.compile(r"^(?=@|class |def )", re.MULTILINE)
    before = set(parts.split(case.project().get(path, "")))
    changed = [part for part in parts.split(files[path]) if part not in before]
    return [name for part in changed for name in re.findall(r"^(?:class|def) (\w+)", part, re.MULTILINE)]


def _seen(answer: Mapping[str, Any]) -> tuple[Any, ...]:
    headers = [(name, "time" if _TIME.match(value) else value) for name, value in answer["headers"]]
    return answer["status"], headers, answer["body"]
