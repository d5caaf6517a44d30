"""Compares the catalogue's rows with what one release of Django says about them."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_async_migrate.catalog import Catalog, Version, available, load, rules_folder
from django_async_migrate.catalog.loader import read
from oracle import releases

_WORKER = Path(__file__).resolve().parent / "rows_worker.py"
# Names that belong to the machinery of prefetching and not to the public API.
_INTERNAL = ("get_prefetch",)

Facts = dict[str, Any]


@functools.cache
def facts(python: str = sys.executable) -> Facts:
    """Ask the Django of the interpreter ``python``; raises ``RuntimeError`` with what the worker printed."""
    catalog = load()
    tables = (catalog.fields, catalog.functions, catalog.models)
    rows: list[Any] = list(dict.fromkeys(row for table in tables for row in table.values()))
    django = [row for row in rows if row.api.startswith("django.")]
    bridges = [row for row in catalog.bridges.values() if row.api.startswith(("asgiref.", "asyncio."))]
    managers = [row for row in catalog.managers.values() if row.api.startswith("django.")]
    members = [member for row in [*catalog.models.values(), *managers] for member in row.members]
    aliases = [(alias, row.api) for row in django for alias in row.aliases]
    decorators = rules_folder() / "generated" / "django_decorators.toml"
    question = {
        "paths": [row.api for row in [*django, *bridges, *managers]] + [alias for alias, _ in aliases],
        "aliases": aliases,
        "members": [
            {"owner": member.owner, "name": member.name}
            for member in dict.fromkeys(members)
            if member.owner.startswith("django.")
        ],
        "decorators": [row["api"] for row in read(decorators)["decorator"]],
    }
    result = subprocess.run(
        [python, "-W", "ignore", str(_WORKER)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(result.stderr)
    answer: Facts = json.loads(result.stdout)
    return answer


def queryset_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what the rows about querysets and managers have wrong."""
    target = _version(seen)
    for on, names in seen["queryset-names"].items():
        rows = {row.name: row for row in catalog.queryset_methods.values() if on in row.on and available(row, target)}
        yield from (f"{on}: no row for {name}" for name in sorted(set(names) - set(rows)))
        yield from (f"{on}: Django has no {name}" for name in sorted(set(rows) - set(names)))
        for name in sorted(set(rows) & set(names)):
            expected = "async" if rows[name].kind == "async" else "sync"
            if rows[name].returns == "async-iterator":
                expected = "async-iterator"
            if names[name] != expected:
                yield f"{on}.{name} is {names[name]}, the row says {expected}"
    for row in catalog.queryset_methods.values():
        if row.kind == "terminal":
            states = seen["terminals"].get(row.name)
            if states is None:
                yield f"{row.name}: nothing tries it"
                continue
            if states["plain"] != "raises":
                yield f"{row.name} on a fresh queryset: {states['plain']}"
            if (states["cached"] == "free") != (row.free_when_cached == "always"):
                yield f"{row.name} on an evaluated queryset: {states['cached']}"
            if (states["ordered"] == "free") != (row.free_when_cached != ""):
                yield f"{row.name} on an evaluated, ordered queryset: {states['ordered']}"
            if row.free_when_none and states["none"] == "raises":
                yield f"{row.name} on none(): {states['none']}"
            if ("empty" in states and states["empty"] == "free") != (row.free_when_empty is not None):
                yield f"{row.name} with an empty argument: {states.get('empty')}"
            word = row.returns.removeprefix("optional-")
            if seen["returns"][row.name] != [word]:
                yield f"{row.name} returns {seen['returns'][row.name]}, the row says {row.returns}"
        elif row.kind == "lazy" and "raw" not in row.on and available(row, target):
            if seen["lazy"].get(row.name) != "free":
                yield f"{row.name} is not lazy: {seen['lazy'].get(row.name)}"


def related_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what the rows about related managers have wrong."""
    target = _version(seen)
    rows = {row.name: row for row in catalog.related_manager_methods.values() if available(row, target)}
    for kind, found in seen["related"].items():
        on = "reverse-foreign-key" if kind == "not-null" else kind
        expected = {
            name: row for name, row in rows.items() if on in row.on and not (kind == "not-null" and row.nullable_only)
        }
        names = {name: how for name, how in found["names"].items() if not name.startswith(_INTERNAL)}
        yield from (f"{kind}: no row for {name}" for name in sorted(set(names) - set(expected)))
        yield from (f"{kind}: Django has no {name}" for name in sorted(set(expected) - set(names)))
        for name in sorted(set(names) & set(expected)):
            if names[name] != ("async" if expected[name].kind == "async" else "sync"):
                yield f"{kind}.{name} is {names[name]}"
        for name, states in found["outcomes"].items():
            row = rows[name]
            if states["call"] != "raises":
                yield f"{kind}.{name}(): {states['call']}"
            free = states.get("no-arguments") == "free"
            if free != (on in row.free_without_arguments):
                yield f"{kind}.{name} without arguments: {states.get('no-arguments')}"
        for name, dropped in found["drops"].items():
            row = rows[name]
            if (on in row.drops_prefetch and not dropped) or (
                dropped and on not in row.drops_prefetch + row.may_drop_prefetch
            ):
                yield f"{kind}.{name} drops what was prefetched: {dropped}"


def model_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what the rows about model methods have wrong."""
    target = _version(seen)
    rows = [*catalog.model_methods.values(), *catalog.model_method_patterns]
    names = seen["model-names"]
    for name, how in names.items():
        row = catalog.model_method(name)
        if row is None:
            yield f"no row for Model.{name}"
        elif row.is_async != (how == "async"):
            yield f"Model.{name} is {how}"
    for row in rows:
        if not available(row, target):
            continue
        if row.only_if:
            for shape, state in seen["validation"][row.name].items():
                if (state == "raises") != (shape in row.only_if):
                    yield f"{row.name} on a model with {shape}: {state}"
            continue
        state = seen["methods"].get(row.name)
        expected = "coroutine" if row.is_async else "raises" if row.effect == "query" else "free"
        if state != expected:
            yield f"{row.name}: {state}, the row says {expected}"
        if row.free_when_empty and seen["methods"].get(f"{row.name}: empty") != "free":
            yield f"{row.name} with empty {row.free_when_empty}: {seen['methods'].get(row.name + ': empty')}"


def stock_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what the rows about Django's own models, their members and their ``__str__`` have wrong."""
    target = _version(seen)
    for name, loads in seen["string-loads"].items():
        if name.startswith("django.") and sorted(catalog.models[name].str_loads) != loads:
            yield f"str() of {name} loads {loads}"
    rows = {
        (member.owner, member.name): member
        for table in (catalog.models, catalog.managers)
        for row in table.values()
        for member in row.members
    }
    for found in seen["members"]:
        row = rows[found["owner"], found["name"]]
        title = f"{row.owner}.{row.name}"
        if found["exists"] != available(row, target):
            yield f"{title}: exists: {found['exists']}"
        if not found["exists"]:
            continue
        if (found["property"], found["async"]) != (row.property, row.is_async):
            yield f"{title}: property {found['property']}, async {found['async']}"
        if "outcome" in found:
            raises = row.effect == "query" or bool(row.loads)
            if (found["outcome"] == "raises") != raises:
                yield f"{title}: {found['outcome']}"
            if row.effect == "none" and found["loads"] != sorted(row.loads):
                yield f"{title} loads {found['loads']}"


def function_disagreements(catalog: Catalog, seen: Facts) -> Iterator[str]:
    """Yield what the rows about functions, bridges and field classes of Django have wrong."""
    target = _version(seen)
    dated = {row.api: row for row in catalog.functions.values()}
    for path, state in seen["paths"].items():
        row = catalog.functions.get(path)
        exists = row is None or available(row, target)
        # The GIS fields need the GDAL library, which few machines have.
        if path.startswith("django.contrib.gis.") and state == "missing":
            continue
        if (state != "missing") != exists:
            yield f"{path}: {state}"
        if row is not None and state != "missing" and row.is_async != (state == "async"):
            yield f"{path} is {state}"
    for alias, same in seen["aliases"].items():
        if not same and seen["paths"][alias] != "missing":
            yield f"{alias} is not the same thing as its full path"
    for name, state in seen["functions"].items():
        row = dated.get(name)
        if row is None:
            yield f"{name}: tried, but there is no row"
        elif row.effect != "unknown" and (state == "raises") != (row.effect == "query"):
            yield f"{name}: {state}"
    for name, row in dated.items():
        if row.api.startswith("django.") and not row.is_async and row.effect != "unknown":
            if name not in seen["functions"]:
                yield f"{name}: nothing tries it"


CHECKS = (
    queryset_disagreements,
    related_disagreements,
    model_disagreements,
    stock_disagreements,
    function_disagreements,
    *releases.CHECKS,
)


def _version(seen: Facts) -> Version:
    major, minor = seen["django"]
    return major, minor
