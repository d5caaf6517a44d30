"""Checks the rows of a catalogue, for the tests and for rows from outside: a scan trusts its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from django_async_migrate.catalog.loader import load_from, package_names, package_rows, read
from django_async_migrate.catalog.rows import (
    BridgeKind,
    Catalog,
    Effect,
    FieldKind,
    MethodKind,
    StockManagerClass,
    StockModel,
)

QUERYSET_OWNERS = frozenset({"queryset", "manager", "raw"})
RELATED_KINDS = frozenset({"reverse-foreign-key", "many-to-many", "generic"})
MODEL_CONDITIONS = frozenset({"foreign-key", "unique", "constraint"})
RETURNS = frozenset(
    {
        "async-iterator",
        "bool",
        "connection",
        "context-manager",
        "cursor",
        "delete-result",
        "dict",
        "in-bulk",
        "instance",
        "instance-bool",
        "instance-of-arg0",
        "int",
        "iterator",
        "list",
        "list-of-arg0",
        "list-of-instances",
        "manager",
        "model",
        "none",
        "optional-instance",
        "optional-user",
        "queryset",
        "raw-queryset",
        "response",
        "scalars",
        "set",
        "str",
        "tuple",
        "unknown",
        "user",
        "user-model",
        "values",
        "values-list",
    }
)
_INSTANCE_OF = "instance-of:"


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the rows below ``folder``, one sentence each, naming the row.

    Raises what ``load_from`` raises for rows that cannot be read at all.
    """
    catalog = load_from(folder)
    return [
        *_duplicates(folder),
        *_queryset_methods(catalog),
        *_related_methods(catalog),
        *_model_methods(catalog),
        *_fields_and_bridges(catalog),
        *_functions(catalog),
        *_blocking(catalog, folder),
        *_stock(catalog, folder),
    ]


def _duplicates(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.toml")):
        for table, rows in read(path).items():
            seen: set[tuple[str | None, ...]] = set()
            for row in rows:
                key = (row.get("owner"), row.get("api"), row.get("name") or _listed(row))
                if key in seen and table != "blocking":
                    yield f"{path.name}: two rows for {'.'.join(filter(None, key))} in {table}"
                seen.add(key)


def _listed(row: dict[str, Any]) -> str:
    """Return the names that one row tells about, where nothing else tells rows of one owner apart."""
    return "" if "api" in row else ", ".join(row.get("names", ()))


def _queryset_methods(catalog: Catalog) -> Iterator[str]:
    for row in catalog.queryset_methods.values():
        yield from _common(row.name, row.source, kind=(row.kind, MethodKind), returns=row.returns)
        yield from _subset(row.name, "on", row.on, QUERYSET_OWNERS)
        yield from _twins(row, catalog.queryset_methods)
        if row.free_when_cached not in ("", "always", "ordered"):
            yield f"{row.name}: free-when-cached is {row.free_when_cached!r}"


def _related_methods(catalog: Catalog) -> Iterator[str]:
    for row in catalog.related_manager_methods.values():
        yield from _common(row.name, row.source, kind=(row.kind, MethodKind), returns=row.returns)
        yield from _subset(row.name, "on", row.on, RELATED_KINDS)
        for key in ("free_without_arguments", "drops_prefetch", "may_drop_prefetch"):
            yield from _subset(row.name, key, getattr(row, key), frozenset(row.on))
        yield from _twins(row, catalog.related_manager_methods)


def _model_methods(catalog: Catalog) -> Iterator[str]:
    for row in [*catalog.model_methods.values(), *catalog.model_method_patterns]:
        yield from _common(row.name, row.source, effect=row.effect, returns=row.returns)
        yield from _subset(row.name, "only-if", row.only_if, MODEL_CONDITIONS)
        yield from _twins(row, catalog.model_methods)
        if row.name.count("*") > 1:
            yield f"{row.name}: a pattern has one star"


def _fields_and_bridges(catalog: Catalog) -> Iterator[str]:
    for field in catalog.fields.values():
        yield from _common(field.api, field.source, kind=(field.kind, FieldKind))
        if field.to is not None and field.to not in catalog.models:
            yield f"{field.api}: no row for the model {field.to}"
    for bridge in catalog.bridges.values():
        yield from _common(bridge.api, bridge.source, kind=(bridge.kind, BridgeKind))
        if ("." in bridge.api) == bridge.kind.endswith("-method"):
            yield f"{bridge.api}: only methods go by a bare name"


def _functions(catalog: Catalog) -> Iterator[str]:
    for row in catalog.functions.values():
        yield from _common(row.api, row.source, effect=row.effect, returns=row.returns)
        if row.returns.startswith(_INSTANCE_OF) and row.returns.removeprefix(_INSTANCE_OF) not in catalog.models:
            yield f"{row.api}: no row for the model in {row.returns}"
        if row.twin is not None:
            twin = catalog.functions.get(row.twin)
            if twin is None or not twin.is_async or twin.since != row.twin_since:
                yield f"{row.api}: its twin {row.twin} has no row that fits"


def _blocking(catalog: Catalog, folder: Path) -> Iterator[str]:
    paths = [folder / "blocking.toml", *sorted((folder / "packages").glob("*.toml"))]
    seen: set[str] = set()
    for table in (table for path in paths for table in read(path).get("blocking", ())):
        owner = table.get("class") or ""
        module = table.get("module", "")
        for name in (
            (owner, *table.get("aliases", ()))
            if owner
            else (f"{module}.{part}" for part in dict.fromkeys([*table.get("names", ()), *table.get("gives", ())]))
        ):
            if name in seen:
                yield f"{name}: two rows"
            seen.add(name)
    for name, row in catalog.blocking.items():
        yield from _common(name, row.source)
        if not row.rule or not row.instead:
            yield f"{name}: says no rule, or not what async code does instead"
        made_of = {"__init__"} if row.is_class else set()
        for called in {*row.paths, *row.urls} - {*row.names} - made_of:
            yield f"{name}: says what {called} has to be given, but not that it blocks"
        if row.strict and not row.is_class:
            yield f"{name}: strict is about making objects"
        for given in [*row.gives.values(), *row.lists.values(), *row.holds.values()]:
            made = catalog.blocking.get(given)
            if made is None or not made.is_class:
                yield f"{name}: no row for the class {given}"


def _stock(catalog: Catalog, folder: Path) -> Iterator[str]:
    for package in package_names(folder):
        tables = package_rows(folder, package)
        for table in ("model", "manager", "field", "function", "blocking"):
            for path in tables[table]:
                if path.partition(".")[0] != package:
                    yield f"{package}.toml: {path} is of another package"
        owners = {*tables["model"], *tables["manager"]}
        for owner in (member["owner"] for member in _members(folder, package)):
            if owner not in owners:
                yield f"{package}.toml: a member of {owner}, which has no row"
        for row in dict.fromkeys(tables["model"].values()):
            yield from _stock_model(row, catalog)
        for row in dict.fromkeys([*tables["model"].values(), *tables["manager"].values()]):
            yield from _stock_members(row)


def _members(folder: Path, package: str) -> Iterator[dict[str, Any]]:
    for name in ("packages", "generated"):
        path = folder / name / f"{package}.toml"
        if path.is_file():
            yield from read(path).get("member", ())


def _stock_model(row: StockModel, catalog: Catalog) -> Iterator[str]:
    if not row.source:
        yield f"{row.api}: no source"
    yield from (f"{row.api}: no row for its base {base}" for base in row.bases if base not in catalog.models)
    for relation in row.relations:
        yield from _common(f"{row.api}.{relation.name}", row.source, kind=(relation.kind, FieldKind))
        if (relation.to == "") != (relation.kind == "generic-foreign-key"):
            yield f"{row.api}.{relation.name}: leads to {relation.to!r}"
    names = [*row.scalars, *(relation.name for relation in row.relations)]
    yield from (f"{row.api}: {name} twice" for name in sorted({name for name in names if names.count(name) > 1}))


def _stock_members(row: StockModel | StockManagerClass) -> Iterator[str]:
    by_name = {member.name: member for member in row.members}
    for member in row.members:
        yield from _common(f"{row.api}.{member.name}", member.source, effect=member.effect, returns=member.returns)
        yield from _twins(member, by_name)


def _common(
    name: str,
    source: str,
    *,
    kind: tuple[str, Any] | None = None,
    effect: str | None = None,
    returns: str | None = None,
) -> Iterator[str]:
    if not source:
        yield f"{name}: no source"
    if kind is not None and kind[0] not in get_args(kind[1]):
        yield f"{name}: {kind[0]!r} is no kind"
    if effect is not None and effect not in get_args(Effect):
        yield f"{name}: {effect!r} is no effect"
    if returns is not None and returns not in RETURNS and not returns.startswith(_INSTANCE_OF):
        yield f"{name}: returns {returns!r}, which has no meaning"


def _subset(name: str, key: str, values: Iterable[str], allowed: frozenset[str]) -> Iterator[str]:
    yield from (f"{name}: {value!r} in {key}" for value in values if value not in allowed)


def _twins(row: Any, rows: Any) -> Iterator[str]:
    """Compare a row with its twin: each names the other, and they agree since when the twin exists."""
    if row.twin is not None:
        twin = rows.get(row.twin)
        if twin is None or twin.sync != row.name or twin.since != row.twin_since:
            yield f"{row.name}: its twin {row.twin} has no row that fits"
    if row.sync is not None:
        original = rows.get(row.sync)
        if original is None or original.twin != row.name:
            yield f"{row.name}: {row.sync} does not name it as twin"
