"""``python -m benchmarks``: see ``--help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from benchmarks.accuracy import accuracy
from benchmarks.packages import Tree, fetch, gather
from benchmarks.synthetic import code_base
from benchmarks.timing import Run, interleaved
from benchmarks.tools import OURS, PARSE, Tool, ours, parse, peers

_PINS = Path(__file__).with_name("pins.toml")
_CACHE = Path.home() / ".cache" / "django-async-migrate-benchmarks"
_SIZES = (100, 200, 400, 800, 1600)
_SHARES = (0, 25, 50, 100, 200, 400)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and how often."""

    rounds: int
    limit: float
    tools: tuple[str, ...]
    cache: Path


def main(arguments: Sequence[str]) -> int:
    """Download, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Speed and memory beside other tools.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each quick tool; the best counts")
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a tool is stopped")
    parser.add_argument("--tools", default="", help="only these, with commas: ruff,flake8-async,hydroid")
    parser.add_argument("--only", default="packages,growth,accuracy", help="packages, growth, accuracy, with commas")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder for what is downloaded")
    given = parser.parse_args(arguments)
    options = Options(given.rounds, given.limit, tuple(filter(None, given.tools.split(","))), given.cache)
    pins = tomllib.loads(_PINS.read_text("utf-8"))
    if "packages" in given.only:
        _packages(pins, options)
    if "growth" in given.only:
        _growth(options)
    if "accuracy" in given.only:
        _accuracy(pins["accuracy"], options)
    return 0


def _accuracy(pins: dict[str, list[str]], options: Options) -> None:
    print("## What each tool sees\n")
    print("| tool | hazard lines seen | of | other lines of coroutines reported |")
    print("|---|--:|--:|--:|")
    for score in accuracy(pins, options.cache):
        print(f"| {score.tool} | {score.seen} | {score.hazards} | {score.others} |")
    print()


def _packages(pins: dict[str, Any], options: Options) -> None:
    wanted = {name: pin for name, pin in pins["tools"].items() if not options.tools or name in options.tools}
    tools = [ours(), parse(), *peers(wanted, options.cache)]
    python = pins["packages"]["python"]
    trees = [gather("sync packages", fetch(pins["packages"]["sync"], python, options.cache), options.cache)]
    for package in fetch(pins["packages"]["async"], python, options.cache):
        trees.append(gather(package.name, [package], options.cache))
    print("## Beside other tools\n")
    print(f"Best of {options.rounds} runs in turn; over 20 s: one run. Memory: the largest process.\n")
    print("| code | tool | seconds | beside ast.parse | beside ruff | MiB | findings |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for tree in trees:
        _print_tree(tree, tools, interleaved(tools, tree, options.rounds, options.limit))


def _print_tree(tree: Tree, tools: Sequence[Tool], runs: dict[str, Run]) -> None:
    title = f"{tree.name} ({tree.files:,} files, {tree.lines:,} lines)"
    for tool in tools:
        run = runs[tool.name]
        findings = _findings(run) if tool.name == OURS else ""
        seconds = ("> " if run.stopped else "") + f"{run.seconds:.2f}" + (" (failed)" if run.failed else "")
        ratios = " | ".join(_ratio(run, runs.get(name)) for name in (PARSE, "ruff"))
        print(f"| {title} | {tool.name} | {seconds} | {ratios} | {_memory(run)} | {findings} |", flush=True)
        title = ""


def _memory(run: Run) -> str:
    return f"< {run.memory:.0f}" if run.floor else f"{run.memory:.0f}"


def _ratio(run: Run, other: Run | None) -> str:
    if other is None or other.stopped:
        return ""
    return ("> " if run.stopped else "") + f"{run.seconds / other.seconds:.2f}"


def _findings(run: Run) -> str:
    try:
        return str(len(json.loads(run.output)["findings"]))
    except (ValueError, KeyError):
        return "?"


def _growth(options: Options) -> None:
    sizes = [(apps, 50) for apps in _SIZES]
    shares = [(max(_SHARES), share) for share in _SHARES]
    for title, plans in (
        ("The same amount of async code in more and more code", sizes),
        ("More and more async code in the same amount of code", shares),
    ):
        print(f"\n## {title}\n")
        print("| code | files | lines | seconds | ast.parse | MiB | findings |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        for apps, asynchronous in plans:
            tree = code_base(options.cache / "synthetic", apps, asynchronous)
            runs = interleaved([ours(), parse()], tree, options.rounds, options.limit)
            own = runs[OURS]
            cells = [tree.name, f"{tree.files:,}", f"{tree.lines:,}", f"{own.seconds:.2f}"]
            cells += [f"{runs[PARSE].seconds:.2f}", _memory(own), _findings(own)]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
