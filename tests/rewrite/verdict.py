"""Says what is wrong with the fixes of a project, given what was seen before and after them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.runner import Place
from oracle.verdict import IDLE, lines_of
from rewrite.compare import Record, differences
from rewrite.fixers import FixResult
from rewrite.runner import Compared


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A function that is not what it was; ``what`` says how, the sources are those of the function."""

    project: str
    variant: str
    function: str
    what: tuple[str, ...]
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        parts = [f"{self.project} [{self.variant}] {self.function}"]
        parts += [f"  - {what}" for what in self.what]
        for title, text in (("before", self.before), ("after", self.after)):
            if text:
                parts += [f"  {title}:", *(f"    {line}" for line in text.splitlines())]
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was compared, and what the fixes did about hazards: places where a query reaches the loop."""

    functions: int = 0
    coroutines: int = 0
    identical: int = 0
    hazards: int = 0
    left: int = 0
    raising: int = 0
    still_raising: int = 0

    def __add__(self, other: Summary) -> Summary:
        mine, theirs = ([getattr(one, name) for name in Summary.__slots__] for one in (self, other))
        return Summary(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.functions} functions compared ({self.coroutines} coroutines), {self.identical} identical; "
            f"hazards: {self.hazards} before, {self.left} left; "
            f"functions that raise: {self.raising} before, {self.still_raising} left"
        )


def mismatches(compared: Compared, variant: str, safe: bool) -> list[Mismatch]:
    """Return everything that is wrong with a variant of a project; an empty list is a pass.

    ``safe`` says that the fixes promise to ask no more queries than before.
    """
    for name in ("before", variant):
        if name in compared.errors:
            return [Mismatch(compared.name, variant, "the project", (f"{name}: {compared.errors[name]}",))]
    return list(_mismatches(compared, variant, safe))


def _mismatches(compared: Compared, variant: str, safe: bool) -> Iterator[Mismatch]:
    before, after = compared.runs["before"], compared.runs[variant]
    fixed = compared.fixed[variant]
    for function, old in before.items():
        new = after.get(function)
        if new is None:
            what = ["the function is gone"]
        elif _lost(new) < _lost(old):
            what = []  # nothing of it ran, or it failed at that: what it does now is what it was meant to do
        elif _shows_idleness(old, fixed) and not new.get("error"):
            what = []  # what did nothing does now what it was meant to do
        elif _lacks_a_name(old, fixed) and not new.get("error"):
            what = []  # it failed at a name that is not there
        else:
            # A helper that became a coroutine hands its queryset to other code, that reads it in other ways.
            same = bool(old.get("asynchronous")) == bool(new.get("asynchronous"))
            what = [str(one) for one in differences(old, new, compared.again.get(function, ()), safe and same)]
            what += _hazards(compared.before, old, new, fixed)
        if what:
            path, _, name = function.partition(":")
            texts = (source_of(files.get(path, ""), name) for files in (compared.before, fixed.files))
            yield Mismatch(compared.name, variant, function, tuple(what), *texts)


#: What Python and asgiref say about bridges that are given the wrong thing, and of what is awaited or iterated over in
#: a way it cannot be.
_MISBRIDGED = (
    "can only be applied to sync functions",
    "can't be used in 'await' expression",
    "is not callable",
    "'async_generator' object is not iterable",
    "requires an object with __aiter__ method",
    "can only join an iterable",
    "sync_to_async.<locals>.<lambda>() missing",  # what it is given is None
    "in the same thread as an async event loop",
    "cannot be called from a running event loop",
    "This event loop is already running",
)


def _lost(record: Record) -> int:
    """Count the coroutines that a function drops, and whether it fails because it takes one for what it gives."""
    failed = f"{record.get('error')}"
    mistaken = any(text in failed for text in _MISBRIDGED) or "coroutine" in f"{failed}{record.get('result')}"
    told = f"{record.get('warnings')}{record.get('complaints')}{record.get('output')}"
    return told.count("was never awaited") + mistaken


def _shows_idleness(record: Record, fixed: FixResult) -> bool:
    """Whether a function asserts what a call was to do that did nothing, and was fixed."""
    error = record.get("error") or {}
    return error.get("type") == "AssertionError" and any(one.code in IDLE for one in fixed.applied)


def _lacks_a_name(record: Record, fixed: FixResult) -> bool:
    """Whether a function fails at a name that Django does not have, and such a name was replaced."""
    error = record.get("error") or {}
    replaced = any(one.code in {"DAM604", "DAM605"} for one in fixed.applied)
    return replaced and error.get("type") in {"AttributeError", "ImportError"}


def _hazards(files: Mapping[str, str], before: Record, after: Record, fixed: FixResult) -> Iterator[str]:
    """Yield a message when more queries reach the loop than those that no fix was applied to."""
    old, new = _places(before), _places(after)
    applied = list(fixed.applied)
    left = []
    for place in old:
        lines = lines_of(files.get(place.path or "", ""), place)
        done = next((one for one in applied if one.path == place.path and one.line in lines), None)
        if done is None:
            left.append(place)
        else:
            # One fix, one hazard: there may be another on the same line.
            applied.remove(done)
    if len(new) > len(left):
        stacks = "".join(f"\n      {place.path}:{place.line} {' < '.join(place.stack)}" for place in new)
        yield f"hazards: {len(old)} before, {len(left)} were not fixed, and now there are {len(new)}:{stacks}"


def _places(record: Record) -> list[Place]:
    found: list[dict[str, Any]] = record.get("places", [])
    return [
        Place(
            one["path"],
            one.get("line", 0),
            one.get("end_line", 0),
            one.get("column"),
            one.get("end_column"),
            tuple(one["stack"]),
        )
        for one in found
    ]


def summary(compared: Compared, variant: str, wrong: list[Mismatch]) -> Summary:
    """Count what was compared in a variant of a project."""
    if {"before", variant} & compared.errors.keys():
        return Summary()
    before, after = compared.runs["before"], compared.runs[variant]
    return Summary(
        functions=len(before),
        coroutines=sum(1 for one in before.values() if one.get("asynchronous")),
        identical=len(before) - len(wrong),
        hazards=len(_spots(before)),
        left=len(_spots(after)),
        raising=sum(1 for one in before.values() if one.get("places")),
        still_raising=sum(1 for one in after.values() if one.get("places")),
    )


def _spots(runs: Mapping[str, Record]) -> set[tuple[Any, ...]]:
    return {
        (place.path, place.line, place.column, place.end_line, place.end_column)
        for record in runs.values()
        for place in _places(record)
    }


def source_of(text: str, name: str) -> str:
    """Return the text of a function, ``Class.method`` or ``function``; empty when there is none."""
    try:
        node: ast.AST = ast.parse(text)
    except SyntaxError:
        return ""
    for part in name.split("."):
        named = (child for child in ast.walk(node) if getattr(child, "name", None) == part)
        found = next((child for child in named if isinstance(child, (ast.stmt,))), None)
        if found is None:
            return ""
        node = found
    return ast.get_source_segment(text, node, padded=True) or ""
