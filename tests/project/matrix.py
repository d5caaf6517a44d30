"""Lets every Django in ``.venvs/`` run the legacy project; tests/oracle/matrix.py makes these environments.

Each drives the async entry points, compares with the golden file, and runs the project's own tests. Prints
two lines a version. Exit code 1 if any Django disagrees, 2 if there is none to ask.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
_FIXTURE = _TESTS.parent / "fixtures" / "legacy_project"


def main() -> int:
    """Ask them all and return the exit code."""
    interpreters = sorted(_TESTS.parent.glob(".venvs/*/bin/python"))
    code = 0
    for python in interpreters:
        name = python.parent.parent.name
        code |= _run(f"legacy hazards: {name}", python, ["-m", "project.record", "--check"], _TESTS)
        code |= _run(f"legacy tests: {name}", python, ["manage.py", "test"], _FIXTURE)
    if not interpreters:
        print("legacy project: no environments in .venvs/; run tests/oracle/matrix.py first")
        return 2
    return code


def _run(title: str, python: Path, arguments: Sequence[str], folder: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="legacy-") as temporary:
        environment = {
            **os.environ,
            "PAPERLEAF_DB": str(Path(temporary, "shop.sqlite3")),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name in ("DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE", "PYTHONPATH"):
            environment.pop(name, None)
        done = subprocess.run([str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    print(f"{title}: {'disagrees' if done.returncode else 'agrees'}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
