"""Reads ``rules/*.toml`` into a ``Catalog``. Nothing is checked here: ``validate`` does that in the tests."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from django_async_migrate.catalog.rows import (
    Blocking,
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

_VERSION_KEYS = frozenset(
    {"since", "until", "twin-since", "twin-blocks-until", "native-since", "loads-user-since", "loads-user-until"}
)
_NESTED: Mapping[str, type[Any]] = MappingProxyType({"relations": StockRelation, "managers": StockManager})


_PACKAGE_FOLDERS = ("packages", "generated")
#: Files in ``generated/`` that are about Django's async support; all others are named after a package.
RELEASE_FILES = frozenset({"django_async", "django_decorators", "django_middleware"})


class _Named(Protocol):
    @property
    def name(self) -> str: ...


NamedT = TypeVar("NamedT", bound=_Named)


class PackageTable(Mapping[str, RowT]):
    """Rows by dotted path; those of a package are read when a path into the package is first looked up."""

    __slots__ = ("_core", "_folder", "_table")

    def __init__(self, folder: Path, table: str, core: Mapping[str, RowT]) -> None:
        self._folder = folder
        self._table = table
        self._core = core

    def __getitem__(self, path: str) -> RowT:
        row = self._core.get(path)
        if row is not None:
            return row
        found: RowT = package_rows(self._folder, path.partition(".")[0])[self._table][path]
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._core
        generated = self._table in ("model", "manager")
        for package in package_names(self._folder, _PACKAGE_FOLDERS[1:] if generated else _PACKAGE_FOLDERS):
            # A row in the file of another package cannot be looked up; validation names it.
            yield from (
                path for path in package_rows(self._folder, package)[self._table] if path.partition(".")[0] == package
            )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of_packages(self, mentioned: Callable[[str], bool]) -> Iterator[RowT]:
        """Yield the rows about Django and about the packages that are mentioned; others are not read."""
        yield from self._core.values()
        for package in package_names(self._folder):
            if package == "django" or mentioned(package):
                yield from package_rows(self._folder, package)[self._table].values()


@functools.cache
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
    """Read a catalogue from ``folder``, laid out like the repository's ``rules/``.

    Raises ``OSError`` for a missing file, ``tomllib.TOMLDecodeError`` for one that is not TOML, and
    ``TypeError`` for a row with an unknown or missing key. The rows of a package raise the same when
    they are first asked for.
    """
    methods = _rows(ModelMethod, read(folder / "model_methods.toml"), "method")
    fields = _by_path(_rows(FieldClass, read(folder / "fields.toml"), "field"))
    functions = _by_path(_rows(Function, read(folder / "functions.toml"), "function"))
    return Catalog(
        queryset_methods=_by_name(_rows(QuerySetMethod, read(folder / "queryset_methods.toml"), "method")),
        related_manager_methods=_by_name(
            _rows(RelatedManagerMethod, read(folder / "related_manager_methods.toml"), "method")
        ),
        model_methods=_by_name(row for row in methods if "*" not in row.name),
        model_method_patterns=tuple(row for row in methods if "*" in row.name),
        bridges=_by_path(_rows(Bridge, read(folder / "bridges.toml"), "bridge")),
        fields=PackageTable(folder, "field", fields),
        functions=PackageTable(folder, "function", functions),
        blocking=PackageTable(folder, "blocking", blocking_rows(read(folder / "blocking.toml"))),
        models=PackageTable(folder, "model", {}),
        managers=PackageTable(folder, "manager", {}),
        doubles={name: path for path in sorted((folder / "doubles").glob("*.py")) for name in path.stem.split("+")},
    )


@functools.cache
def package_names(folder: Path, folders: tuple[str, ...] = _PACKAGE_FOLDERS) -> tuple[str, ...]:
    """List the top-level packages that have a file of their own under ``folder``."""
    stems = {path.stem for name in folders for path in (folder / name).glob("*.toml")}
    return tuple(sorted(stems - RELEASE_FILES))


@functools.cache
def package_rows(folder: Path, package: str) -> Mapping[str, Mapping[str, Any]]:
    """Read what ``packages/`` and ``generated/`` hold about one top-level package, by table and path."""
    tables: dict[str, list[dict[str, Any]]] = {}
    if package in package_names(folder):
        for name in _PACKAGE_FOLDERS:
            path = folder / name / f"{package}.toml"
            if path.is_file():
                for table, rows in read(path).items():
                    tables.setdefault(table, []).extend(rows)
    members: dict[str, list[StockMember]] = {}
    for member in _rows(StockMember, tables, "member"):
        members.setdefault(member.owner, []).append(member)
    return MappingProxyType(
        {
            "field": _by_path(_rows(FieldClass, tables, "field")),
            "function": _by_path(_rows(Function, tables, "function")),
            "blocking": blocking_rows(tables),
            "model": _by_path(_with_members(StockModel, tables, "model", members)),
            "manager": _by_path(_with_members(StockManagerClass, tables, "manager", members)),
        }
    )


def read(path: Path) -> Tables:
    """Parse one TOML file of rows; raises ``OSError`` and ``tomllib.TOMLDecodeError``.

    A long file that a script writes has a copy in JSON beside it, which is read in a tenth of the time.
    """
    copy = path.with_suffix(".json")
    if copy.is_file():
        import json

        tables: Tables = json.loads(copy.read_bytes())
        return tables
    with path.open("rb") as stream:
        return tomllib.load(stream)


def make(cls: type[RowT], row: Mapping[str, Any]) -> RowT:
    """Build one row from its TOML table; raises ``TypeError`` for an unknown or missing key."""
    return cls(
        **{"is_async" if key == "async" else key.replace("-", "_"): _convert(key, value) for key, value in row.items()}
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


def _with_members(
    cls: type[RowT], tables: Tables, table: str, members: Mapping[str, list[StockMember]]
) -> Iterator[RowT]:
    for row in tables.get(table, ()):
        own = tuple(members.get(row["api"], ()))
        names = dict.fromkeys([*row.get("defines", ()), *(member.name for member in own)])
        extra = {"defines": tuple(names)} if cls is StockManagerClass else {}
        yield make(cls, {**row, **extra, "members": own})


def _by_name(rows: Iterable[NamedT]) -> Mapping[str, NamedT]:
    return MappingProxyType({row.name: row for row in rows})


def _by_path(rows: Iterable[RowT]) -> Mapping[str, RowT]:
    keyed: dict[str, RowT] = {}
    for row in rows:
        for path in (row.api, *getattr(row, "aliases", ())):  # type: ignore[attr-defined]
            keyed[path] = row
    return MappingProxyType(keyed)


def blocking_rows(tables: Tables) -> Mapping[str, Blocking]:
    """Key the rows about a class by its paths, those about a module by the paths of the functions they name."""
    keyed: dict[str, Blocking] = {}
    for table in tables.get("blocking", ()):
        kind = "class" if "class" in table else "module"
        rest = {key: value for key, value in table.items() if key != kind}
        row = make(Blocking, {**rest, "owner": table[kind], "is-class": kind == "class"})
        paths = (
            (row.owner, *row.aliases)
            if row.is_class
            else [f"{row.owner}.{name}" for name in dict.fromkeys([*row.names, *row.gives, *row.lists])]
        )
        for path in paths:
            keyed[path] = row
    return MappingProxyType(keyed)
