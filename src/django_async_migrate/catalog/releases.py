"""What Django's releases hold: the rows of ``rules/generated/django_async.toml``, read when first asked for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from django_async_migrate.catalog.loader import make, read
from django_async_migrate.catalog.rows import Version
from django_async_migrate.core.record import Record, keyword_record


@keyword_record
class CoroutineApi(Record):
    """A public coroutine function or method of Django, or a class named after being async.

    ``sync`` is its twin, which stands beside it.
    """

    __slots__ = ()

    api: str
    kind: str
    source: str
    aliases: tuple[str, ...] = ()
    sync: str | None = None
    since: Version | None = None
    until: Version | None = None


@keyword_record
class Holder(Record):
    """A module or class of Django with the public names that any supported release has in it."""

    __slots__ = ()

    api: str
    names: tuple[str, ...]
    source: str
    aliases: tuple[str, ...] = ()


@keyword_record
class Missing(Record):
    """A name that people import or call though no release has it; ``instead`` says what to write."""

    __slots__ = ()

    api: str
    instead: str
    source: str
    fix: str = ""


@keyword_record
class Added(Record):
    """A module or package that came with a release; ``instead`` says what to use before."""

    __slots__ = ()

    api: str
    since: Version
    instead: str
    source: str


@keyword_record
class Releases(Record):
    """All of these rows by path; an alias leads to the same row."""

    __slots__ = ()

    coroutines: Mapping[str, CoroutineApi]
    holders: Mapping[str, Holder]
    missing: Mapping[str, Missing]
    added: Mapping[str, Added]

    def names(self, path: str) -> frozenset[str] | None:
        """Return the names in a module or class; None where it has no row."""
        row = self.holders.get(path)
        return frozenset(row.names) if row is not None else None

    def method(self, path: str, name: str) -> CoroutineApi | None:
        """Return the row of a coroutine method that a class defines; the class may go by an alias."""
        row = self.holders.get(path)
        return self.coroutines.get(f"{row.api if row is not None else path}.{name}")

    def inherited(self, name: str) -> CoroutineApi | None:
        """Return the row of a coroutine method where all classes that have it got it in the same release."""
        rows = {row for path, row in self.coroutines.items() if row.kind == "method" and path.endswith(f".{name}")}
        return next(iter(rows)) if len({row.since for row in rows}) == 1 else None


@functools.cache
def coroutine_names(folder: Path) -> frozenset[str]:
    """Return the last parts of all names of coroutine functions."""
    rows = releases(folder).coroutines.values()
    return frozenset(row.api.rpartition(".")[2] for row in rows if row.kind in {"method", "function"})


@functools.cache
def releases(folder: Path) -> Releases:
    """Read the rows below ``folder``; raises what ``load_from`` raises."""
    tables = read(folder / "generated" / "django_async.toml")
    coroutines: dict[str, CoroutineApi] = {}
    for row in tables["coroutine"]:
        api = make(CoroutineApi, row)
        coroutines.update((path, api) for path in (api.api, *api.aliases))
    holders: dict[str, Holder] = {}
    for row in tables["holder"]:
        holder = make(Holder, row)
        holders.update((path, holder) for path in (holder.api, *holder.aliases))
    by_hand = read(folder / "missing.toml")
    missing = [make(Missing, row) for row in by_hand.get("missing", ())]
    added = [make(Added, row) for row in by_hand.get("added", ())]
    return Releases(
        coroutines=MappingProxyType(coroutines),
        holders=MappingProxyType(holders),
        missing=MappingProxyType({row.api: row for row in missing}),
        added=MappingProxyType({row.api: row for row in added}),
    )
