"""The installed Django agrees with every row about Django."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from django_async_migrate.catalog import Catalog, load, rules_folder
from oracle.rows_verdict import CHECKS, Facts, facts

_REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_django_agrees(check: Callable[[Catalog, Facts], Iterator[str]]) -> None:
    assert list(check(load(), facts())) == []


def test_generated_rows_are_those_of_the_installed_django(tmp_path: Path) -> None:
    script = _REPOSITORY / "scripts" / "generate_rows.py"
    subprocess.run([sys.executable, "-W", "ignore", str(script), "django", str(tmp_path)], check=True)
    generated = rules_folder() / "generated" / "django.toml"
    assert (tmp_path / "django.toml").read_text("utf-8") == generated.read_text("utf-8")
