"""The fixture is a project that works: its own tests pass under this Django."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from project.source import ROOT


def test_its_own_tests_pass(tmp_path: Path) -> None:
    done = _manage("test", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.search(r"Ran (\d+) tests", done.stderr)
    assert ran is not None and int(ran[1]) >= 100, done.stderr


def test_its_migrations_are_complete(tmp_path: Path) -> None:
    done = _manage("makemigrations", tmp_path, "--check", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr


def _manage(command: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PAPERLEAF_DB": str(folder / "shop.sqlite3"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
