"""Coroutines that nobody awaited, each with the place in the case that made it.

Python warns when such a coroutine is dropped. With origin tracking the warning tells the stack that made the coroutine:
https://docs.python.org/3/library/sys.html#sys.set_coroutine_origin_tracking_depth
"""

from __future__ import annotations

import ast
import gc
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import thread as pool
from contextlib import contextmanager
from pathlib import Path

_DEPTH = 20
_LINE = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)


def _tracked(run: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start(thread: threading.Thread) -> None:
        sys.set_coroutine_origin_tracking_depth(_DEPTH)  # each thread has its own
        run(thread)

    return start


def _end_workers() -> None:
    """End the threads of all executors: each holds on to the last call it made, and so to what that was given."""
    workers = list(pool._threads_queues.items())  # type: ignore[attr-defined]
    pool._shutdown = True  # type: ignore[attr-defined]
    for _, queue in workers:
        queue.put(None)
    for worker, _ in workers:
        worker.join(1)


@contextmanager
def watching(root: Path) -> Iterator[list[tuple[str, int]]]:
    """Collect the lines of the case whose coroutines were never awaited, until the block ends."""
    found: list[tuple[str, int]] = []
    folder = f"{root}{os.sep}"
    before = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(_DEPTH)
    run = threading.Thread.run
    threading.Thread.run = _tracked(run)  # type: ignore[method-assign]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield found
            _end_workers()
            gc.collect()
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]
        sys.set_coroutine_origin_tracking_depth(before)
    for warning in caught:
        text = str(warning.message)
        if "was never awaited" not in text:
            continue
        places = [(path, int(line)) for path, line in _LINE.findall(text) if path.startswith(folder)]
        for path, line in reversed(places):  # the most recent call comes last
            found.append((path.removeprefix(folder), line))
            if _is_in_coroutine(path, line):
                break  # sync code that only hands the coroutine on leads here


def _is_in_coroutine(path: str, line: int) -> bool:
    """Whether the innermost function around a line is a coroutine function."""
    inner: ast.AST | None = None
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= (node.end_lineno or 0):
            inner = node  # walked from outside to inside
    return isinstance(inner, ast.AsyncFunctionDef)
