"""Judges the cases about middleware and transactions by what real Django did with them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem
from harness.cases import Case
from harness.workers import answers_of

#: The cases that this judge is for.
JUDGED = ("DAM3", "DAM706")
_ERRORS = frozenset({"DAM302", "DAM303", "DAM304", "DAM305", "DAM306"})


def run_declared(cases: Iterable[Case], python: str = sys.executable) -> dict[str, Mapping[str, Any]]:
    """Run cases under the Django installed for an interpreter, in one process; return what happened by case name.

    Raises WorkerError when the process fails.
    """
    wanted = [{"name": case.name, "files": case.project()} for case in cases]
    results = answers_of("oracle.declarations", wanted, python)
    return {result["name"]: result for result in results}


def _miscounted(case: Case, result: Mapping[str, Any], version: str) -> Iterator[str]:
    """Compare the crossings that DAM310 tells with those that were counted."""
    files = {f"/project/{name}": text for name, text in case.project().items()}
    options = ScanOptions(paths=("/project",), project="/project", select=("DAM310",), target_version=version[:3])
    for finding in scan(options, MemoryFileSystem(files), cwd="/project").findings:
        told = re.search(r"crosses (?:once|(\d+) times)", finding.message)
        real = result["hops"]["/"]
        counted = real["to_thread"] + real["to_loop"]
        if told is None or int(told[1] or 1) != counted:
            yield f"{finding.message}: counted {counted}"


def declared_disagreements(case: Case, result: Mapping[str, Any], version: str) -> Iterator[str]:
    """Yield what is wrong with a case about middleware in the eyes of real Django; nothing is a pass."""
    if "error" in result:
        yield str(result["error"])
        return
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
    yield from _miscounted(case, result, version)
    for view in result["views"]:
        places = [(path, line) for path, line in view["lines"]]
        met.update(places)
        refused = any("ATOMIC_REQUESTS" in error for error in view.get("errors", ()))
        if refused != any("DAM706" in expected.get(place, ()) for place in places):
            yield f"{view['url']}: {'is refused' if refused else 'is answered'}: {view}"
    for path, line in sorted(set(expected) - met):
        yield f"{path}:{line} has an E, but the settings and URLs name nothing there"
