"""Runs cases under the Django of this interpreter: ``python -m oracle.worker`` with ``tests/`` on the path.

Reads a JSON list of ``{"name", "files"}`` from standard input and writes one JSON object a line for each.
Every case has a process of its own, forked from one where Django is set up already, and every run of a
function has a process forked from that one: no cache and no module variable outlives a run.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import linecache
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oracle import project
from oracle.entries import Entry, arguments, entries, holds_entries
from oracle.processes import in_child
from oracle.recorder import Event, recording
from oracle.unawaited import watching
from oracle.waiting import watch


def main() -> None:
    """Judge the cases on standard input."""
    cases = json.load(sys.stdin)
    watch()
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        template = Path(folder, "template.sqlite3")
        # Cases with settings of their own need a Django that is not set up yet.
        for case in cases:
            if project.settings_module(case["files"]):
                _report(case, in_child(_judge, case, Path(folder), None))
        project.start(template, {})
        project.create_tables()
        project.disconnect()
        project.warm_up()
        for case in cases:
            if not project.settings_module(case["files"]):
                _report(case, in_child(_judge, case, Path(folder), template))


def _report(case: dict[str, Any], result: dict[str, Any]) -> None:
    print(json.dumps({"name": case["name"], **result}), flush=True)


def _judge(case: dict[str, Any], folder: Path, template: Path | None) -> dict[str, Any]:
    files: dict[str, str] = case["files"]
    root = Path(os.path.realpath(tempfile.mkdtemp(dir=folder)))
    # What a case writes to a relative path goes with the case.
    os.chdir(root)
    database = Path(tempfile.mkdtemp(dir=folder), "seeded.sqlite3")
    source = project.set_up(files, root, database, template)
    project.create_tables()
    project.seed(files, root, source)
    modules = [project.module(name, root, source) for name in files if holds_entries(name)]
    project.forget_caches()
    runs: list[dict[str, Any]] = []
    for number, entry in enumerate(entries(modules, root)):
        run: dict[str, Any] = {"path": entry.path, "function": entry.name}
        for mode in ("recorded", "plain"):
            target = database.with_name(f"{number}-{mode}.sqlite3")
            project.copy_database(database, target)
            run[mode] = in_child(_run, entry, target, root, mode == "recorded")
            # Where the check never met a loop, the second run would be the first one over again.
            if all(event.get("blocks") for event in run[mode].get("events", ())):
                break
        runs.append(run)
    return {"runs": runs}


def _run(entry: Entry, database: Path, root: Path, record: bool) -> dict[str, Any]:
    project.use_database(database)
    # Objects are made before the loop starts: a query in their __init__ is the business of another entry.
    function = entry.prepare()
    given = arguments(function)
    recorder: AbstractContextManager[list[Event]] = recording(blocking=True) if record else nullcontext([])
    described, unsafe = None, False
    with recorder as events, watching(root) as unawaited:
        try:
            asyncio.run(_drive(function, given))
        except BaseException as caught:
            described, unsafe = _describe(caught, root), _is_unsafe(caught)
    return {
        "events": list(places(events, root)),
        "error": described,
        "unsafe": unsafe,
        "unawaited": sorted(set(unawaited)),
    }


async def _drive(function: Callable[..., Any], given: dict[str, object]) -> None:
    result = function(**given)
    if inspect.isasyncgen(result):
        async for _ in result:
            pass
    else:
        await result


def _describe(error: BaseException, root: Path) -> str:
    lines = [
        f"{Path(name).relative_to(root)}:{line} {linecache.getline(name, line).strip()}\n"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (name := frame.f_code.co_filename).startswith(str(root))
    ]
    return "".join([*lines, *traceback.format_exception_only(error)])


def places(events: Iterable[Event], root: Path) -> Iterator[dict[str, Any]]:
    """Return each place in the case that events ask for a finding at, once, with its stack."""
    folder = f"{root}{os.sep}"
    seen = set()
    for event in events:
        place = event.place(lambda path: path.startswith(folder))
        if (place, event.blocks) in seen:
            continue
        seen.add((place, event.blocks))
        if place is None:
            if event.blocks:
                continue  # the machinery around the case
            yield {"path": None, "stack": [f"{frame.path}:{frame.line}" for frame in event.frames]}
            continue
        yield {
            **asdict(place),
            "blocks": event.blocks,
            "path": place.path.removeprefix(folder),
            "stack": [
                f"{frame.path.removeprefix(folder)}:{frame.line} {frame.function}"
                for frame in event.frames
                if frame.path.startswith(folder)
            ],
        }


def _is_unsafe(error: BaseException | None) -> bool:
    from django.core.exceptions import SynchronousOnlyOperation  # type: ignore[import-untyped]

    pending, seen = [error], set()
    while pending:
        found = pending.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, SynchronousOnlyOperation):
            return True
        pending += [found.__cause__, found.__context__, *getattr(found, "exceptions", ())]
    return False


if __name__ == "__main__":
    main()
