"""Compares what was seen of a function before and after a rewrite. Knows nothing about Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]

# What must not change, whatever the rewrite.
ASPECTS = ("result", "error", "output", "complaints", "warnings", "owner", "globals", "database")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed: ``aspect`` is what was compared, ``where`` the place within it."""

    aspect: str
    where: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.aspect}{self.where}\n      before: {self.before}\n      after:  {self.after}"


def suspicious(before: Record, after: Record, safe: bool) -> bool:
    """Tell whether anything differs, before it is known what differs by itself."""
    return any(differences(before, after, (), safe))


def differences(before: Record, after: Record, again: Sequence[Record], safe: bool) -> Iterator[Difference]:
    """Yield what differs between two runs.

    ``again`` are further runs of the code before: what differs between these, leaf by leaf, depends on time or
    chance and says nothing. ``safe`` rewrites may not ask more queries either.
    """
    if "failed" in before or "failed" in after:
        if before.get("failed") != after.get("failed"):
            yield Difference("failed", "", str(before.get("failed")), str(after.get("failed")))
        return
    for aspect in ASPECTS:
        yield from _differences(aspect, "", before[aspect], after[aspect], [one.get(aspect) for one in again])
    if safe and after["queries"] > max(one.get("queries", 0) for one in (before, *again)):
        yield Difference(
            "queries",
            "",
            _statements(before["statements"], before["queries"]),
            _statements(after["statements"], after["queries"]),
        )


def _statements(statements: Sequence[str], number: int) -> str:
    return "\n".join([str(number), *(f"        {sql[:160]}" for sql in statements[:12])])


def _differences(aspect: str, where: str, before: Any, after: Any, again: list[Any]) -> Iterator[Difference]:
    if before == after:
        return
    shape = _shape(before)
    if shape is None or shape != _shape(after):
        # A leaf is stable when it is the same again; what holds others, when it is of the same build.
        leaves = shape is None and _shape(after) is None
        stable = all(one == before if leaves else _shape(one) == shape for one in again)
        if stable:
            yield Difference(aspect, where, _short(before), _short(after))
    elif all(_shape(one) == shape for one in again):
        for key in before if isinstance(before, dict) else range(len(before)):
            inner = [one[key] for one in again]
            yield from _differences(aspect, f"{where}[{key!r}]", before[key], after[key], inner)


def _shape(tree: Any) -> object:
    if isinstance(tree, dict):
        # The type of an object is as much its build as the names of its attributes.
        return "dict", frozenset(tree), tree.get("type")
    if isinstance(tree, list):
        return "list", len(tree)
    return None


def _short(tree: Any) -> str:
    text = tree if isinstance(tree, str) else repr(tree)
    return text if len(text) <= 600 else f"{text[:600]}..."
