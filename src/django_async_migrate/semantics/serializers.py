"""What serializers read of the rows they are given, by the fields they declare or take from their model.

The doubles of serializers call these: see ``rules/doubles/``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.models import ClassMember
from django_async_migrate.index.modules import Assigned
from django_async_migrate.index.relations import Relation
from django_async_migrate.values.heap import Dict, Instance, Object, Sequence
from django_async_migrate.values.types import (
    NONE,
    SCALAR,
    ExternalObject,
    Func,
    Manager,
    Method,
    Never,
    Ref,
    RelatedManager,
    Unknown,
    Value,
    alternatives,
)

from . import containers, querysets
from .formclasses import texts
from .forms import fields_of, option_texts

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

#: Serializers inside one another that are followed.
MAX_DEPTH = 4
_KEYS = frozenset({"PrimaryKeyRelatedField", "HyperlinkedRelatedField", "HyperlinkedIdentityField"})
_TEXTS = frozenset({"CharField", "StringRelatedField"})
_MANY = frozenset({"many-to-many", "reverse-foreign-key", "reverse-many-to-many", "generic-relation"})


def _many_to_many(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Read the many-to-many relations of a row, or those of them that are named."""
    wanted: frozenset[str] | None = texts(m, args[1]) if args[1] != NONE else frozenset()
    left_out: frozenset[str] | None = texts(m, args[2]) if args[2] != NONE else frozenset()
    for part in alternatives(args[0]):
        state = m.state(part)
        if not isinstance(state, Instance) or wanted is None or left_out is None:
            continue
        if state.made and "pk" not in state.slots:
            continue
        for name, relation in sorted(state.model.relations().items()):
            if relation.kind == "many-to-many" and (args[1] == NONE or name in wanted) and name not in left_out:
                rows(m, m.attribute(part, name, node), node)
    return NONE


def rows(m: Machine, value: Value, node: ast.AST) -> Value:
    """Return a row of what may be a manager, a queryset or a list."""
    results = []
    for part in alternatives(value):
        if isinstance(part, (Manager, RelatedManager)):
            part = m.call(m.attribute(part, "all", node), (), (), node)
        results.append(m.iterate(part, node))
    return containers.union(m, results)


def _rows_of(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    row = rows(m, args[0], node)
    return m.alloc(node, Sequence("list", None if not isinstance(row, Never) else (), row), "rows")


def _represented(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Read what the fields of a serializer show of a row."""
    state = m.state(args[0])
    if isinstance(state, Object):
        for part in alternatives(args[1]):
            _represent(m, args[0], state.cls, part, node, 0)
    return m.alloc(node, Dict({}, None, Unknown("serialized")), "represented")


def _represent(m: Machine, serializer: Value, cls: ClassInfo, row: Value, node: ast.AST, depth: int) -> None:
    if not isinstance(m.state(row), (Instance, Object, Dict)) or depth > MAX_DEPTH:
        return
    for name, call in _fields(m, cls, node):
        if call is None:
            _model_field(m, row, name, node)
        else:
            _declared_field(m, serializer, cls, row, name, call, node, depth)


def _fields(m: Machine, cls: ClassInfo, node: ast.AST) -> Iterator[tuple[str, ast.Call | None]]:
    """Yield the fields of a serializer; None for those that its model has and it does not declare."""
    declared: dict[str, ast.Call] = {}
    for entry in reversed(cls.mro):
        for name, member in entry.members.items():
            if isinstance(member, Assigned) and isinstance(member.value, ast.Call):
                declared[name] = member.value
    names = list(declared)
    meta = cls.find("Meta")
    if meta is not None and isinstance(meta[1], ClassInfo):
        chosen = chosen_fields(m, meta[1], dict.fromkeys([*declared, *fields_of_model(cls)]), node)
        if chosen is None:
            return  # they are computed, nobody knows how
        names = chosen
    for name in names:
        yield name, declared.get(name)


def chosen_fields(m: Machine, meta: ClassInfo, every: Iterable[str], node: ast.AST) -> list[str] | None:
    """Return the fields that a ``Meta`` names, or those of ``every`` that it does not exclude; None where unknown."""
    given, left_out = option_texts(m, meta, "fields", node), option_texts(m, meta, "exclude", node)
    if given is None or left_out is None:
        return None
    if given and "__all__" not in given:
        return sorted(given)
    return [name for name in every if name not in left_out]


def fields_of_model(cls: ClassInfo) -> list[str]:
    """Return the many-to-many relations of the model of a serializer: of all its fields only they query."""
    meta = cls.find("Meta")
    option = meta[1].find("model") if meta is not None and isinstance(meta[1], ClassInfo) else None
    if option is None or not isinstance(option[1], Assigned) or option[1].value is None:
        return []
    project = option[1].module.project
    for definition in project.resolve(option[1].module, option[1].value):
        model = project.model_of(definition)
        if model is not None:
            return sorted(name for name, held in model.relations().items() if held.kind == "many-to-many")
    return []


def _model_field(m: Machine, row: Value, name: str, node: ast.AST) -> None:
    state = m.state(row)
    if not isinstance(state, Instance):
        return
    member = state.model.member(name)
    if isinstance(member, Relation):
        if member.kind in _MANY:
            rows(m, m.attribute(row, name, node), node)
        elif member.kind == "reverse-one-to-one":
            m.attribute(row, name, node)
        return  # of a foreign key the column is enough
    if isinstance(member, ClassMember) and isinstance(member.member, FunctionInfo):
        _read(m, row, name, node)


def _declared_field(
    m: Machine, serializer: Value, cls: ClassInfo, row: Value, name: str, call: ast.Call, node: ast.AST, depth: int
) -> None:
    kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    given = {key: value.value for key, value in options.items() if isinstance(value, ast.Constant)}
    if given.get("write_only") is True:
        return
    source = str(given.get("source", name))
    many = given.get("many") is True
    if kind == "SerializerMethodField":
        method = str(given.get("method_name", f"get_{name}"))
        if cls.find(method) is not None:
            m.call(m.attribute(serializer, method, node), [row], (), node)
        return
    if kind in _KEYS:
        if many:
            rows(m, _path(m, row, source, node), node)
        return
    nested = _nested(m, cls, call)
    value = row if source == "*" else _path(m, row, source, node)
    for part in alternatives(rows(m, value, node) if many else value):
        if nested is not None:
            inner = m.alloc((node, name, nested), Object(nested, whole=True))
            _represent(m, inner, nested, part, node, depth + 1)
        elif kind in _TEXTS and part != NONE and not isinstance(part, (Manager, RelatedManager)):
            m.stringify(part, node)


def _nested(m: Machine, cls: ClassInfo, call: ast.Call) -> ClassInfo | None:
    for entry in cls.mro:
        if entry.module is not None:
            for definition in m.project.resolve(entry.module, call.func, entry):
                if isinstance(definition, ClassInfo) and any(base.stands_for for base in definition.mro):
                    return definition
    return None


def _path(m: Machine, row: Value, source: str, node: ast.AST) -> Value:
    for name in source.split("."):
        parts = [part for part in alternatives(row) if part != NONE]
        row = containers.union(m, [_read(m, part, name, node) for part in parts]) if parts else NONE
    return row


def _read(m: Machine, row: Value, name: str, node: ast.AST) -> Value:
    """Read a key or an attribute; what needs no argument is called."""
    state = m.state(row)
    if isinstance(state, Dict):
        return state.items.get(name, Unknown("key"))
    value = m.attribute(row, name, node)
    if isinstance(value, Func) and len(value.fn.params) == len(value.fn.defaults) + (value.receiver is not None):
        return m.call(value, (), (), node)
    if isinstance(value, Method) and isinstance(m.state(value.receiver), Instance):
        return SCALAR
    return value


def _checked(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Checking data looks the rows up that it names, and others of the same unique values."""
    state = m.state(args[0])
    if isinstance(state, Object) and "fields" not in state.attrs:  # code that replaced some decides what is looked up
        found = fields_of(m, state.cls, node)
        declared = dict(_fields(m, state.cls, node))
        taken = {name for name in found.choices if declared.get(name) is None}
        if found.model is not None and (taken or found.checked):
            m.effect(node, "model-method", "", "run it through sync_to_async", found.certain)
    return NONE


def _saved(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    state = m.state(args[0])
    model = fields_of(m, state.cls, node).model if isinstance(state, Object) else None
    m.effect(node, "model-method", "", "run it through sync_to_async", model is not None)
    if isinstance(args[1], Ref) or model is None:
        return args[1]
    return querysets.made(m, model, (), node, saved=True)


def _deserialized(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    row = ExternalObject("django.core.serializers.base.DeserializedObject")
    return m.alloc(node, Sequence("list", None, row), "deserialized")


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "django.core.serializers.deserialize": _deserialized,
    "django.doubles.many_to_many": _many_to_many,
    "django.doubles.represented": _represented,
    "django.doubles.rows_of": _rows_of,
    "django.doubles.serializer_checked": _checked,
    "django.doubles.serializer_saved": _saved,
}
