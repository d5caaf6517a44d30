"""Reads ``rules/*.toml`` into a ``Catalog``. Nothing is checked here: ``validate`` does that in the tests."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from django_async_migrate.catalog.rows import (
    Bridge,
    Catalog,
    FieldClass,
    Function,
    ModelMethod,
    QuerySetMethod,
    RelatedManagerMethod,
    StockManager,
    StockManagerClass,
    StockMember,
    StockModel,
    StockRelation,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Tables = Mapping[str, list[dict[str, Any]]]
RowT = TypeVar("RowT")

_VERSION_KEYS = frozenset({"since", "until", "twin-since"})
_NESTED: Mapping[str, type[Any]] = MappingProxyType(
    {"relations": StockRelation, "managers": StockManager, "members": StockMember}
)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Dotted(Protocol):
    @property
    def api(self) -> str: ...


NamedT = TypeVar("NamedT", bound=_Named)
DottedT = TypeVar("DottedT", bound=_Dotted)


def rules_folder() -> Path:
    """Return the folder of the TOML files: inside the package in a wheel, else the repository's own."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "rules"
    return shipped if shipped.is_dir() else package.parents[1] / "rules"


@functools.cache
def load() -> Catalog:
    """Return the catalogue of this installation; it is read once per process.

    Raises ``OSError`` when the rows are missing from the installation.
    """
    return load_from(rules_folder())


def load_from(folder: Path) -> Catalog:
    """Read a catalogue from ``folder``, which holds one TOML file per table.

    Raises ``OSError`` for a missing file, ``tomllib.TOMLDecodeError`` for one that is not TOML, and
    ``TypeError`` for a row with an unknown or missing key.
    """
    methods = _rows(ModelMethod, read(folder / "model_methods.toml"), "method")
    stock = read(folder / "models.toml")
    return Catalog(
        queryset_methods=_by_name(_rows(QuerySetMethod, read(folder / "queryset_methods.toml"), "method")),
        related_manager_methods=_by_name(
            _rows(RelatedManagerMethod, read(folder / "related_manager_methods.toml"), "method")
        ),
        model_methods=_by_name(row for row in methods if "*" not in row.name),
        model_method_patterns=tuple(row for row in methods if "*" in row.name),
        fields=_by_path(_rows(FieldClass, read(folder / "fields.toml"), "field")),
        models=_by_path(_rows(StockModel, stock, "model")),
        managers=_by_path(_rows(StockManagerClass, stock, "manager")),
        bridges=_by_path(_rows(Bridge, read(folder / "bridges.toml"), "bridge")),
        functions=_by_path(_rows(Function, read(folder / "functions.toml"), "function")),
    )


def read(path: Path) -> Tables:
    """Parse one TOML file of rows; raises ``OSError`` and ``tomllib.TOMLDecodeError``."""
    with path.open("rb") as stream:
        return tomllib.load(stream)


def make(cls: type[RowT], row: Mapping[str, Any]) -> RowT:
    """Build one row from its TOML table; raises ``TypeError`` for an unknown or missing key."""
    return cls(
        **{
            "is_async" if key == "async" else key.replace("-", "_"): _convert(key, value)
            for key, value in row.items()
        }
    )


def _convert(key: str, value: object) -> object:
    if key in _VERSION_KEYS:
        major, _, minor = str(value).partition(".")
        return int(major), int(minor)
    if isinstance(value, list):
        nested = _NESTED.get(key)
        return tuple(make(nested, item) for item in value) if nested else tuple(value)
    return value


def _rows(cls: type[RowT], tables: Tables, table: str) -> list[RowT]:
    return [make(cls, row) for row in tables.get(table, ())]


def _by_name(rows: Iterable[NamedT]) -> Mapping[str, NamedT]:
    return MappingProxyType({row.name: row for row in rows})


def _by_path(rows: Iterable[DottedT]) -> Mapping[str, DottedT]:
    keyed: dict[str, DottedT] = {}
    for row in rows:
        keyed[row.api] = row
        for alias in getattr(row, "aliases", ()):
            keyed[alias] = row
    return MappingProxyType(keyed)
