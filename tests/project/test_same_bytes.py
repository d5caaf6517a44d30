"""The same project gives the same bytes, whatever the order of paths, the hashes of the day and the processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from django_async_migrate.config.settings import FORMATS

PROJECT = Path(__file__).resolve().parent.parent.parent / "fixtures" / "legacy_project"


def printed(seed: str, *arguments: str) -> bytes:
    """Scan in a process whose hashes depend on a seed; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "django_async_migrate", "scan", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
    )
    assert done.returncode == 1, done.stderr
    assert "--statistics" in arguments or not done.stderr, done.stderr
    return done.stdout + done.stderr


def test_order_hashes_and_jobs_change_nothing() -> None:
    first = printed("0", ".", "--output-format", "json")
    folders = sorted(path.name for path in PROJECT.iterdir() if path.is_dir() and (path / "__init__.py").exists())
    files = sorted(path.name for path in PROJECT.glob("*.py"))
    whole = [*folders, *files]
    some = printed("1", *whole, "--output-format", "json", "--jobs", "1")
    for number in (2, 3):
        random.Random(number).shuffle(whole)
        assert printed(str(number), *whole, "--output-format", "json", "--jobs", str(number), "--no-cache") == some
    assert printed("4", "--output-format", "json", "--jobs", "7") == first


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_is_the_same_again(form: str) -> None:
    paths = sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "accounts").glob("*.py"))
    first = printed("1", *paths, "--output-format", form, "--statistics")
    assert printed("2", *reversed(paths), "--output-format", form, "--statistics", "--jobs", "3") == first
