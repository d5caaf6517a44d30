"""Watches one run of some code under Django: what it gives, prints, asks of the database and leaves behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import random
import re
import sqlite3
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from oracle.recorder import Event, recording
from rewrite.snapshot import Snapshot, Tree, drained

# A row is its columns and their values as text.
Rows = dict[str, Counter[tuple[tuple[str, str], ...]]]
Record = dict[str, Tree]

# Line numbers and source lines of a traceback are what a rewrite changes.
_FRAMES = re.compile(r'^ *File "[^\n]*\n(?: {4,}[^\n]*\n)*', re.MULTILINE)


def read_rows(database: Path) -> Rows:
    """Return all rows of all tables of an SQLite file, by table."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {name: _rows(connection, name) for (name,) in names}


def _rows(connection: sqlite3.Connection, table: str) -> Counter[tuple[tuple[str, str], ...]]:
    cursor = connection.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in cursor.description]
    rows = (dict(zip(columns, map(repr, row), strict=True)) for row in cursor)
    if table == "django_session":  # keys, signatures and dates are drawn anew each time
        rows = ({"session_data": kept} for row in rows if (kept := _session(row["session_data"])))
    return Counter(tuple(row.items()) for row in rows)


def _session(data: str) -> str:
    """Return what code has put into a session, beside the login that every request comes with."""
    from django.contrib.sessions.backends.db import SessionStore

    held = SessionStore().decode(data.strip("'"))
    own = sorted((key, value) for key, value in held.items() if not key.startswith("_auth_user_"))
    return repr(own) if own else ""


def changed_rows(before: Rows, after: Rows) -> Tree:
    """Return the rows that came and those that went, by table; only tables that changed."""
    changes = {}
    for table in sorted(before.keys() | after.keys()):
        old, new = (rows.get(table, Counter()) for rows in (before, after))
        if old != new:
            changes[table] = {
                "added": [dict(row) for row in sorted((new - old).elements())],
                "removed": [dict(row) for row in sorted((old - new).elements())],
            }
    return changes


def observe(
    run: Callable[[], Any],
    root: str,
    describe: Callable[[list[Event]], Tree],
    owner: object = None,
    modules: Iterable[ModuleType] = (),
) -> Record:
    """Call ``run`` and return all that can be seen of it, except for the database.

    Queries on an event loop are let through and become ``places``, as ``describe`` makes them. So the checks
    that a plain run would stop at are all seen, and where there are none, a plain run is the same. ``queries``
    counts what the run asked and what it takes to read its result. ``owner`` is the object a method is bound
    to; it and the variables of ``modules`` are looked at afterwards.
    """
    snapshot = Snapshot(root)
    printed, complained = io.StringIO(), io.StringIO()
    record: Record = {"result": None, "error": None}
    random.seed(0)
    with warnings.catch_warnings(record=True) as warned, counting() as statements:
        warnings.simplefilter("always")
        with redirect_stdout(printed), redirect_stderr(complained):
            with recording() as events:
                try:
                    result = run()
                except BaseException as error:
                    result = None
                    record["error"] = snapshot.error(error)
            record["result"] = snapshot.of(result)
            record["queries"] = len(statements)
            record["statements"] = list(statements)
            record["owner"] = snapshot.of(owner)
            record["globals"] = {module.__name__: _globals(module, snapshot) for module in modules}
            # A coroutine that nobody awaited says so when it is let go.
            result = None
            gc.collect()
    record["places"] = describe(events)
    record["output"] = snapshot.text(printed.getvalue())
    record["complaints"] = snapshot.text(_FRAMES.sub("", complained.getvalue()))
    record["warnings"] = sorted(
        f"{one.category.__name__}: {snapshot.text(str(one.message)).splitlines()[0]}"
        for one in warned
        # Threads that die with the process leave their connections to the operating system.
        if not issubclass(one.category, ResourceWarning)
    )
    return record


def driven(call: Callable[[], Any]) -> Any:
    """Make the call on an event loop of its own and return what comes of awaiting or iterating the result."""
    return asyncio.run(_drive(call))


async def _drive(call: Callable[[], Any]) -> Any:
    result = call()
    if inspect.isawaitable(result):
        result = await result
    return await drained(result)


def _globals(module: ModuleType, snapshot: Snapshot) -> Tree:
    skipped = (type, ModuleType)
    return {
        name: snapshot.of(value)
        for name, value in sorted(vars(module).items())
        if not name.startswith("__") and not isinstance(value, skipped) and not callable(value)
    }


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect the statements that any connection of any thread sends; the list yielded grows meanwhile."""
    from django.db import connections  # type: ignore[import-untyped]
    from django.db.backends.signals import connection_created  # type: ignore[import-untyped]

    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    def watch(connection: Any, **kwargs: object) -> None:
        if note not in connection.execute_wrappers:
            connection.execute_wrappers.append(note)

    # Every thread has connections of its own, and opens them when it needs them.
    connection_created.connect(watch, weak=False)
    for connection in connections.all(initialized_only=True):
        watch(connection)
    try:
        yield statements
    finally:
        connection_created.disconnect(watch)
