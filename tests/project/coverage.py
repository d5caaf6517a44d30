"""Which lines of the fixture's async functions have run: what never ran proves nothing."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from project.source import ROOT, belongs, modules, relative

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@contextmanager
def watching() -> Iterator[set[tuple[str, int]]]:
    """Collect the lines that async functions of the fixture execute, as path and line."""
    seen: set[tuple[str, int]] = set()

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            seen.add((relative(frame.f_code.co_filename), frame.f_lineno))
        return local

    def start(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        return local if code.co_flags & _ASYNC and belongs(code.co_filename) else None

    sys.settrace(start)
    try:
        yield seen
    finally:
        sys.settrace(None)


def missed(seen: set[tuple[str, int]]) -> list[str]:
    """Return the lines of async functions that never ran, as ``path:line``."""
    found: list[str] = []
    for path in modules():
        code = compile(ROOT.joinpath(path).read_text("utf-8"), path, "exec")
        lines = {line for function in _async_codes(code) for line in _statements(function)}
        found += [f"{path}:{line}" for line in sorted(lines) if (path, line) not in seen]
    return found


def _async_codes(code: CodeType) -> Iterator[CodeType]:
    if code.co_flags & _ASYNC and not code.co_name.startswith("<"):
        yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _async_codes(constant)


def _statements(code: CodeType) -> set[int]:
    lines = {line for _, _, line in code.co_lines() if line}
    return {line for line in lines if line > code.co_firstlineno}
