"""Compares the generated rows about async support with the source of one installed Django."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_async_migrate.catalog import Catalog, rules_folder
from django_async_migrate.catalog.decorators import decorators
from django_async_migrate.catalog.loader import read
from django_async_migrate.catalog.releases import CoroutineApi, releases

Facts = dict[str, Any]

_SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(_SCRIPTS))

import generate_django_async as generator  # noqa: E402
from django_source import Source  # noqa: E402

_FIRST = generator.LINES[0]


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _rows(name: str, table: str, version: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Return the rows that hold for a version, as the generator makes them for this version alone."""
    found = {}
    for row in read(rules_folder() / "generated" / name)[table]:
        if _number(row.get("since", "0.0")) <= version <= _number(row.get("until", "99.0")):
            kept = {}
            for key, value in row.items():
                if key.endswith("-since"):
                    kept[key.removesuffix("-since")] = _number(value) <= version
                elif key not in {"since", "until", "source"}:
                    kept[key] = value
            found[row["api"]] = kept
    return found


def release_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what differs between the generated rows and the source of a release."""
    source = Source(Path(seen["folder"]))
    version = (seen["django"][0], seen["django"][1])
    tables = (
        ("django_async.toml", "coroutine", generator.coroutines),
        ("django_decorators.toml", "decorator", generator.decorators),
        ("django_middleware.toml", "middleware", generator.middleware),
    )
    for name, table, reader in tables:
        rows, found = _rows(name, table, version), reader(source)
        yield from (f"{table}: no row for {path}" for path in sorted(set(found) - set(rows)))
        yield from (f"{table}: Django has no {path}" for path in sorted(set(rows) - set(found)))
        for path in sorted(set(rows) & set(found)):
            for key, value in found[path].items():
                given = rows[path].get(key, [] if isinstance(value, list) else False)
                # Paths of a release that others do not have stand in the row, too; hooks may be spared by a call.
                more = isinstance(value, list) and isinstance(given, list) and set(value) <= set(given)
                if given != value and not more:
                    yield f"{table}: {path}: {key} is {value!r}, the row says {given!r}"
    known = {
        row["api"]: set(row["names"]) for row in read(rules_folder() / "generated" / "django_async.toml")["holder"]
    }
    for path, row in generator.holders(source).items():
        names = set(row["names"]) - known.get(path, set())
        yield from (f"holder: {path} has {name}" for name in sorted(names))


def decorator_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield the decorators that do with a coroutine function what their row does not say."""
    version = (seen["django"][0], seen["django"][1])
    rows = _rows("django_decorators.toml", "decorator", version)
    for path, keeps in seen["decorators"].items():
        if path in rows and rows[path].get("async", False) != keeps:
            yield f"{path}: a coroutine function stays one: {keeps}"
    yield from (f"{path}: nothing tries it" for path in sorted(set(rows) - set(seen["decorators"])))
    for path, fits in seen["dispatch"].items():
        if path in rows and decorators()[path].dispatch != fits:
            yield f"{path}: leaves the dispatch() of an async view alone: {fits}"


def hand_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield rows by hand that contradict those that were read."""
    known = releases(rules_folder())
    for path, since in _by_hand(catalog):
        row = known.coroutines.get(path)
        if row is None:
            yield f"{path}: no release has it"
        elif row.since != since and not (row.since is None and since is not None and since <= _number(_FIRST)):
            yield f"{path}: read as since {row.since}, a row says {since}"
    for path, added in known.added.items():
        inside = [row for name, row in known.coroutines.items() if name.startswith(f"{path}.")]
        if not inside or any((row.since or (0, 0)) < added.since for row in inside):
            yield f"{path}: a release before {added.since} has it, or none"
    for path in known.missing:
        if path in known.coroutines:
            yield f"{path}: said to be missing, but a release has it"


def _by_hand(catalog: Catalog) -> Iterator[tuple[str, tuple[int, int] | None]]:
    for function in dict.fromkeys(catalog.functions.values()):
        if function.api.startswith("django.") and function.is_async:
            yield function.api, function.since
    for method in catalog.queryset_methods.values():
        if method.kind == "async":
            yield f"django.db.models.query.QuerySet.{method.name}", method.since
    for model_method in catalog.model_methods.values():
        if model_method.is_async:
            yield f"django.db.models.base.Model.{model_method.name}", model_method.since
    for row in [*dict.fromkeys(catalog.models.values()), *dict.fromkeys(catalog.managers.values())]:
        for member in row.members:
            if member.is_async and member.owner.startswith("django."):
                yield f"{member.owner}.{member.name}", member.since


def twin_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield the twins in rows by hand that no release has, or that came with another one."""
    known = releases(rules_folder())
    for row in dict.fromkeys(catalog.functions.values()):
        if row.api.startswith("django.") and row.twin is not None:
            found: CoroutineApi | None = known.coroutines.get(row.twin)
            if found is None:
                yield f"{row.api}: no release has {row.twin}"
            elif (found.since or _number(_FIRST)) != max(row.twin_since or (0, 0), _number(_FIRST)):
                yield f"{row.api}: {row.twin} came with {found.since}"


CHECKS = (
    release_disagreements,
    decorator_disagreements,
    hand_disagreements,
    twin_disagreements,
)
