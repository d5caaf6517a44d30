"""Writes the rows about Django's async support, read from the source of its releases.

    python scripts/generate_django_async.py rules/generated [CACHE]

Downloads the newest wheel of each release line with pip into the folder CACHE (default: ``.django``, kept for the next
run) and reads it; nothing of it is run. Three files are written:

- ``django_async.toml``: every public coroutine function and method, and what modules and classes hold at all;
- ``django_decorators.toml``: the decorators for views, and since when a coroutine may stand under them;
- ``django_middleware.toml``: the middleware classes, and what each does for an async request.

The tests read the installed Django in the same way and compare.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django_source import Source, members

#: The release lines that are supported, the first one first.
LINES = ("4.2", "5.0", "5.1", "5.2", "6.0", "6.1")
HOOKS = ("process_request", "process_view", "process_exception", "process_template_response", "process_response")

Value = str | bool | list[str]
Row = dict[str, Value]
#: Rows of one table by their path.
Rows = Mapping[str, Row]


# -- middleware ---------------------------------------------------------------------------------------------


def middleware(source: Source) -> Rows:
    """Return the middleware classes of a release.

    ``hooks``: the sync hooks that an async request runs in a thread, one hop each. ``own-call``: the class has an
    ``__acall__`` of its own, so that hooks called there are its own affair.
    """
    found: dict[str, Row] = {}
    for module in source.mentions(b"iddleware"):
        if module.endswith(".tests"):
            continue
        for path, _ in source.classes(module):
            line = source.lineage(path)
            held: dict[str, tuple[str, ast.stmt]] = {}
            for owner, node in line:
                for name, member in members(node).items():
                    held.setdefault(name, (owner, member))
            if "async_capable" not in held or "__call__" not in held:
                continue
            own_call = not held["__call__"][0].endswith(".MiddlewareMixin")
            hooks = [name for name in HOOKS if name in held and not (own_call and name == "process_request")]
            found[path] = {
                "api": path,
                "sync-capable": _is_true(held.get("sync_capable"), True),
                "async-capable": _is_true(held["async_capable"], False),
                "hooks": hooks,
                "own-call": own_call,
            }
    return found


def _is_true(member: tuple[str, ast.stmt] | None, otherwise: bool) -> bool:
    value = getattr(member[1], "value", None) if member is not None else None
    return bool(value.value) if isinstance(value, ast.Constant) else otherwise


# -- several releases ---------------------------------------------------------------------------------------


def merged(tables: Mapping[str, Rows], varying: Sequence[str] = ()) -> list[Row]:
    """Put the rows of all releases together: ``since`` and ``until`` say which have the row.

    What differs between releases stands in ``varying`` and gets a key of its own, ``own-call-since``; a hook that is
    gone then is that key's affair. Raises ``ValueError`` where anything else differs.
    """
    lines = list(tables)
    rows = []
    for path in sorted({path for table in tables.values() for path in table}):
        having = [line for line in lines if path in tables[line]]
        if having != lines[lines.index(having[0]) : lines.index(having[-1]) + 1]:
            raise ValueError(f"{path}: missing in between")
        row = dict(tables[having[0]][path])
        if having[0] != lines[0]:
            row["since"] = having[0]
        if having[-1] != lines[-1]:
            row["until"] = having[-1]
        for line in having[1:]:
            now = tables[line][path]
            for key in varying:
                if now.get(key) and not row.get(key):
                    row.setdefault(f"{key}-since", line)
            switched = any(f"{key}-since" in row for key in varying)
            changed = [key for key in now if now[key] != row.get(key) and key not in varying]
            if changed and not switched:
                raise ValueError(f"{path}: {', '.join(changed)} differ in {line}")
        row["source"] = f"Django {having[-1]}"
        rows.append({key: value for key, value in row.items() if value is not False or key not in varying})
    return rows


def write(path: Path, tables: Mapping[str, Iterable[Row]]) -> None:
    """Write rows as TOML, in a layout that does not depend on anything else."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("# Written by scripts/generate_django_async.py. docs/rows.md explains the keys.\n")
        for table, rows in tables.items():
            for row in rows:
                stream.write(f"\n[[{table}]]\n")
                stream.writelines(f"{key} = {_toml(value)}\n" for key, value in row.items())


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    short = ", ".join(_toml(item) for item in value)
    if len(short) < 90:
        return f"[{short}]"
    return "[\n" + "".join(f"  {_toml(item)},\n" for item in value) + "]"


def releases(cache: Path) -> Iterator[tuple[str, Source]]:
    """Yield the release lines with their sources, from wheels that are downloaded where they are missing."""
    for line in LINES:
        folder = cache / line
        if not (folder / "django").is_dir():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            pinned = ["--ignore-requires-python", "--dest", str(folder), f"django=={line}.*"]
            subprocess.run([*command, *pinned], check=True)
            for wheel in folder.glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(folder)
        yield line, Source(folder / "django")


def main(target: Path, cache: Path) -> None:
    """Read all releases and write the files."""
    sources = dict(releases(cache))

    def of_all(read: Callable[[Source], Rows]) -> dict[str, Rows]:
        return {line: read(source) for line, source in sources.items()}

    write(target / "django_middleware.toml", {"middleware": merged(of_all(middleware), ["own-call"])})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else ".django"))
