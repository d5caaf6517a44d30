"""What is in a sync helper: code of other libraries, and whether an async function is the same but for waiting."""

from __future__ import annotations

import ast
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.checks.place import Source
    from django_async_migrate.syntax.tree import SourceTree

_READ = frozenset({"django", "asgiref", "typing_extensions"})


def uses_unread_code(source: Source, function: ast.AST, tree: SourceTree) -> bool:
    """Whether a function uses names from libraries that are not read: they may query where nobody sees it."""
    used = {part.id for part in ast.walk(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    return any(
        name in used and not _is_read(module, tree)
        for statement in ast.walk(source.parsed.tree)
        for name, module in _imported(statement)
    )


def _imported(statement: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names an import statement binds, with their modules; relative imports are the project's own."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name
    elif isinstance(statement, ast.ImportFrom) and not statement.level:
        for alias in statement.names:
            yield alias.asname or alias.name, statement.module or ""


def _is_read(module: str, tree: SourceTree) -> bool:
    top = module.partition(".")[0]
    if top in _READ or top in sys.stdlib_module_names:
        return True
    inside = "/" + module.replace(".", "/")
    return any(f"/{path}".endswith(f"{inside}.py") or f"{inside}/" in f"/{path}" for path in tree.paths)


def is_twin(source: Source, function: ast.FunctionDef, name: str) -> bool:
    """Whether the async function ``name`` beside a function does the same, but for waiting."""
    around = source.parent(function)
    body = getattr(around, "body", [])
    found = [part for part in body if isinstance(part, ast.AsyncFunctionDef) and part.name == name]
    return (
        len(found) == 1
        and not found[0].decorator_list
        and ast.dump(function.args) == ast.dump(found[0].args)
        and all(map(_alike, function.body, found[0].body))
        and len(function.body) == len(found[0].body)
    )


_ASYNC = {ast.AsyncFor: ast.For, ast.AsyncWith: ast.With}


def _alike(one: object, other: object) -> bool:
    """Compare two trees, of which the second may await and call async twins."""
    if isinstance(other, ast.Await) and not isinstance(one, ast.Await):
        other = other.value
    if isinstance(one, list) and isinstance(other, list):
        return all(_alike(*pair) for pair in zip_longest(one, other))
    if not isinstance(one, ast.AST) or not isinstance(other, ast.AST):
        return one == other
    if type(one) is not _ASYNC.get(type(other), type(other)):
        return False
    return all(
        field in {"ctx", "type_comment", "is_async"}
        or _alike(getattr(one, field, None), getattr(other, field, None))
        or (field == "attr" and f"a{getattr(one, field)}" == getattr(other, field))
        for field in one._fields
    )
