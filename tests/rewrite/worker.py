"""Runs projects before and after a rewrite: ``python -m rewrite.worker`` with ``tests/`` on the path.

Reads a JSON list of ``{"name", "before": files, "after": {variant: files}}`` from standard input and writes
one JSON object a line for each: ``{"name", "runs": {variant: {entry: record}}, "again": {entry: [record]}}``,
where a variant that could not be set up is ``{"error": ...}``. Every run of a function has a process and a
copy of the database of its own; the rows are those that the code before made. Where a variant differs, the
code before runs some more times, each time with its objects elsewhere in memory: their addresses decide on the
order of sets, and so of tasks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from oracle import project
from oracle.entries import Entry, arguments, entries, functions, holds_entries
from oracle.processes import in_child
from rewrite.compare import suspicious

BEFORE = "before"
_ATTEMPTS = 8


def main() -> None:
    """Run what is on standard input."""
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="rewrite-") as folder:
        template = Path(folder, "template.sqlite3")
        # Cases with settings of their own need a Django that is not set up yet.
        for case in cases:
            if project.settings_module(case["before"]):
                _report(case, Path(folder), None)
        project.start(template, {})
        project.create_tables()
        project.disconnect()
        project.warm_up()
        import rewrite.observe  # noqa: F401  # once for all processes

        for case in cases:
            if not project.settings_module(case["before"]):
                _report(case, Path(folder), template)


def _report(case: Mapping[str, Any], folder: Path, template: Path | None) -> None:
    database = Path(tempfile.mkdtemp(dir=folder), "seeded.sqlite3")
    before = in_child(_variant, case["before"], folder, template, database, None)
    runs = {BEFORE: before}
    wanted: set[str] = set()
    if "error" not in before:
        for name, files in case["after"].items():
            runs[name] = in_child(_variant, files, folder, template, database, list(before))
            wanted.update(key for key in before if suspicious(before[key], runs[name].get(key, before[key]), True))
    again: dict[str, list[Any]] = {key: [] for key in sorted(wanted)}
    for attempt in range(1, _ATTEMPTS + 1) if wanted else ():
        repeated = in_child(_variant, case["before"], folder, template, database, list(again), attempt)
        for key in again:
            again[key].append(repeated.get(key, {"failed": repeated.get("error")}))
    print(json.dumps({"name": case["name"], "runs": runs, "again": again}), flush=True)


def _variant(
    files: Mapping[str, str],
    folder: Path,
    template: Path | None,
    seeded: Path,
    wanted: list[str] | None,
    attempt: int = 0,
) -> dict[str, Any]:
    """Run the functions ``wanted`` (those there are, when None) and return what was seen, by name."""
    root = Path(os.path.realpath(tempfile.mkdtemp(dir=folder)))
    # What a case writes to a relative path goes with the case.
    os.chdir(root)
    database = root.with_name(f"{root.name}.sqlite3")
    if seeded.exists():
        shutil.copyfile(seeded, database)
        source = project.set_up(files, root, database, template)
    else:
        source = project.set_up(files, root, seeded, template)
        project.create_tables()
        project.seed(files, root, source)
        project.copy_database(seeded, database)
        project.use_database(database)
    modules = [project.module(name, root, source) for name in files if holds_entries(name)]
    project.forget_caches()
    found = dict(_functions(modules, root))
    results: dict[str, Any] = {}
    for number, key in enumerate(found if wanted is None else wanted):
        if key in found:
            target = root.with_name(f"{root.name}-{number}.sqlite3")
            project.copy_database(database, target)
            results[key] = in_child(_run, found[key], seeded, target, root, modules, attempt)
            if "error" in results[key] and "result" not in results[key]:
                # The last line is the error; line numbers are above it.
                results[key] = {"failed": results[key]["error"].strip().splitlines()[-1]}
            for leftover in target.parent.glob(f"{target.name}*"):
                leftover.unlink()
    return results


def _functions(modules: list[ModuleType], root: Path) -> Iterator[tuple[str, Entry]]:
    # Sync functions are run too: a rewrite of what they call must not reach them.
    for entry in [*entries(modules, root), *functions(modules, root)]:
        yield f"{entry.path}:{entry.name}", entry


def shaken(attempt: int) -> list[bytes]:
    """Return objects of all small sizes, so many that what is made next lies elsewhere; none for attempt 0."""
    chance = Random(attempt)
    return [bytes(size) for size in range(16, 512, 16) for _ in range(chance.randrange(8) if attempt else 0)]


def _run(
    entry: Entry, seeded: Path, database: Path, root: Path, modules: list[ModuleType], attempt: int
) -> dict[str, Any]:
    from oracle.entries import is_async
    from oracle.recorder import Event
    from oracle.worker import places
    from rewrite.observe import changed_rows, driven, observe, read_rows

    project.use_database(database)
    # Objects are made before the loop starts: a query in their __init__ is the business of another entry.
    function = entry.prepare()
    given = arguments(function)

    def describe(events: list[Event]) -> Any:
        return list(places(events, root))

    def run() -> Any:
        return driven(lambda: function(**given)) if is_async(function) else function(**given)

    kept = shaken(attempt)
    owner = getattr(function, "__self__", None)
    record = observe(run, str(root), describe, owner, modules)
    del kept
    project.disconnect()
    record["database"] = changed_rows(read_rows(seeded), read_rows(database))
    record["asynchronous"] = is_async(function)
    return record


if __name__ == "__main__":
    main()
