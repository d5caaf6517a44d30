"""Has projects fixed, has them run before and after, and reads what was seen."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from harness.workers import answers_of
from rewrite.compare import Record
from rewrite.fixers import Fixer, FixResult

_FEW = 8

Runs = Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Compared:
    """A project before and after its fixes, by the names of the fixers.

    ``runs`` holds what was seen, by variant and then by function, ``errors`` the variants that do not even
    start; ``again`` are further runs of the code before, where something differed. Variants with the same
    files share their runs; where nothing was changed these are the runs before.
    """

    name: str
    before: Mapping[str, str]
    fixed: Mapping[str, FixResult]
    runs: Mapping[str, Runs]
    errors: Mapping[str, str] = field(default_factory=dict)
    again: Mapping[str, Sequence[Record]] = field(default_factory=dict)


def run_projects(
    projects: Mapping[str, Mapping[str, str]], fixers: Mapping[str, Fixer], changed_only: bool = False
) -> dict[str, Compared]:
    """Fix the projects with each fixer, run all functions of all variants and return what was seen, by name.

    With ``changed_only`` a project that no fixer changes is not run at all: it is what it was.
    Raises WorkerError when a worker as a whole fails.
    """
    fixed = {name: dict(zip(projects, _fix(fixer, projects), strict=True)) for name, fixer in fixers.items()}
    wanted: list[dict[str, Any]] = []
    shared: dict[str, dict[str, str]] = {}
    for project, before in projects.items():
        shared[project] = {}
        after: dict[str, Mapping[str, str]] = {}
        for name in fixers:
            files = fixed[name][project].files
            same = next((other for other, held in {"before": before, **after}.items() if held == files), None)
            if same is None:
                after[name] = files
            shared[project][name] = same or name
        if after or not changed_only:
            wanted.append({"name": project, "before": before, "after": after})
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(_work, (wanted[::2], wanted[1::2]))
        seen = {project: {"runs": {"before": {}}, "again": {}} for project in projects}
        seen.update({result["name"]: result for part in parts for result in part})
    return {
        project: _compared(project, before, {name: fixed[name][project] for name in fixers}, seen[project], shared)
        for project, before in projects.items()
    }


def _compared(
    project: str,
    before: Mapping[str, str],
    fixed: Mapping[str, FixResult],
    seen: Mapping[str, Any],
    shared: Mapping[str, Mapping[str, str]],
) -> Compared:
    runs: dict[str, Runs] = {}
    errors: dict[str, str] = {}
    for name, source in {"before": "before", **shared[project]}.items():
        result = seen["runs"].get(source)
        if result is None:
            continue  # The code before does not start: nothing else was tried.
        if "error" in result:
            errors[name] = result["error"]
        else:
            runs[name] = result
    return Compared(project, before, fixed, runs, errors, seen["again"])


def _fix(fixer: Fixer, projects: Mapping[str, Mapping[str, str]]) -> Iterator[FixResult]:
    if len(projects) <= _FEW:
        yield from map(fixer, projects.values())
        return
    # Not forked: the threads of whoever calls would not come along.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(fixer, projects.values(), chunksize=4)


def _work(wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not wanted:
        return []
    # The order of sets is chance, unless it is told not to be.
    return answers_of("rewrite.worker", wanted, stubs=True, PYTHONHASHSEED="0")
