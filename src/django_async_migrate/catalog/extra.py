"""Rows from outside: files that a project names in ``extra-rules``, in the format of ``rules/``."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from django_async_migrate.catalog.loader import blocking_rows, make
from django_async_migrate.catalog.rows import (
    Blocking,
    Bridge,
    BridgeKind,
    Catalog,
    Effect,
    FieldClass,
    FieldKind,
    Function,
)
from django_async_migrate.catalog.validate import RETURNS
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.record import replace

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RowT = TypeVar("RowT")

_TABLES: Mapping[str, type[Any]] = {
    "function": Function,
    "blocking": Blocking,
    "bridge": Bridge,
    "field": FieldClass,
}
_DEFAULTS: Mapping[str, Mapping[str, str]] = {"blocking": {"rule": "DAM507", "instead": "run it in a thread"}}
_CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("function", "effect"): get_args(Effect),
    ("function", "returns"): tuple(sorted(RETURNS)),
    ("bridge", "kind"): get_args(BridgeKind),
    ("field", "kind"): get_args(FieldKind),
}
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_VERSION = re.compile(r"\d+\.\d+")
_NOT_KEYS = frozenset({"_class", "owner", "api"})
_CODE = re.compile(r"DAM\d{3}")


class _Layered(Mapping[str, RowT]):
    """Rows of a project before those that ship."""

    def __init__(self, first: Mapping[str, RowT], then: Mapping[str, RowT]) -> None:
        self._first = first
        self._then = then

    def __getitem__(self, path: str) -> RowT:
        return self._first[path] if path in self._first else self._then[path]

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys([*self._first, *self._then])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of_packages(self, mentioned: Callable[[str], bool]) -> Iterator[RowT]:
        """Yield the rows of the project, then those about Django and the packages that are mentioned."""
        yield from self._first.values()
        of_packages = getattr(self._then, "of_packages", None)
        yield from of_packages(mentioned) if of_packages is not None else self._then.values()


def extended(
    catalog: Catalog,
    files: Iterable[tuple[str, str]],
    to_thread: Iterable[str],
    rules: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Catalog:
    """Return a catalogue with the rows of files, given as their names and texts, and more bridges to a thread.

    ``rules``: by table, the codes that a row may name; any code where a table is not in it.
    Raises UsageError that names file and line of what is wrong.
    """
    found: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    for name in to_thread:
        found["bridge"][name] = Bridge(api=name, kind="to-thread", source="to-thread-functions")
    for shown, text in files:
        for table, row in _rows(shown, text, rules):
            if table == "blocking":
                found[table].update(blocking_rows({table: [row]}))
                continue
            made = make(_TABLES[table], row)
            found[table].update(dict.fromkeys((made.api, *getattr(made, "aliases", ())), made))
    return replace(
        catalog,
        functions=_Layered(found["function"], catalog.functions),
        bridges=_Layered(found["bridge"], catalog.bridges),
        fields=_Layered(found["field"], catalog.fields),
        blocking=_Layered(found["blocking"], catalog.blocking),
        own=frozenset(path for rows in found.values() for path in rows),
    )


def _rows(shown: str, text: str, rules: Mapping[str, Collection[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a file with their tables, checked."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = place.group(1) if place else str(text.count("\n") + 1)
        raise UsageError(f"{shown}:{line}: not valid TOML: {re.sub(r' [(]at .*[)]$', '', str(error))}") from None
    for table, rows in document.items():
        if table not in _TABLES or not isinstance(rows, list):
            expected = ", ".join(f"[[{name}]]" for name in _TABLES)
            raise UsageError(f'{shown}:{_line(text, table, 0)}: "{table}" is no table of rows; there are {expected}')
        seen: set[str] = set()
        for number, row in enumerate(rows):
            complete = {"source": shown, **_DEFAULTS.get(table, {}), **row} if isinstance(row, dict) else {}
            wrong = _wrong(table, complete) or _wrong_rule(complete, rules.get(table))
            api = str(complete.get("api"))
            if wrong is None and table != "blocking" and api in seen:
                wrong = "api", f'two rows for "{api}"'
            if wrong is not None:
                raise UsageError(f"{shown}:{_line(text, table, number, wrong[0])}: {wrong[1]}")
            seen.add(api)
            yield table, complete


def _wrong(table: str, row: Mapping[str, object]) -> tuple[str, str] | None:
    """Return the key that is wrong in a row and what is wrong with it; an empty key for one that is missing."""
    kinds = {_key(name): str(kind) for name, kind in inspect.get_annotations(_TABLES[table]).items()}
    names = "api"
    if table == "blocking":
        del kinds["owner"], kinds["is-class"]
        kinds |= {"module": "str", "class": "str"}
        names = "class" if "class" in row else "module"
    for key, value in row.items():
        if key not in kinds:
            import difflib

            near = difflib.get_close_matches(key.replace("_", "-"), kinds, 1, 0.5)
            return key, f'unknown key "{key}" in [[{table}]]' + (f'; did you mean "{near[0]}"?' if near else "")
        expected = _expected(kinds[key], value)
        if expected:
            return key, f'"{key}" must be {expected}'
        choices = _CHOICES.get((table, key))
        if choices and value not in choices and not str(value).startswith("instance-of:"):
            return key, f'"{key}" must be one of {", ".join(choices)}'
        if key.startswith("rule") and value and not _CODE.fullmatch(str(value)):
            return key, f'"{key}" must be the code of a rule, such as DAM110'
    parameters = inspect.signature(_TABLES[table].__new__).parameters.values()
    needed = [_key(item.name) for item in parameters if item.default is item.empty and item.name not in _NOT_KEYS]
    for key in (names, *needed):
        if key not in row:
            return "", f'"{key}" is missing from this [[{table}]]'
    api, kind = str(row[names]), str(row.get("kind", ""))
    if kind.endswith("-method"):
        return None if api.isidentifier() else (names, f'"{names}" must be the name of a method for the kind {kind}')
    if _DOTTED.fullmatch(api) or (names == "module" and api.isidentifier()):
        return None
    return names, f'"{names}" must be a dotted name, such as "shop.tools.run"'


def _wrong_rule(row: Mapping[str, object], known: Collection[str] | None) -> tuple[str, str] | None:
    rule = str(row.get("rule", ""))
    if not rule or known is None or rule in known:
        return None
    return "rule", f'"rule" must be one of {", ".join(sorted(known))}'


def _expected(kind: str, value: object) -> str:
    """Return what a value should have been; empty when it is that."""
    if kind.startswith("tuple"):
        right = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return "" if right else "a list of strings"
    if kind.startswith("Mapping"):
        right = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        return "" if right else "a table of strings"
    if kind == "bool":
        return "" if isinstance(value, bool) else "true or false"
    if kind == "int":
        return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "a number"
    if kind.startswith("Version"):
        return "" if isinstance(value, str) and _VERSION.fullmatch(value) else 'a release, such as "5.0"'
    return "" if isinstance(value, str) and value else "a string"


def _key(name: str) -> str:
    return "async" if name == "is_async" else name.replace("_", "-")


def _line(text: str, table: str, number: int, key: str = "") -> int:
    """Return the line of a key in the row of that number; that of the row when the key is not found."""
    head = 0
    for line, content in enumerate(text.splitlines(), 1):
        stripped = content.strip()
        if re.match(rf"\[\[?\s*[\"']?{re.escape(table)}[\"']?\s*\]", stripped):
            if head:
                return head
            number -= 1
            head = line if number < 0 else 0
        elif head and stripped.startswith("["):
            return head
        elif (head and key and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", stripped)) or (
            not head and number == 0 and not key and re.match(rf"{re.escape(table)}\s*=", stripped)
        ):
            return line
    return head or 1
