"""What an async operation of Django Ninja reads of what it returns: its response schema is filled on the event loop.

Source: https://django-ninja.dev/guides/async-support/ and https://django-ninja.dev/guides/response/; read and run with
django-ninja 1.4.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.values.heap import Instance, QuerySet
from django_async_migrate.values.types import NONE, Manager, RelatedManager, Tuple, Value, alternatives

from .serializers import chosen_fields, fields_of_model, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_async_migrate.index.functions import FunctionInfo

    from .machine import Machine

#: Schemas inside one another that are followed.
MAX_DEPTH = 4
_SCHEMAS = frozenset(
    {
        "ninja.Schema",
        "ninja.schema.Schema",
        "ninja.ModelSchema",
        "ninja.orm.ModelSchema",
        "ninja.orm.metaclass.ModelSchema",
    }
)
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "set", "Set"})
_ALIASES = frozenset({"alias", "validation_alias"})


def responded(m: Machine, fn: FunctionInfo, response: ast.expr, value: Value, node: ast.AST) -> None:
    """Read what the response schema of an operation shows of what the operation returns."""
    schema: ast.expr | None = response
    if isinstance(schema, ast.Dict):
        fitting = [found for code, found in zip(schema.keys, schema.values, strict=True) if _is_success(code)]
        if len(fitting) != 1:
            return
        schema = fitting[0]
        value = value.items[1] if isinstance(value, Tuple) and len(value.items) == 2 else value
    if schema is not None:
        _shown(m, fn, schema, value, node, 0)


def _is_success(code: ast.expr | None) -> bool:
    return isinstance(code, ast.Constant) and isinstance(code.value, int) and 200 <= code.value < 300


def _shown(
    m: Machine, scope: FunctionInfo | ClassInfo, schema: ast.expr, value: Value, node: ast.AST, depth: int
) -> None:
    many, cls = _schema(m, scope, schema)
    if cls is None or depth > MAX_DEPTH:
        return
    for part in alternatives(value):
        if part != NONE:
            _fill(m, cls, rows(m, part, node) if many else part, node, depth)


def _fill(m: Machine, cls: ClassInfo, row: Value, node: ast.AST, depth: int) -> None:
    for part in alternatives(row):
        if not isinstance(m.state(part), Instance):
            continue
        for name in _relations(m, cls, node):
            rows(m, m.attribute(part, name, node), node)
        for entry, annotation, path in _fields(cls):
            found: Value = part
            for step in path:
                found = m.attribute(found, step, node)
            if isinstance(found, (Manager, RelatedManager)):
                found = m.call(m.attribute(found, "all", node), (), (), node)
            if isinstance(m.state(found), QuerySet) and not _schema(m, entry, annotation)[0]:
                rows(m, found, node)  # ninja makes a list of whatever it is
            _shown(m, entry, annotation, found, node, depth + 1)


def _fields(cls: ClassInfo) -> Iterator[tuple[ClassInfo, ast.expr, list[str]]]:
    """Yield the annotated fields of a schema that no method of it computes, with where they are read."""
    found: dict[str, tuple[ClassInfo, ast.expr, list[str]]] = {}
    for entry in reversed(cls.mro):
        for statement in entry.node.body if entry.node is not None else ():
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                name = statement.target.id
                path = _path(statement.value, name)
                if path:
                    found[name] = (entry, statement.annotation, path)
    for name, field in found.items():
        if cls.find(f"resolve_{name}") is None:
            yield field


def _path(default: ast.expr | None, name: str) -> list[str]:
    """Return the attributes that lead to a field; nothing where they are computed."""
    for keyword in default.keywords if isinstance(default, ast.Call) else ():
        if keyword.arg in _ALIASES:
            if not isinstance(keyword.value, ast.Constant) or not isinstance(keyword.value.value, str):
                return []
            steps = keyword.value.value.split(".")
            return steps if all(step.isidentifier() for step in steps) else []
    return [name]


def _relations(m: Machine, cls: ClassInfo, node: ast.AST) -> list[str]:
    """Return the many-to-many relations that a schema takes from its model: their keys are listed."""
    meta = cls.find("Meta")
    if meta is None or not isinstance(meta[1], ClassInfo):
        return []
    every = fields_of_model(cls)
    chosen = chosen_fields(m, meta[1], every, node) or ()
    return [name for name in every if name in chosen]


def _schema(m: Machine, scope: FunctionInfo | ClassInfo, schema: ast.expr) -> tuple[bool, ClassInfo | None]:
    """Return whether an annotation asks for several rows, and the schema of each."""
    if isinstance(schema, ast.Constant) and isinstance(schema.value, str):
        try:
            schema = ast.parse(schema.value, mode="eval").body
        except SyntaxError:
            return False, None
    if isinstance(schema, ast.BinOp) and isinstance(schema.op, ast.BitOr):
        sides = [side for side in (schema.left, schema.right) if not isinstance(side, ast.Constant)]
        return _schema(m, scope, sides[0]) if len(sides) == 1 else (False, None)
    if isinstance(schema, ast.Subscript):
        name = schema.value.attr if isinstance(schema.value, ast.Attribute) else getattr(schema.value, "id", "")
        if name == "Optional":
            return _schema(m, scope, schema.slice)
        return (True, _schema(m, scope, schema.slice)[1]) if name in _LISTS else (False, None)
    if isinstance(schema, (ast.Name, ast.Attribute)):
        for definition in m.project.resolve(scope.module, schema, None if isinstance(scope, ClassInfo) else scope.cls):
            if isinstance(definition, ClassInfo) and _SCHEMAS.intersection(definition.externals):
                return False, definition
    return False, None
