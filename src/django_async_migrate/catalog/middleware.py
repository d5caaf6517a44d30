"""The rows about middleware: of libraries by hand, of Django as generated. Read when settings name some."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from django_async_migrate.core.record import Record, keyword_record

from .loader import make, read, rules_folder
from .rows import Version


@keyword_record
class MiddlewareRow(Record):
    """One middleware. ``hops``: the hooks that run in a thread, each time, where a request is on the event loop.

    ``native_since``: the Django release from which on it has async code for them.
    """

    __slots__ = ()

    api: str
    mode: Literal["sync", "hybrid", "mixin", "async"]
    source: str
    hops: tuple[str, ...] = ()
    since: Version | None = None
    until: Version | None = None
    native_since: Version | None = None

    def crossings(self, target: Version) -> int:
        """Return how many hooks run in a thread under a release."""
        return 0 if self.native_since is not None and self.native_since <= target else len(self.hops)


@functools.cache
def middleware_rows() -> Mapping[str, MiddlewareRow]:
    """Return the rows by dotted path; they are read once per process."""
    folder = rules_folder()
    rows = [_of_django(row) for row in read(folder / "generated" / "django_middleware.toml")["middleware"]]
    rows += [make(MiddlewareRow, row) for row in read(folder / "middleware.toml")["middleware"]]
    return MappingProxyType({row.api: row for row in rows})


def _of_django(row: Mapping[str, Any]) -> MiddlewareRow:
    """Return a generated row as one of ours: all middleware of Django is made of hooks."""
    kept = {key: row[key] for key in ("api", "source", "since", "until") if key in row}
    if "own-call-since" in row:
        kept["native-since"] = row["own-call-since"]
    mode = "mixin" if row["async-capable"] else "sync"
    hops = [hook for hook in row["hooks"] if hook in ("process_request", "process_view", "process_response")]
    return make(MiddlewareRow, {**kept, "mode": mode, "hops": hops})
