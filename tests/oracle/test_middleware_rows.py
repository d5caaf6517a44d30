"""The rows about Django's middleware, and the way crossings are counted, against the installed Django."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from django_async_migrate.catalog import available
from django_async_migrate.catalog.middleware import middleware_rows
from django_async_migrate.index.hops import Link, passages
from oracle.runner import django_version

_TARGET = tuple(int(part) for part in django_version().split(".")[:2])
#: In the order that Django asks for.
_DEFAULT = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)
_MODES = {"Synchronous": "sync", "Hybrid": "hybrid", "Asynchronous": "async"}


def _chains() -> list[list[str]]:
    chosen = random.Random(7)
    found = [[], list(_DEFAULT)]
    for _ in range(120):
        chain = [name for name in _DEFAULT if chosen.random() < 0.6 or "sessions" in name]
        for _ in range(chosen.randint(1, 4)):
            chain.insert(chosen.randint(0, len(chain)), f"oracle.middleware_rows.{chosen.choice(sorted(_MODES))}")
        found.append(chain)
    return found


@pytest.fixture(scope="module")
def real() -> Mapping[str, Any]:
    """Ask the installed Django."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "oracle.middleware_rows"],
        input=json.dumps(_chains()),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        check=True,
    )
    result: Mapping[str, Any] = json.loads(done.stdout)
    return result


def test_every_middleware_of_django_has_its_row(real: Mapping[str, Any]) -> None:
    """None is missing, none is made up, and each says what runs in a thread."""
    rows = {
        path: row
        for path, row in middleware_rows().items()
        if path.startswith(("django.middleware.", "django.contrib.")) and available(row, (_TARGET[0], _TARGET[1]))
    }
    assert rows.keys() == real["declared"].keys()
    for path, (sync_capable, async_capable, has_own_path, hooks) in real["declared"].items():
        row = rows[path]
        assert (sync_capable, async_capable, row.mode) == (True, True, "mixin"), path
        assert set(row.hops) == set(hooks), path
        # A subclass has the path of its base.
        has_path = has_own_path or (path.endswith(".PersistentRemoteUserMiddleware") and _TARGET >= (5, 2))
        assert (row.crossings((_TARGET[0], _TARGET[1])) == 0) == has_path, path


def test_crossings_are_counted_as_they_happen(real: Mapping[str, Any]) -> None:
    """Whatever the chain, the count is that of a request that went through it."""
    for chain, counted in zip(_chains(), real["counted"], strict=True):
        assert passages([_link(name) for name in chain])[1] == counted, chain


def test_the_default_chain_makes_thirteen_crossings(real: Mapping[str, Any]) -> None:
    """The page of DAM310 says so."""
    assert real["counted"][1] == 13


def _link(name: str) -> Link:
    row = middleware_rows().get(name)
    if row is None:
        return Link(name, _MODES[name.rpartition(".")[2]])  # type: ignore[arg-type]
    views = int("process_view" in row.hops)
    return Link(name, row.mode, len(row.hops) - views, views)
