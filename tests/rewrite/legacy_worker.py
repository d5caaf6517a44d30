"""Drives a copy of the fixture: ``python -m rewrite.legacy_worker`` with ``tests/`` on the path.

Reads ``{"root", "template", "names", "attempts"}`` from standard input and writes one JSON object a line for
each scenario and attempt: ``{"name", "record"}``. ``template`` is the file of the rows to start from, made
where it does not exist; ``names`` are the scenarios, null for all. Every run has a process of its own.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project.drivers import scenarios
from project.shop import Scenario, running

from oracle.processes import in_child
from oracle.recorder import Event
from oracle.worker import places
from rewrite.worker import shaken


def main() -> None:
    """Run what standard input asks for."""
    wanted = json.load(sys.stdin)
    root, template = Path(wanted["root"]), Path(wanted["template"])
    with tempfile.TemporaryDirectory(prefix="legacy-") as name:
        folder = Path(name)
        with running(folder, root, template) as run:
            _warm_up()
            for scenario in scenarios():
                if wanted["names"] is None or scenario.name in wanted["names"]:
                    for attempt in wanted["attempts"]:
                        record = in_child(_run, run, scenario, folder / "shop.sqlite3", template, root, attempt)
                        if "result" not in record:
                            record = {"failed": record["error"].strip().splitlines()[-1]}
                        print(json.dumps({"name": scenario.name, "record": record}), flush=True)


def _warm_up() -> None:
    """Import once what nearly every scenario needs. Running one would start threads, which no fork takes along."""
    from django.db import connections  # type: ignore[import-untyped]
    from django.urls import get_resolver  # type: ignore[import-untyped]

    for name in ("django.test", "rewrite.observe", "paperleaf.asgi", "concurrent.futures.thread"):
        importlib.import_module(name)
    pending = [get_resolver()]
    while pending:
        pending += getattr(pending.pop(), "url_patterns", ())
    connections.close_all()


def _run(
    run: Callable[[Scenario], object], scenario: Scenario, database: Path, template: Path, root: Path, attempt: int
) -> dict[str, Any]:
    from rewrite.observe import changed_rows, observe, read_rows

    kept = shaken(attempt)

    def describe(events: list[Event]) -> Any:
        return list(places(events, root))

    record = observe(lambda: run(scenario), str(root), describe)
    del kept
    record["database"] = changed_rows(read_rows(template), read_rows(database))
    record["asynchronous"] = True
    return record


if __name__ == "__main__":
    main()
