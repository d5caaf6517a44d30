"""Drives every async entry point of the fixture under real Django and writes down what would have raised.

``python -m project.record`` (with ``tests/`` on the path) prints the hazards as JSON. ``--write`` puts them
into ``legacy_hazards.json``, ``--check`` compares with that file. ``-k TEXT`` runs only the scenarios with
TEXT in their name. Needs Django and the standard library alone, any version of them the product supports.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import django

from oracle.recorder import recording
from project import coverage
from project.classify import Hazard, Unclassified, classify
from project.drivers import scenarios
from project.expected import GOLDEN
from project.shop import running
from project.source import async_functions, function_at


def record(text: str = "") -> tuple[set[Hazard], list[str], list[str]]:
    """Run the scenarios with ``text`` in their name.

    Returns the hazards, the scenarios that went wrong and the lines of async functions that never ran.
    """
    hazards: set[Hazard] = set()
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="legacy-") as folder, running(Path(folder)) as run:
        with coverage.watching() as seen:
            for scenario in scenarios(text):
                with recording() as events:
                    try:
                        run(scenario)
                    except Exception:
                        failures.append(f"{scenario.name}\n{traceback.format_exc()}")
                for event in events:
                    try:
                        hazard = classify(event)
                    except Unclassified as error:
                        failures.append(f"{scenario.name}: not classified: {error}")
                    else:
                        if hazard is None:
                            failures.append(f"{scenario.name}: nothing of the fixture on the stack")
                        else:
                            hazards.add(hazard)
        return hazards, failures, coverage.missed(seen)


def render(hazards: Iterable[Hazard]) -> str:
    """Return the golden file: every async function of the fixture with its hazards."""
    places: dict[str, dict[tuple[int, str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for hazard in hazards:
        function = function_at(hazard.path, hazard.line)
        assert function is not None and function.asynchronous, hazard
        places[function.name][hazard.line, hazard.kind, hazard.api].add(" > ".join(hazard.through))
    report: list[dict[str, Any]] = []
    for function in async_functions():
        found = [
            {"line": line, "kind": kind, "api": api, "through": sorted(chains - {""})}
            for (line, kind, api), chains in sorted(places[function.name].items())
        ]
        report.append({"function": function.name, "path": function.path, "hazards": found})
    return json.dumps(report, indent=1) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Return 0 when every scenario ran and, with ``--check``, the golden file holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("-k", dest="text", default="")
    options = parser.parse_args(arguments)
    hazards, failures, missed = record(options.text)
    rendered = render(hazards)
    problems = failures + ([] if options.text else [f"never ran: {place}" for place in missed])
    for problem in problems:
        print(problem, file=sys.stderr)
    if options.write and not problems:
        GOLDEN.write_text(rendered, "utf-8")
    elif options.check:
        expected = GOLDEN.read_text("utf-8")
        names = ("legacy_hazards.json", f"Django {django.get_version()}")
        difference = difflib.unified_diff(expected.splitlines(), rendered.splitlines(), *names, lineterm="")
        changed = list(difference)
        print("\n".join(changed) or f"{names[1]}: {len(hazards)} hazards, as in the golden file")
        problems += changed
    else:
        print(rendered, end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
