"""The programs that are measured, and how each is asked for the same work."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OURS = "django-async-migrate"
PARSE = "ast.parse"
_PARSE = """
import ast, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    try:
        ast.parse(path.read_bytes())
    except SyntaxError:
        pass
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program; ``command`` ends where the folder follows."""

    name: str
    command: tuple[str, ...]
    in_folder: bool = False

    def on(self, folder: Path) -> list[str]:
        """Return the command line for one folder."""
        words = [word.replace("{folder}", str(folder)) for word in self.command]
        return [*words, "." if self.in_folder else str(folder)]


def ours() -> Tool:
    """The scan of this project, cold, with its result as JSON."""
    scan = ("scan", "--project", "{folder}", "--no-cache", "--fail-on", "never", "--output-format", "json")
    return Tool(OURS, (sys.executable, "-m", "django_async_migrate", *scan))


def parse() -> Tool:
    """The least that anything written in Python can do: parse every file, look at nothing."""
    return Tool(PARSE, (sys.executable, "-c", _PARSE))


def peers(pins: Mapping[str, str], cache: Path) -> list[Tool]:
    """Install the pinned peers in environments of their own; one that cannot be had is named and left out."""
    commands = {
        "ruff": ("check", "--isolated", "--select", "ASYNC,DJ", "--no-cache", "--quiet", "--exit-zero"),
        "flake8-async": ("--isolated", "--select", "ASYNC", "--exit-zero"),
        "hydroid": ("--no-cache", "--format", "json"),
    }
    programs = {"ruff": "ruff", "flake8-async": "flake8", "hydroid": "hydroid"}
    found = []
    for name, requirement in pins.items():
        folder = cache / "tools" / requirement.replace("==", "-")
        program = folder / "bin" / programs[name]
        if not program.exists():
            try:
                _install(folder, [requirement, "flake8"] if name == "flake8-async" else [requirement])
            except subprocess.CalledProcessError as error:
                print(f"benchmarks: no {requirement}: {error.stderr.strip()[-300:]}", file=sys.stderr)
                continue
        found.append(Tool(name, (str(program), *commands[name]), in_folder=name == "flake8-async"))
    return found


def _install(folder: Path, requirements: list[str]) -> None:
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True, capture_output=True, text=True)


def environment(folder: Path, requirements: list[str], name: str) -> Path:
    """Make an environment with ``requirements``, once, and return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"benchmarks: installing {name}", file=sys.stderr)
        _install(folder, requirements)
    return python
