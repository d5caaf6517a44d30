"""Fallbacks for what a release of Django lacks: ``try: from django... import ...`` and the code for its failing."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import Releases, releases
from django_async_migrate.catalog.rows import available

from .conditions import Version


def live_handlers(node: ast.Try, version: Version | None) -> Sequence[ast.ExceptHandler]:
    """Return the handlers the target Django can get to: none, where all that is tried is an import of what it has."""
    if version is None or not _imports_only(node.body):
        return node.handlers
    rows = releases(rules_folder())
    paths = [path for statement in node.body for path in _paths(statement)]
    return () if paths and all(_is_there(rows, path, version) for path in paths) else node.handlers


def _imports_only(body: list[ast.stmt]) -> bool:
    """Whether statements import, and do nothing else that may fail."""
    return all(
        isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass))
        or (isinstance(statement, (ast.Assign, ast.Expr)) and isinstance(statement.value, ast.Constant))
        for statement in body
    )


def _paths(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        return [f"{'.' * statement.level}{statement.module or ''}.{alias.name}" for alias in statement.names]
    return []


def _is_there(rows: Releases, path: str, version: Version) -> bool:
    row = rows.coroutines.get(path)
    if row is not None:
        return available(row, version)
    return any(
        (path == api or path.startswith(f"{api}.")) and added.since <= version for api, added in rows.added.items()
    )
