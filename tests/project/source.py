"""Reads the fixture's source: which function holds a line, and which lines hold code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "fixtures" / "legacy_project"
_PROPERTIES = frozenset({"property", "cached_property"})


@dataclass(frozen=True)
class Function:
    """A function of the fixture; ``name`` is dotted from the module down, lines count from 1."""

    path: str
    name: str
    line: int
    end_line: int
    asynchronous: bool
    implicit: bool
    """True for properties and dunder methods: what runs without a visible call of its name."""


def belongs(path: str) -> bool:
    """Tell whether a file is part of the fixture."""
    return Path(path).is_relative_to(ROOT)


def relative(path: str) -> str:
    """Return the path of a file of the fixture as reports show it."""
    return Path(path).relative_to(ROOT).as_posix()


@cache
def tree(path: str) -> ast.Module:
    """Parse a file; ``path`` is relative to the fixture."""
    return ast.parse(Path(ROOT, path).read_text("utf-8"), path)


def modules() -> list[str]:
    """Return the files of the fixture that run on a server, sorted."""
    skipped = {"tests", "migrations"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(path.as_posix() for path in found if not skipped & set(path.parts))


@cache
def functions(path: str) -> tuple[Function, ...]:
    """Return all functions of a file, nested ones after those around them."""
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return tuple(_functions(tree(path), path, module))


def _functions(node: ast.AST, path: str, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = f"{prefix}.{child.name}"
            decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in child.decorator_list}
            yield Function(
                path=path,
                name=name,
                line=min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)]),
                end_line=child.end_lineno or child.lineno,
                asynchronous=isinstance(child, ast.AsyncFunctionDef),
                implicit=bool(_PROPERTIES & decorators) or child.name.startswith("__"),
            )
        elif isinstance(child, ast.ClassDef):
            name = f"{prefix}.{child.name}"
        yield from _functions(child, path, name)


def function_at(path: str, line: int) -> Function | None:
    """Return the innermost function that holds a line, or None outside of functions."""
    around = [function for function in functions(path) if function.line <= line <= function.end_line]
    return around[-1] if around else None


def async_functions() -> list[Function]:
    """Return every coroutine function and async generator of the fixture."""
    return [function for path in modules() for function in functions(path) if function.asynchronous]


def calls_at(path: str, line: int, method: str) -> list[ast.Attribute]:
    """Return ``receiver.method`` of the calls of ``method`` that span a line."""
    return [
        node.func
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]


def tests_membership_at(path: str, line: int) -> bool:
    """Tell whether ``in`` or ``not in`` stands on a line."""
    return any(
        isinstance(node, ast.Compare)
        and node.lineno == line
        and any(isinstance(operator, (ast.In, ast.NotIn)) for operator in node.ops)
        for node in ast.walk(tree(path))
    )
