"""Where ``DJANGO_ALLOW_ASYNC_UNSAFE`` is set: in code that sets up the process, and in files of its environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from django_async_migrate.core.findings import Fix, Span
from django_async_migrate.index.survey import is_test
from django_async_migrate.syntax.nodes import nodes_in

from .base import Fact, Facts
from .processes import read

_NAME = "DJANGO_ALLOW_ASYNC_UNSAFE"
_ADVICE = "leave the check on, and run what it refuses through sync_to_async"
_MESSAGE = (
    f"{_NAME} switches off the check that keeps queries from the event loop: they block it, and requests share "
    "connections and transactions"
)
_LINE = re.compile(rf"""^\s*(?:export\s+|ENV\s+|-\s*)?["']?{_NAME}["']?\s*[=:\s]\s*["']?[^\s"'#]""")
#: Files that set up the process of the project; in others, code in functions may run for one command only.
_STARTERS = ("asgi.py", "wsgi.py", "manage.py", "celery.py")


def settings_of_environment(facts: Facts) -> Iterator[Fact]:
    """Find where Python code gives the variable a value that is not empty: any other switches the check off."""
    project = facts.project
    for path in project.survey.mentioning(b"ALLOW_ASYNC_UNSAFE"):
        module = project.module(path) if path in facts.selected and not is_test(path) else None
        if module is None:
            continue
        everywhere = path.rpartition("/")[2] in _STARTERS
        for node, sure in _statements(module.parsed.tree.body, True, everywhere):
            value = _given(node)
            if value is not None and not (isinstance(value, ast.Constant) and not value.value):
                certain = sure and isinstance(value, ast.Constant)
                yield Fact(
                    span=module.parsed.span(node),
                    message=_MESSAGE,
                    function=module.name,
                    certainty="certain" if certain else "likely",
                    fix=Fix("manual", _ADVICE),
                )


def environment_files(facts: Facts) -> Iterator[Fact]:
    """Find lines of process files that set the variable."""
    for path, text in read(facts).items():
        for number, line in enumerate(text.split("\n"), 1):
            if _LINE.search(line) and not path.endswith(".py"):
                start = len(line) - len(line.lstrip())
                span = Span(path, number, start + 1, number, len(line.rstrip()) + 1)
                yield Fact(span, _MESSAGE, "", fix=Fix("manual", _ADVICE))


def _statements(body: list[ast.stmt], sure: bool, everywhere: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the simple statements that run when a module is imported, and whether they always do."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if everywhere:
                yield from _statements(node.body, sure, everywhere)
        elif isinstance(node, ast.If):
            if everywhere or "__main__" not in ast.unparse(node.test):
                yield from _statements(node.body, sure and "__main__" in ast.unparse(node.test), everywhere)
            yield from _statements(node.orelse, False, everywhere)
        elif isinstance(node, (ast.Try, ast.With)):
            yield from _statements(node.body, sure, everywhere)
        elif isinstance(node, (ast.Expr, ast.Assign)):
            yield node, sure


def _given(node: ast.stmt) -> ast.expr | None:
    """Return the value that a statement gives the variable, None if it is not about it."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and _is_name(target.slice) and "environ" in ast.unparse(target.value):
                return node.value
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        func = ast.unparse(call.func)
        if func.endswith(("environ.setdefault", "putenv")) and len(call.args) > 1 and _is_name(call.args[0]):
            return call.args[1]
        if func.endswith("environ.update"):
            for word in call.keywords:
                if word.arg == _NAME:
                    return word.value
            for part in nodes_in(*call.args):
                if isinstance(part, ast.Dict):
                    for key, value in zip(part.keys, part.values, strict=True):
                        if key is not None and _is_name(key):
                            return value
    return None


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == _NAME
