"""How many of the recorded hazards of the example project each tool sees, and what else it reports in coroutines."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools import environment

_ROOT = Path(__file__).resolve().parents[1]
_PROJECT = _ROOT / "fixtures" / "legacy_project"
_GOLDEN = _ROOT / "tests" / "project" / "legacy_hazards.json"
_PLACE = re.compile(r"^(?:\./)?([\w/.-]+\.py):(\d+)")
_STUBS = """[mypy]
plugins = mypy_django_plugin.main
ignore_missing_imports = True
[mypy.plugins.django-stubs]
django_settings_module = {settings}
"""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Score:
    """What a tool reported: hazard lines it saw, hazard lines there are, other lines of coroutines it reported."""

    tool: str
    seen: int
    hazards: int
    others: int


def accuracy(pins: dict[str, list[str]], cache: Path) -> Iterator[Score]:
    """Run every tool on the example project. The truth was recorded by running the project under real Django."""
    hazards = _hazards()
    coroutines = _coroutine_lines()
    for name, requirements in pins.items():
        found = _places(name, environment(cache / "accuracy" / name, requirements, name), cache)
        yield _score(name, found, hazards, coroutines)
    yield _score("django-async-migrate", _ours(), hazards, coroutines)


def _score(name: str, found: set[Place], hazards: set[Place], coroutines: set[Place]) -> Score:
    return Score(name, len(found & hazards), len(hazards), len((found & coroutines) - hazards))


def _hazards() -> set[Place]:
    entries = json.loads(_GOLDEN.read_text("utf-8"))
    return {(entry["path"], hazard["line"]) for entry in entries for hazard in entry["hazards"]}


def _coroutine_lines() -> set[Place]:
    return {
        (path.relative_to(_PROJECT).as_posix(), line)
        for path in _PROJECT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _ours() -> set[Place]:
    scan = ["scan", ".", "--no-cache", "--fail-on", "never", "--output-format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "django_async_migrate", *scan], cwd=_PROJECT, capture_output=True, text=True, check=True
    )
    # A finding may stand for several lines of one expression.
    return {
        (finding["path"], line)
        for finding in json.loads(done.stdout)["findings"]
        for line in range(finding["line"], finding["end_line"] + 1)
    }


def _places(name: str, python: Path, cache: Path) -> set[Place]:
    stubs = cache / "accuracy" / "mypy.ini"
    stubs.write_text(_STUBS.format(settings=_settings_module()), "utf-8")
    arguments = {
        "ruff": ["-m", "ruff", "check", "--isolated", "--select", "ASYNC,DJ,RUF006", "--output-format", "concise", "."],
        "flake8-async": ["-m", "flake8", "--isolated", "--select", "ASYNC", "."],
        "hydroid": ["-m", "hydroid", "--no-cache", "."],
        "pylint": ["-m", "pylint", "--load-plugins", "pylint_django", "--disable", "C,R", "--output-format", "text"],
        "mypy": ["-m", "mypy", "--config-file", str(stubs), "--enable-error-code", "unused-awaitable", "."],
    }[name]
    if name == "hydroid":
        command = [str(python.with_name("hydroid")), "--no-cache", "."]
    else:
        command = [str(python), *arguments]
    if name == "pylint":
        command += sorted(str(path.relative_to(_PROJECT)) for path in _PROJECT.rglob("*.py"))
    env = os.environ | {"DJANGO_SETTINGS_MODULE": _settings_module(), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=_PROJECT, capture_output=True, text=True, env=env)
    found = {(m[1], int(m[2])) for line in done.stdout.splitlines() if (m := _PLACE.match(line.strip()))}
    if not found and done.returncode not in (0, 1):
        print(f"benchmarks: {name} failed: {(done.stderr or done.stdout).strip()[-400:]}", file=sys.stderr)
    return found


def _settings_module() -> str:
    text = (_PROJECT / "manage.py").read_text("utf-8")
    match = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)""", text)
    assert match is not None
    return match[1]
