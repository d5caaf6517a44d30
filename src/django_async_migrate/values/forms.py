"""Remembers how states look under other object numbers, and which of them are equal.

A call copies what its arguments lead to, and its result brings copies back. Most of that is the same from call to
call: the same state, with the same numbers in it.
"""

from __future__ import annotations

from collections.abc import Hashable

from .heap import Heap, State
from .refs import Renumber, freeze, map_state
from .widen import widened_state

#: States remembered at a time; what is used together is made together, so that few are enough.
MAX_STATES = 4096


class Forms:
    """Copies of states; belongs to one analysis. What it forgets is computed again, with the same result."""

    def __init__(self) -> None:
        # By the identity of a state, which is held so that no other takes its place.
        self._copies: dict[int, tuple[State, tuple[int, ...], dict[tuple[int, ...], State]]] = {}
        self._wide: dict[tuple[int, bool], tuple[State, State, int]] = {}
        self._numbers: dict[Hashable, int] = {}

    def copy(self, state: State, number: Renumber) -> State:
        """Return a state with every object number in it replaced (see ``map_state``)."""
        known = self._copies.get(id(state))
        if known is not None:
            _, held, copies = known
            if not held:
                return copies[()]
            numbers = tuple(map(number, held))
            copy = copies.get(numbers)
            if copy is None:
                copy = copies[numbers] = map_state(state, dict(zip(held, numbers, strict=True)).__getitem__)
            return copy
        given: dict[int, int] = {}

        def noted(old: int) -> int:
            new = given.get(old)
            if new is None:
                new = given[old] = number(old)
            return new

        copy = map_state(state, noted)
        if len(self._copies) >= MAX_STATES:
            self._copies.clear()
        self._copies[id(state)] = (state, tuple(given), {tuple(given.values()): copy})
        return copy

    def key(self, heap: Heap, coarse: bool) -> tuple[Heap, tuple[int, ...]]:
        """Return a heap with details left out (see ``widened_state``), and what tells it from all others."""
        result: Heap = {}
        key: list[int] = []
        for number, state in heap.items():
            known = self._wide.get((id(state), coarse))
            if known is None:
                wide = widened_state(state, coarse)
                form = self._numbers.setdefault(freeze(wide), len(self._numbers))
                if len(self._wide) >= MAX_STATES:
                    self._wide.clear()
                known = self._wide[(id(state), coarse)] = (state, wide, form)
            result[number] = known[1]
            key.append(number)
            key.append(known[2])
        return result, tuple(key)
