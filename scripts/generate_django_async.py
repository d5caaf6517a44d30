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

from django_source import Binding, FunctionNode, Imported, Source, members

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


# -- coroutine functions ------------------------------------------------------------------------------------


def coroutines(source: Source) -> Rows:
    """Return every public coroutine function and method of a release, and the classes named after being async.

    ``sync``: the same without the leading ``a``, where the same module or class has it. Methods stand with the class
    whose body defines them; an attribute that a middleware sets on requests stands with the request.
    """
    found: dict[str, Row] = {}
    for module in source.mentions(b"async ") + source.mentions(b"Async"):
        if module.split(".")[1:2] == ["bin"] or module.endswith((".tests", ".__main__")) or "._" in module:
            continue
        for path, node in _definitions(source, module):
            parent, _, name = path.rpartition(".")
            if isinstance(node, ast.AsyncFunctionDef) and not name.startswith("_"):
                method = parent not in source.files
                row: Row = {"api": path, "kind": "method" if method else "function"}
                twin = name.removeprefix("a")
                if twin != name and (twin in _siblings(source, parent)):
                    row["sync"] = f"{parent}.{twin}"
                found[path] = row
            elif isinstance(node, ast.ClassDef) and name.startswith("Async") and parent in source.files:
                found[path] = {"api": path, "kind": "class"}
                twin = name.removeprefix("Async")
                if twin in source.names(parent):
                    found[path]["sync"] = f"{parent}.{twin}"
        if "middleware" in module:
            found.update(_set_on_requests(source, module))
    aliases = source.aliases()
    for path, row in found.items():
        if row["kind"] != "method" and path in aliases:
            row["aliases"] = sorted(aliases[path])
    return found


def _definitions(source: Source, module: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the public functions, classes and methods of a module, also those of classes that functions make."""

    def inside(prefix: str, nodes: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
                "_"
            ):
                path = f"{prefix}.{node.name}"
                yield path, node
                if isinstance(node, ast.ClassDef):
                    yield from inside(path, members(node).values())
                else:
                    yield from inside(path, (part for part in node.body if isinstance(part, ast.ClassDef)))

    yield from inside(module, (node for node in source.names(module).values() if isinstance(node, ast.stmt)))


def _siblings(source: Source, parent: str) -> Iterable[str]:
    """Return the names of a module, or of a class and those it descends from."""
    if parent in source.files:
        return source.names(parent)
    line = source.lineage(parent)
    if line:
        return {name for _, node in line for name in members(node)}
    module = next(name for name in _above(parent) if name in source.files)
    node = next(node for path, node in _definitions(source, module) if path == parent)
    return members(node) if isinstance(node, ast.ClassDef) else ()


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _set_on_requests(source: Source, module: str) -> Rows:
    """Return the attributes ``request.a...`` that are made of coroutine functions."""
    found: dict[str, Row] = {}
    for node in source.nodes(module):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Attribute):
            continue
        if not isinstance(target.value, ast.Name) or target.value.id != "request":
            continue
        for name in (part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)):
            if isinstance(source.names(module).get(name), ast.AsyncFunctionDef):
                path = f"django.http.request.HttpRequest.{target.attr}"
                found[path] = {"api": path, "kind": "method"}
                found[path]["sync"] = f"django.http.request.HttpRequest.{target.attr.removeprefix('a')}"
    return found


# -- what there is at all -----------------------------------------------------------------------------------

HOLDERS = Path(__file__).with_name("django_async_holders.txt")


def holders(source: Source) -> Rows:
    """Return what modules and classes hold; a class has what it inherits, and what its methods set."""
    found: dict[str, Row] = {}
    aliases = source.aliases()
    for path in HOLDERS.read_text("utf-8").splitlines():
        held = set(source.names(path)) if path in source.files else _held(source, path)
        if held and not path.startswith("#"):
            found[path] = {"api": path, "aliases": sorted(aliases.get(path, []))}
            found[path]["names"] = sorted(name for name in held if not name.startswith("_"))
    return found


def _held(source: Source, path: str) -> set[str]:
    held: set[str] = set()
    for _, node in source.lineage(path):
        held.update(members(node))
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                if isinstance(part.value, ast.Name) and part.value.id == "self":
                    held.add(part.attr)
    if path.endswith(".HttpRequest"):
        for module in source.mentions(b"request.a"):
            held.update(name.rpartition(".")[2] for name in _set_on_requests(source, module))
    return held


def united(tables: Mapping[str, Rows]) -> list[Row]:
    """Put what the releases hold together: a name is in there when any of them has it."""
    rows = []
    for path in sorted({path for table in tables.values() for path in table}):
        row: Row = {"api": path}
        for key in ("aliases", "names"):
            held: set[str] = set()
            for table in tables.values():
                held.update(table.get(path, {}).get(key, []))  # type: ignore[arg-type]
            row[key] = sorted(held)
        row["source"] = f"Django {next(iter(tables))} to {list(tables)[-1]}"
        rows.append({key: value for key, value in row.items() if value != []})
    return rows


# -- decorators ---------------------------------------------------------------------------------------------

DECORATORS = ("django.views.decorators.", "django.contrib.auth.decorators", "django.contrib.admin.views.decorators")
#: Further decorators for views.
OTHER_DECORATORS = ("django.utils.decorators.method_decorator", "django.db.transaction.non_atomic_requests")
#: They mark the function they are given, and give it back.
MARKS = frozenset({"django.db.transaction.non_atomic_requests", "django.contrib.auth.decorators.login_not_required"})


def decorators(source: Source) -> Rows:
    """Return the decorators for views; ``async``: a coroutine function stays one under it.

    A decorator that handles coroutine functions asks ``iscoroutinefunction()``, itself or in what it calls.
    """
    found: dict[str, Row] = {}
    for module in source.files:
        if not f"{module}.".startswith(DECORATORS) and module not in DECORATORS:
            continue
        for name, node in source.names(module).items():
            public = not name.startswith("_") and not isinstance(node, Imported | ast.ClassDef)
            if public and isinstance(node, FunctionNode | ast.Call) and not _is_logger(node):
                found[f"{module}.{name}"] = {}
    found.update({path: {} for path in OTHER_DECORATORS})
    for path in found:
        found[path] = {"api": path, "async": path in MARKS or _asks(source, path, set())}
    return found


def _is_logger(node: Binding) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getLogger")


def _asks(source: Source, path: str, seen: set[str]) -> bool:
    """Whether a function, or one it calls, asks if what it is given is a coroutine function."""
    resolved = source.resolve(path)
    if resolved is None or resolved[0] in seen:
        return False
    seen.add(resolved[0])
    module, node = resolved[0].rpartition(".")[0], resolved[1]
    if not isinstance(node, ast.AST) or isinstance(node, ast.ClassDef):
        return False
    for part in ast.walk(node):
        name = part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
        if name == "iscoroutinefunction":
            return True
        if isinstance(part, ast.Call):
            called = source.resolved(module, part.func)
            if called is not None and _asks(source, called[0], seen):
                return True
    return False


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

    write(
        target / "django_async.toml",
        {"coroutine": merged(of_all(coroutines)), "holder": united(of_all(holders))},
    )
    write(target / "django_decorators.toml", {"decorator": merged(of_all(decorators), ["async"])})
    write(target / "django_middleware.toml", {"middleware": merged(of_all(middleware), ["own-call"])})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else ".django"))
