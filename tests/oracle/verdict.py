"""Compares what real Django did with the annotations of a case."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from harness.cases import Case
from oracle.runner import Judged, Place, Run

#: What is declared, not run: these have an oracle of their own.
DECLARATIONS = ("DAM0", "DAM3", "DAM706", "DAM9")
#: Rules about what neither queries nor raises.
IDLE = frozenset({"DAM704", "DAM707", "DAM708", "DAM709", "DAM805", "DAM808", "DAM809"})
#: Advice: what is found does what it should, in a slower way or on another connection.
ADVICE = ("DAM610", "DAM611", "DAM613", "DAM614", "DAM615")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def disagreements(case: Case, judged: Judged) -> list[str]:
    """Return what is wrong with a case in the eyes of real Django, one message each; an empty list is a pass.

    Every ``E`` and ``MISSING`` line must be the place of an event or of a coroutine that nobody awaited, every event
    must have such a line within its expression. Functions named ``ok...`` have none of both and do not raise, those
    named ``bad...`` have some; events raise SynchronousOnlyOperation unless the case says that they are caught.
    """
    if judged.error is not None:
        return [judged.error]
    if not judged.runs:
        return ["no function to run: names start with bad, ok or entry"]
    expected = {
        (note.path, note.line)
        for note in case.annotations()
        if note.kind in ("E", "MISSING") and not note.text.startswith((*DECLARATIONS, *ADVICE))
    }
    wrong: list[str] = []
    reached: set[tuple[str, int]] = set()
    for run in judged.runs:
        wrong += _conduct(case, run)
        for place in run.recorded.places:
            if place.path is None:
                wrong.append(f"{run.function}: a query that no code of the case asks for: {place.stack[:12]}")
                continue
            lines = {(place.path, line) for line in lines_of(case.files.get(place.path, ""), place)}
            if not lines & expected and run.function.rpartition(".")[2] not in case.expects:
                what = "blocks" if place.blocks else "reaches a query"
                wrong.append(f"{run.function}: {place.path}:{place.line} {what} and has no E: {place.stack}")
            reached |= (lines & expected) | (_decorators(case, place) & expected)
        reached |= (_own_failures(case, run) | _definitions(case, run) | _unawaited(case, run)) & expected
    for path, line in sorted(expected - reached):
        wrong.append(f"{path}:{line} has an E, but no query comes from there")
    return wrong


def _own_failures(case: Case, run: Run) -> set[tuple[str, int]]:
    """Return the lines at which a function fails that is said to fail, queries or not: where, and its coroutines'."""
    if run.function.rpartition(".")[2] not in case.fails or not run.recorded.error:
        return set()
    places = re.findall(r"^(\S+?):(\d+) ", run.recorded.error, re.MULTILINE)
    found = {(path, int(line)) for path, line in places[-1:] if path in case.files}
    found |= {place for place in [(path, int(line)) for path, line in places] if _is_in_coroutine(case, *place)}
    # What does nothing shows later: the lines of the function itself, up to where it fails.
    for function in ast.walk(_parse(case.files[run.path])):
        if isinstance(function, ast.AsyncFunctionDef) and function.name == run.function.rpartition(".")[2]:
            lines = [int(line) for path, line in places if path == run.path and int(line) > function.lineno]
            found |= {(run.path, line) for line in _idle(case, run.path) if lines and function.lineno < line < lines[0]}
    return found


def _is_in_coroutine(case: Case, path: str, line: int) -> bool:
    """Whether the innermost function around a line is a coroutine function."""
    inner: ast.AST | None = None
    for node in ast.walk(_parse(case.files.get(path, ""))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= (node.end_lineno or 0):
            inner = node  # walked from outside to inside
    return isinstance(inner, ast.AsyncFunctionDef)


def _idle_in(case: Case, path: str, node: ast.stmt) -> set[int]:
    return _idle(case, path) & set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _idle(case: Case, path: str) -> set[int]:
    """Return the lines of a file that are said to do nothing."""
    return {note.line for note in case.annotations() if note.path == path and note.text in IDLE}


def _unawaited(case: Case, run: Run) -> set[tuple[str, int]]:
    """Return the lines whose coroutine nobody awaited, and those that read a variable which holds it."""
    found: set[tuple[str, int]] = set()
    for path, line in run.recorded.unawaited:
        tree = _parse(case.files.get(path, ""))
        found.add((path, line))
        found.update((path, number) for number in range(*_whole(tree, line)))
        for function in ast.walk(tree):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            names = {
                target.id
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or node.lineno)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            found.update(
                (path, node.lineno)
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
            )
    return found


def _whole(tree: ast.Module, line: int) -> tuple[int, int]:
    found = _statement(tree, line)
    return found[0], found[1] + 1


def _decorators(case: Case, place: Place) -> set[tuple[str, int]]:
    """Return the lines of the decorators of the coroutine functions that the line of an event calls.

    A decorator that queries before the coroutine runs is found at itself, and where the function is called.
    """
    lines = case.files.get(place.path or "", "").splitlines()
    text = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    called = set(re.findall(r"(\w+)\(", text))
    return {
        (path, decorator.lineno)
        for path, source in case.files.items()
        if path.endswith(".py")
        for node in ast.walk(_parse(source))
        if isinstance(node, ast.AsyncFunctionDef) and node.name in called
        for decorator in node.decorator_list
    }


def _definitions(case: Case, run: Run) -> set[tuple[str, int]]:
    """Return where that is defined what a function uses that is said to fail, and does.

    A class that Django refuses, or a hook of it that nobody awaits, is found at its definition: the lines of
    decorators, of ``class`` and of ``def``. The function names the class or the function it is about.
    """
    name = run.function.rpartition(".")[2]
    if name not in case.fails or not run.recorded.error:
        return set()
    trees = {path: _parse(text) for path, text in case.files.items() if path.endswith(".py")}
    used: set[str] = set()
    for node in ast.walk(trees[run.path]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            used |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            used |= {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    for _ in range(5):  # what a class inherits is part of it
        used |= {
            base.id
            for tree in trees.values()
            for node in tree.body
            if isinstance(node, ast.ClassDef) and node.name in used
            for base in node.bases
            if isinstance(base, ast.Name)
        }
    return {
        (path, line)
        for path, tree in trees.items()
        for outer in tree.body
        if isinstance(outer, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and outer.name in used
        for node in ast.walk(outer)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        for line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list), *_idle_in(case, path, node))
    }


def _conduct(case: Case, run: Run) -> Iterator[str]:
    name = run.function.rpartition(".")[2]
    if name in case.fails:
        if not run.recorded.error or not (_own_failures(case, run) or _definitions(case, run)):
            yield f"{run.function}: is said to fail, and does not"
        return
    if name in case.expects:
        if run.plain is None or run.plain.error or run.plain.unsafe or not run.recorded.places:
            yield f"{run.function}: is said to expect a refusal; it meets none, or fails"
        return
    if run.recorded.error:
        yield f"{run.function}: fails although queries are let through:\n{run.recorded.error}"
    if name.startswith("ok") and run.recorded.places:
        yield f"{run.function}: is not ok: {run.recorded.places[0].stack}"
    if name.startswith("ok") and run.recorded.unawaited:
        yield f"{run.function}: is not ok, nobody awaits the coroutine of {run.recorded.unawaited}"
    if name.startswith("bad") and not run.recorded.places and not run.recorded.unawaited:
        yield f"{run.function}: is not bad, no query runs on the loop"
    unawaited = run.recorded.unawaited and not run.recorded.places
    if run.plain is None or unawaited or all(place.blocks for place in run.recorded.places):
        return  # what only blocks raises nothing
    if run.plain.error and not run.plain.unsafe:
        yield f"{run.function}: fails for another reason:\n{run.plain.error}"
    elif name in case.catches:
        if run.plain.unsafe:
            yield f"{run.function}: is said to catch the error, and raises"
    elif not run.plain.unsafe:
        yield f"{run.function}: does not raise; if it catches the error, say so with the option 'catches'"


def lines_of(text: str, place: Place) -> range:
    """Return the lines a finding for this place may start on: those of its expression."""
    tree = _parse(text)
    if place.column is None or place.end_column is None:
        span = _statement(tree, place.line)
    else:
        span = _expression(tree, (place.line, place.column), (place.end_line, place.end_column))
    return range(span[0], span[1] + 1)


@lru_cache(maxsize=16)
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def _expression(tree: ast.Module, start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
    """Return the lines of the smallest node around a position.

    For a method call over several lines the interpreter says where the method's name starts, not the call,
    so the node may begin before the position.
    """
    best: ast.expr | ast.stmt | None = None
    for node in ast.walk(tree):
        if not isinstance(node, (ast.expr, ast.stmt)):
            continue
        first, last = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
        if first <= start and end <= last and (best is None or (best.lineno, best.col_offset) <= first):
            # Of two nodes with the same start the later is the inner one: ast.walk starts outside.
            best = node
    assert best is not None, f"nothing at {start}"
    return _narrow(best)


def _narrow(node: ast.expr | ast.stmt) -> tuple[int, int]:
    if isinstance(node, _COMPREHENSIONS):
        node = node.generators[0].iter
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        node = node.iter
    elif isinstance(node, (ast.If, ast.While)):
        node = node.test
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        node = node.items[0].context_expr
    elif isinstance(node, ast.Match):
        node = node.subject
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.lineno, node.lineno
    return node.lineno, node.end_lineno or node.lineno


def _statement(tree: ast.Module, line: int) -> tuple[int, int]:
    """Return the lines of the innermost statement around a line, for a compound one those of its head."""
    best: ast.stmt | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            if best is None or node.lineno >= best.lineno:
                best = node
    assert best is not None, f"nothing in line {line}"
    body = getattr(best, "body", None)
    if body:
        return best.lineno, max(best.lineno, body[0].lineno - 1)
    return best.lineno, best.end_lineno or best.lineno
