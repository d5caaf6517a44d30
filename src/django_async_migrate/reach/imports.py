"""Imports of async names that Django lacks, in the files with async code and in those that mention such names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django_async_migrate.core.effects import Effect, Site
from django_async_migrate.index.modules import ModuleInfo
from django_async_migrate.index.project import Project
from django_async_migrate.semantics import absent

#: What a handler catches that expects an import to fail.
_EXPECTED = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})
_BODIES = ("body", "orelse", "finalbody")


def missing_imports(
    project: Project, version: tuple[int, int], selected: frozenset[str]
) -> Iterator[tuple[None, Effect]]:
    """Yield the imports of names that are not there, in the form of ``Outcome.incidents``."""
    for path in sorted({*project.tree.async_paths, *project.tree.import_paths}):
        module = project.module(path)
        if module is not None and path in selected:
            if "django" in module.parsed.text or "asgiref" in module.parsed.text:
                for effect in _in_body(module, module.parsed.tree.body, version, module.name):
                    yield None, effect


def _in_body(module: ModuleInfo, body: list[ast.stmt], version: tuple[int, int], around: str) -> Iterator[Effect]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from _missing_modules(module, node, [alias.name for alias in node.names], version, around)
        elif isinstance(node, ast.ImportFrom):
            yield from _missing(module, node, version, around)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _in_body(module, node.body, version, f"{around}.{node.name}")
        elif isinstance(node, ast.If):
            for branch in module.live_branches(node):
                yield from _in_body(module, branch, version, around)
        elif not (isinstance(node, ast.Try) and _expects_failure(node)):
            for name in _BODIES:
                yield from _in_body(module, getattr(node, name, None) or [], version, around)
            for handler in module.live_handlers(node):
                yield from _in_body(module, handler.body, version, around)


def _expects_failure(node: ast.Try) -> bool:
    for handler in node.handlers:
        names = {part.id for part in ast.walk(handler.type) if isinstance(part, ast.Name)} if handler.type else set()
        if handler.type is None or names & _EXPECTED:
            return True
    return False


def _missing(module: ModuleInfo, node: ast.ImportFrom, version: tuple[int, int], around: str) -> Iterator[Effect]:
    if node.level or not f"{node.module}.".startswith(("django.", "asgiref.")):
        return
    paths = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    modules = list(_missing_modules(module, node, paths, version, around))
    yield from modules
    for alias in node.names if not modules else ():
        if absent.may_be_absent(alias.name):
            found = absent.of_path(f"{node.module}.{alias.name}", version)
            if found is not None:
                site = Site(module.path, alias, around)
                yield Effect("absent", site, found.message, found.advice, rule=found.rule, about=found.about)


def _missing_modules(
    module: ModuleInfo, node: ast.Import | ast.ImportFrom, paths: list[str], version: tuple[int, int], around: str
) -> Iterator[Effect]:
    """Yield the first module of an import that the release does not have yet."""
    found = next((gap for gap in (absent.of_module(path, version) for path in paths) if gap is not None), None)
    if found is not None:
        yield Effect("absent", Site(module.path, node, around), found.message, found.advice, rule=found.rule)
