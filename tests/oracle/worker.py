"""Runs cases under the Django of this interpreter: ``python -m oracle.worker`` with ``tests/`` on the path.

Reads a JSON list of ``{"name", "files"}`` from standard input and writes one JSON object a line for each.
Every case has a process of its own, forked from one where Django is set up already, and every run of a
function has a process forked from that one: no cache and no module variable outlives a run.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import io
import json
import linecache
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from oracle import project
from oracle.recorder import Event, recording

_SECONDS = 30
_PREFIXES = ("bad", "ok", "entry")


@dataclass(frozen=True)
class _Entry:
    """A coroutine function of a case; ``prepare`` returns it, bound to an object where it is a method."""

    path: str
    name: str
    prepare: Callable[[], Any]


def main() -> None:
    """Judge the cases on standard input."""
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        template = Path(folder, "template.sqlite3")
        # Cases with settings of their own need a Django that is not set up yet.
        for case in cases:
            if project.settings_module(case["files"]):
                _report(case, in_child(_judge, case, Path(folder), None))
        project.start(template, {})
        project.create_tables()
        project.disconnect()
        _warm_up()
        for case in cases:
            if not project.settings_module(case["files"]):
                _report(case, in_child(_judge, case, Path(folder), template))


def _report(case: dict[str, Any], result: dict[str, Any]) -> None:
    print(json.dumps({"name": case["name"], **result}), flush=True)


def _warm_up() -> None:
    for name in ("django.test", "django.core.paginator", "oracle.seeding", "concurrent.futures.thread"):
        importlib.import_module(name)


def in_child(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """Return what ``work`` returns in a forked process, or ``{"error": ...}``."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    # A collection in the child would touch, and so copy, every page it shares with its parent.
    gc.freeze()
    child = os.fork()
    if child == 0:
        os.close(reader)
        gc.disable()
        signal.alarm(_SECONDS)
        try:
            with redirect_stdout(io.StringIO()):
                result = work(*arguments)
        except BaseException:
            result = {"error": traceback.format_exc()}
        with os.fdopen(writer, "w") as stream:
            json.dump(result, stream)
        # No cleanup: temporary files and threads belong to the parent.
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        return {"error": f"the process died: {status} (it is stopped after {_SECONDS} s)"}
    result = json.loads(answer)
    assert isinstance(result, dict)
    return result


def _judge(case: dict[str, Any], folder: Path, template: Path | None) -> dict[str, Any]:
    files: dict[str, str] = case["files"]
    root = Path(os.path.realpath(tempfile.mkdtemp(dir=folder)))
    database = Path(tempfile.mkdtemp(dir=folder), "seeded.sqlite3")
    project.write_files(files, root)
    source = project.source_root(files, root)
    project.prepare_interpreter(source)
    own = project.settings_module(files)
    if own:
        more = project.own_settings(own, root, source)
        apps = project.app_names(files, root, source)
        more["INSTALLED_APPS"] = [*more.get("INSTALLED_APPS", []), *apps]
        project.start(database, more)
    elif template:
        project.copy_database(template, database)
        project.use_database(database)
        project.add_apps(project.app_names(files, root, source))
    project.use_urls(files, root, source)
    project.create_tables()
    _seed(files, root, source)
    modules = [_module(name, root, source) for name in files if _holds_entries(name)]
    project.forget_caches()
    runs: list[dict[str, Any]] = []
    for number, entry in enumerate(_entries(modules, root)):
        run: dict[str, Any] = {"path": entry.path, "function": entry.name}
        for mode in ("recorded", "plain"):
            target = database.with_name(f"{number}-{mode}.sqlite3")
            project.copy_database(database, target)
            run[mode] = in_child(_run, entry, target, root, mode == "recorded")
            # Where the check never met a loop, the second run would be the first one over again.
            if not run[mode].get("events"):
                break
        runs.append(run)
    return {"runs": runs}


def _seed(files: Iterable[str], root: Path, source: Path) -> None:
    from oracle.seeding import seed_rows

    name = next((name for name in files if PurePosixPath(name).name == "seed.py"), None)
    if name is None:
        seed_rows()
    else:
        _module(name, root, source).seed()


def _module(name: str, root: Path, source: Path) -> Any:
    return importlib.import_module(project.dotted_name(name, root, source))


def _holds_entries(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        path.suffix == ".py"
        and path.name not in {"models.py", "seed.py", "settings.py", "manage.py"}
        and path.parent.name != "models"
    )


def _entries(modules: Iterable[Any], root: Path) -> Iterator[_Entry]:
    for module in modules:
        path = Path(module.__file__).relative_to(root).as_posix()
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value):
                for method in (name for name in dir(value) if name.startswith(_PREFIXES)):
                    if _is_async(inspect.getattr_static(value, method)) and _takes_nothing(value):
                        yield _Entry(path, f"{name}.{method}", partial(_bound_method, value, method))
            elif name.startswith(_PREFIXES) and _is_async(value):
                yield _Entry(path, name, partial(_identity, value))


def _bound_method(owner: Any, name: str) -> Any:
    return getattr(owner(), name)


def _identity(value: Any) -> Any:
    return value


def _is_async(value: Any) -> bool:
    from asgiref.sync import iscoroutinefunction

    value = getattr(value, "__func__", value)
    return bool(iscoroutinefunction(value) or inspect.isasyncgenfunction(value))


def _takes_nothing(value: Any) -> bool:
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True


def _arguments(function: Callable[..., Any]) -> dict[str, object]:
    """Return arguments for parameters without a default; raises TypeError for one that is not known."""
    from django.test import AsyncRequestFactory  # type: ignore[import-untyped]

    arguments: dict[str, object] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variable or parameter.default is not parameter.empty:
            continue
        if name == "request":
            arguments[name] = AsyncRequestFactory().get("/")
        elif name in ("pk", "id") or name.endswith(("_pk", "_id")):
            arguments[name] = 1
        else:
            raise TypeError(f"no argument is known for the parameter {name!r}")
    return arguments


def _run(entry: _Entry, database: Path, root: Path, record: bool) -> dict[str, Any]:
    project.use_database(database)
    # Objects are made before the loop starts: a query in their __init__ is the business of another entry.
    function = entry.prepare()
    arguments = _arguments(function)
    error: BaseException | None = None
    watch: AbstractContextManager[list[Event]] = recording() if record else nullcontext([])
    with watch as events:
        try:
            asyncio.run(_drive(function, arguments))
        except BaseException as caught:
            error = caught
    return {
        "events": list(_places(events, root)),
        "error": _describe(error, root) if error else None,
        "unsafe": _is_unsafe(error),
    }


async def _drive(function: Callable[..., Any], arguments: dict[str, object]) -> None:
    result = function(**arguments)
    if inspect.isasyncgen(result):
        async for _ in result:
            pass
    else:
        await result


def _describe(error: BaseException, root: Path) -> str:
    lines = [
        f"{Path(name).relative_to(root)}:{line} {linecache.getline(name, line).strip()}\n"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (name := frame.f_code.co_filename).startswith(str(root))
    ]
    return "".join([*lines, *traceback.format_exception_only(error)])


def _places(events: Iterable[Event], root: Path) -> Iterator[dict[str, Any]]:
    folder = f"{root}{os.sep}"
    seen = set()
    for event in events:
        place = event.place(lambda path: path.startswith(folder))
        if place in seen:
            continue
        seen.add(place)
        if place is None:
            yield {"path": None, "stack": [f"{frame.path}:{frame.line}" for frame in event.frames]}
            continue
        yield {
            **asdict(place),
            "path": place.path.removeprefix(folder),
            "stack": [
                f"{frame.path.removeprefix(folder)}:{frame.line} {frame.function}"
                for frame in event.frames
                if frame.path.startswith(folder)
            ],
        }


def _is_unsafe(error: BaseException | None) -> bool:
    from django.core.exceptions import SynchronousOnlyOperation  # type: ignore[import-untyped]

    pending, seen = [error], set()
    while pending:
        found = pending.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, SynchronousOnlyOperation):
            return True
        pending += [found.__cause__, found.__context__, *getattr(found, "exceptions", ())]
    return False


if __name__ == "__main__":
    main()
