"""Hands cases to a worker under some Python and reads what it saw."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from harness.cases import Case
from harness.workers import answers_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event asks for a finding; ``path`` is None when no code of the case was on the stack.

    Lines count from 1, columns count bytes from 0 and are None below Python 3.11.
    """

    path: str | None
    line: int
    end_line: int
    column: int | None
    end_column: int | None
    stack: tuple[str, ...]
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: the error it ended with, and whether SynchronousOnlyOperation is in its chain.

    ``unawaited``: the lines that made coroutines which nobody awaited.
    """

    error: str | None
    unsafe: bool
    places: tuple[Place, ...] = ()
    unawaited: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A function of a case: a run with the recorder and, if that saw anything, one without."""

    path: str
    function: str
    recorded: Outcome
    plain: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What real Django did with a case; ``error`` is set when it could not be set up."""

    runs: tuple[Run, ...] = ()
    error: str | None = None


def judge(cases: Iterable[Case], python: str = sys.executable) -> dict[str, Judged]:
    """Run cases under the Django installed for an interpreter and return the outcomes by case name.

    Two workers share the cases. Raises WorkerError when a worker as a whole fails.
    """
    wanted = [{"name": case.name, "files": case.project()} for case in cases]
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda part: _work(part, python), (wanted[::2], wanted[1::2]))
        return {name: judged for part in parts for name, judged in part.items()}


def _work(wanted: Sequence[Mapping[str, Any]], python: str) -> dict[str, Judged]:
    if not wanted:
        return {}
    results = answers_of("oracle.worker", wanted, python, stubs=True)
    return {result["name"]: _judged(result) for result in results}


def django_version(python: str = sys.executable) -> str:
    """Return the version of the Django installed for an interpreter."""
    command = [python, "-c", "import django; print(django.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _judged(result: Mapping[str, Any]) -> Judged:
    if "error" in result:
        return Judged(error=result["error"])
    return Judged(tuple(_run(run) for run in result["runs"]))


def _run(run: Mapping[str, Any]) -> Run:
    plain = _outcome(run["plain"]) if "plain" in run else None
    return Run(run["path"], run["function"], _outcome(run["recorded"]), plain)


def _outcome(result: Mapping[str, Any]) -> Outcome:
    places = tuple(_place(event) for event in result.get("events", ()))
    unawaited = tuple((path, line) for path, line in result.get("unawaited", ()))
    return Outcome(result["error"], result.get("unsafe", False), places, unawaited)


def _place(event: Mapping[str, Any]) -> Place:
    return Place(
        event["path"],
        event.get("line", 0),
        event.get("end_line", 0),
        event.get("column"),
        event.get("end_column"),
        tuple(event["stack"]),
        event.get("blocks", False),
    )
