"""Records where Django's async-safety check would have raised, and lets the query go on.

Every database operation of Django that must not run on an event loop is wrapped by
``django.utils.asyncio.async_unsafe``. The wrapper asks ``get_running_loop()`` and raises
``SynchronousOnlyOperation`` when there is one
(https://docs.djangoproject.com/en/stable/topics/async/#async-safety). While a recorder is on, that question
is answered with "no loop", and the stack is kept. So one run of a coroutine finds all its query sites and
not only the first one.

This module needs Django and the standard library alone, so that any test suite can use it::

    with recording() as events:
        asyncio.run(view(request))
    for event in events:
        print(event.place(lambda path: path.startswith(project)))
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType

import django.utils.asyncio as checked  # type: ignore[import-untyped]

from oracle.waiting import waiting

_COROUTINE = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})


@dataclass(frozen=True)
class Frame:
    """One frame of a recorded stack.

    Lines count from 1. Columns count UTF-8 bytes from 0, as ``ast`` does; below Python 3.11 they are None
    and ``end_line`` is the line. ``coroutine`` is true for coroutines and async generators. ``inlined`` is
    true for a comprehension that stands in the code of the next outer frame: part of that function to a
    reader, but a frame of its own to older interpreters. A generator expression is a function of its own: what
    it does happens where somebody iterates.
    """

    path: str
    function: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None
    coroutine: bool
    inlined: bool


@dataclass(frozen=True)
class Event:
    """One check made while a loop ran in the thread; ``frames`` start with the innermost.

    ``blocks``: it was no check, but something that blocks the loop without a word.
    """

    frames: tuple[Frame, ...]
    blocks: bool = False

    def place(self, belongs: Callable[[str], bool]) -> Frame | None:
        """Return the frame a finding is expected in, or None when no frame belongs to the project.

        That is the innermost coroutine of the project or, where something else called sync code on the
        loop, the outermost function of the project. In both cases comprehensions written in that function
        count as part of it, so the frame returned may be the one of a comprehension.

        ``belongs`` tells whether a file is part of the project.
        """
        project = [number for number, frame in enumerate(self.frames) if belongs(frame.path)]
        if not project:
            return None
        chosen = next((number for number in project if self.frames[number].coroutine), project[-1])
        while chosen > 0 and self.frames[chosen - 1].inlined:
            chosen -= 1
        return self.frames[chosen]


@contextmanager
def recording(blocking: bool = False) -> Iterator[list[Event]]:
    """Record every check made on a running loop until the block ends; the list yielded grows meanwhile.

    ``blocking``: record what blocks the loop, too.
    """
    events: list[Event] = []
    real = checked.get_running_loop

    def answer() -> object:
        real()  # Raises RuntimeError when no loop runs here: the operation is allowed then.
        # Two frames up: past this function and async_unsafe's wrapper.
        events.append(Event(tuple(_stack(sys._getframe(2)))))
        raise RuntimeError("no running event loop")

    def note(frame: FrameType) -> None:
        events.append(Event(tuple(_stack(frame)), blocks=True))

    checked.get_running_loop = answer
    try:
        with waiting(note) if blocking else nullcontext():
            yield events
    finally:
        checked.get_running_loop = real


def _stack(frame: FrameType | None) -> Iterator[Frame]:
    while frame is not None:
        yield _frame(frame)
        frame = frame.f_back


def _frame(frame: FrameType) -> Frame:
    code = frame.f_code
    line, end_line, column, end_column = _position(code, frame)
    outer = frame.f_back
    return Frame(
        path=code.co_filename,
        function=getattr(code, "co_qualname", code.co_name),
        line=line,
        end_line=end_line,
        column=column,
        end_column=end_column,
        coroutine=bool(code.co_flags & _COROUTINE),
        inlined=code.co_name in _COMPREHENSIONS and outer is not None and code in outer.f_code.co_consts,
    )


def _position(code: CodeType, frame: FrameType) -> tuple[int, int, int | None, int | None]:
    line: int = frame.f_lineno or code.co_firstlineno
    if sys.version_info >= (3, 11):
        found = next(islice(code.co_positions(), frame.f_lasti // 2, None), (None, None, None, None))
        if found[0] is not None and found[1] is not None:
            return found[0], found[1], found[2], found[3]
    return line, line, None, None
