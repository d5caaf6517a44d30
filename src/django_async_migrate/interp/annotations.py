"""Values from annotations: what a parameter of unknown origin may be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.models import Model, is_manager_class
from django_async_migrate.index.modules import Assigned, ExternalRef, ModuleInfo
from django_async_migrate.semantics import blocking
from django_async_migrate.values.heap import OPAQUE_SPEC, Dict, Instance, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    NONE,
    SCALAR,
    TEXT,
    Class,
    ExternalObject,
    Manager,
    ModelClass,
    Ready,
    Tuple,
    Value,
    one_of,
)

if TYPE_CHECKING:
    from django_async_migrate.index.project import Project, Scope

    from .frame import Frame

_SEQUENCES = {
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "MutableSequence": "list",
    "Iterable": "list",
    "Iterator": "iterator",
    "Collection": "list",
    "set": "set",
    "Set": "set",
    "frozenset": "set",
    "FrozenSet": "set",
    "deque": "list",
    "Generator": "iterator",
    "AsyncIterator": "iterator",
    "AsyncGenerator": "iterator",
    "AsyncIterable": "iterator",
}
_DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_PLAIN = frozenset({"int", "str", "float", "bool", "bytes", "complex", "object"})
_QUERYSETS = frozenset({"QuerySet", "BaseQuerySet"})


class Annotations:
    """Turns annotations into values; part of the engine."""

    project: Project

    def instance_of_model(self, frame: Frame, model: Model, tag: object) -> Value:
        """Return an instance of which nothing but the model is known."""
        return frame.alloc(("instance", tag), Instance(model, OPAQUE_SPEC))

    def annotated(self, frame: Frame, annotation: ast.expr, node: ast.AST) -> Value | None:
        """Return what an annotation inside a frame's function allows."""
        return self.annotation(frame, frame.module, annotation, ("annotated", node), frame.fn)

    def annotation(
        self,
        frame: Frame,
        module: ModuleInfo,
        expr: ast.expr | None,
        tag: object,
        scope: Scope = None,
        depth: int = 0,
    ) -> Value | None:
        """Return a value of the annotated type; None where the annotation tells nothing."""
        if expr is None or depth > 6:
            return None
        if isinstance(expr, ast.Constant):
            if expr.value is None:
                return NONE
            if isinstance(expr.value, str):
                try:
                    parsed = ast.parse(expr.value, mode="eval").body
                except SyntaxError:
                    return None
                return self.annotation(frame, module, parsed, tag, scope, depth + 1)
            return None
        if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr):
            return self._either(frame, module, [expr.left, expr.right], tag, scope, depth)
        if isinstance(expr, ast.Subscript):
            return self._subscripted(frame, module, expr, tag, scope, depth)
        if isinstance(expr, (ast.Name, ast.Attribute)):
            return self._named(frame, module, expr, tag, scope, depth)
        return None

    def _either(
        self, frame: Frame, module: ModuleInfo, exprs: list[ast.expr], tag: object, scope: Scope, depth: int
    ) -> Value | None:
        found = []
        for number, expr in enumerate(exprs):
            value = self.annotation(frame, module, expr, (tag, number), scope, depth + 1)
            if value is None:
                return None
            found.append(value)
        return one_of(found)

    def _subscripted(
        self, frame: Frame, module: ModuleInfo, expr: ast.Subscript, tag: object, scope: Scope, depth: int
    ) -> Value | None:
        name = _last(expr.value)
        inner = expr.slice
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Optional":
            found = self.annotation(frame, module, inner, tag, scope, depth + 1)
            return one_of([found, NONE]) if found is not None else None
        if name == "Union":
            return self._either(frame, module, list(parts), tag, scope, depth)
        if name in {"Annotated", "ClassVar", "Final", "Required", "NotRequired"}:
            return self.annotation(frame, module, parts[0], tag, scope, depth + 1)
        if name in {"Awaitable", "Future", "Task"}:
            found = self.annotation(frame, module, parts[0], tag, scope, depth + 1)
            return Ready(found) if found is not None else None
        if name in {"type", "Type"}:
            for definition in self.project.resolve(module, parts[0], scope):
                model = self.project.model_of(definition)
                if model is not None:
                    return ModelClass(model)
                if isinstance(definition, ClassInfo):
                    return Class(definition)
            return None
        if name in _SEQUENCES:
            element = self.annotation(frame, module, parts[0], (tag, "element"), scope, depth + 1)
            if element is None:
                return None
            return frame.alloc(("annotation", tag), Sequence(_SEQUENCES[name], None, element))
        if name in {"tuple", "Tuple"}:
            if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis:
                element = self.annotation(frame, module, parts[0], (tag, "element"), scope, depth + 1)
                if element is None:
                    return None
                return frame.alloc(("annotation", tag), Sequence("tuple", None, element))
            items = [
                self.annotation(frame, module, part, (tag, number), scope, depth + 1) or SCALAR
                for number, part in enumerate(parts)
            ]
            return Tuple(tuple(items))
        if name in _DICTS and len(parts) == 2:
            element = self.annotation(frame, module, parts[1], (tag, "value"), scope, depth + 1)
            return frame.alloc(("annotation", tag), Dict({}, SCALAR, element)) if element is not None else None
        if name in _QUERYSETS or name.endswith("Manager"):
            for definition in self.project.resolve(module, parts[0], scope):
                model = self.project.model_of(definition)
                if model is not None and name in _QUERYSETS:
                    return frame.alloc(("annotation", tag), QuerySet(model, OPAQUE_SPEC, certain=False))
                if model is not None:
                    return Manager(model, None, certain=False)
            return None
        return self._named(frame, module, expr.value, tag, scope, depth)

    def _named(
        self, frame: Frame, module: ModuleInfo, expr: ast.expr, tag: object, scope: Scope, depth: int
    ) -> Value | None:
        definitions = self.project.resolve(module, expr, scope)
        if not definitions:
            if isinstance(expr, ast.Name) and expr.id == "str":
                return TEXT
            return SCALAR if _last(expr) in _PLAIN and isinstance(expr, ast.Name) else None
        for definition in definitions:
            model = self.project.model_of(definition)
            if model is not None:
                return self.instance_of_model(frame, model, tag)
            if isinstance(definition, ClassInfo):
                return self._of_class(frame, definition, tag)
            if isinstance(definition, ExternalRef):
                last = definition.api.rpartition(".")[2]
                if last == "QuerySet" and definition.api.startswith("django."):
                    return frame.alloc(("annotation", tag), QuerySet(None, OPAQUE_SPEC, certain=False))
                if last in {"Any", "Self"} or definition.api.startswith("typing."):
                    return None
                if definition.api.endswith((".Model", ".AbstractBaseUser")):
                    return None
                return blocking.made(frame, definition.api) or ExternalObject(definition.api)
            if isinstance(definition, Assigned) and definition.value is not None and not definition.path:
                # A type alias; a TypeVar or NewType call tells nothing.
                if isinstance(definition.value, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)):
                    return self.annotation(frame, definition.module, definition.value, tag, None, depth + 1)
        return None

    def _of_class(self, frame: Frame, cls: ClassInfo, tag: object) -> Value | None:
        if is_manager_class(cls, self.project.catalog.managers):
            if any(base.endswith("QuerySet") for base in cls.externals):
                return frame.alloc(("annotation", tag), QuerySet(None, OPAQUE_SPEC, cls=cls, certain=False))
            return Manager(None, cls, certain=False)
        if any(base.rpartition(".")[2] in {"Enum", "StrEnum", "IntEnum", "TypedDict"} for base in cls.externals):
            return None
        return frame.alloc(("annotation", tag), Object(cls))


def _last(expr: ast.expr) -> str:
    if isinstance(expr, ast.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ast.Name) else ""
