"""What a form asks the database for, by the fields that it declares or takes from its model.

The doubles of Django's forms call these: see ``rules/doubles/``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned
from django_async_migrate.values.heap import Instance, Object, Slot
from django_async_migrate.values.types import NONE, SCALAR, Class, Const, Ref, Unknown, Value, alternatives

from . import querysets
from .formclasses import texts

if TYPE_CHECKING:
    from django_async_migrate.index.models import Model

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_CHOICES = ("ModelChoiceField", "ModelMultipleChoiceField")
_FORWARD = frozenset({"foreign-key", "one-to-one"})


@dataclass
class FormFields:
    """The fields of a form that have to do with the database.

    ``choices`` are those that choose rows, ``many`` those of them that are many-to-many, ``checked``: the model has
    something else to check, a unique field or a constraint. ``names`` are all, None where that is not known.
    ``certain``: no code of the form changes its fields.
    """

    model: Model | None = None
    choices: set[str] = field(default_factory=set)
    many: set[str] = field(default_factory=set)
    checked: bool = False
    certain: bool = True


def option_texts(m: Machine, meta: ClassInfo, name: str, node: ast.AST) -> frozenset[str] | None:
    """Return what an option of a ``Meta`` names; an empty set where there is no such option, None where unknown."""
    found = meta.find(name)
    if found is None:
        return frozenset()
    return texts(m, m.attribute(Class(meta), name, node))


def fields_of(m: Machine, cls: ClassInfo, node: ast.AST) -> FormFields:
    """Return what is known of the fields of a form class."""
    found = FormFields()
    for name, value in _declared(cls):
        if _called(value).endswith(_CHOICES):
            found.choices.add(name)
    found.certain = not any(_changes_fields(entry) for entry in cls.mro)
    found.model, chosen, left_out, without = _options(m, cls, node)
    if found.model is None or chosen is None or left_out is None:
        return found  # they are computed, nobody knows how

    def has(name: str) -> bool:
        return (not chosen or "__all__" in chosen or name in chosen) and name not in left_out

    for name, relation in found.model.relations().items():
        if not has(name) or relation.parent_link or not _is_editable(found.model, name):
            continue
        if relation.kind in _FORWARD:
            if relation.target is None or relation.target is not without:
                found.choices.add(name)
        elif relation.kind == "many-to-many":
            found.choices.add(name)
            found.many.add(name)
    unique = {name for name, value in _model_fields(found.model) if _says(value, "unique") and has(name)}
    together = found.model.meta("unique_together") is not None or found.model.meta("constraints") is not None
    found.checked = bool(unique) or together
    if together and not unique and not found.choices:
        found.certain = False  # its fields may be left out
    return found


def _options(
    m: Machine, cls: ClassInfo, node: ast.AST
) -> tuple[Model | None, frozenset[str] | None, frozenset[str] | None, Model | None]:
    """Return the model of a form, the fields it has, those it leaves out, and the model it belongs below."""
    made = next((entry.made for entry in cls.mro if entry.made is not None or "Meta" in entry.members), None)
    meta = cls.find("Meta")
    options = meta[1] if meta is not None and isinstance(meta[1], ClassInfo) else None
    model = made.model if made is not None else None
    option = _option(options, "model") if options is not None and model is None else None
    for definition in m.project.resolve(option.module, option.value, options) if option and option.value else ():
        model = m.project.model_of(definition)
    given: list[frozenset[str] | None] = []
    for name in ("fields", "exclude"):
        own = getattr(made, name) if made is not None else None
        inherited = option_texts(m, options, name, node) if options is not None else frozenset()
        given.append(own if own is not None else inherited)
    if made is not None and made.computed:
        given = [None, None]
    return model, given[0], given[1], made.without if made is not None else None


def _declared(cls: ClassInfo) -> Iterator[tuple[str, ast.expr]]:
    for entry in reversed(cls.mro):
        for name, member in entry.members.items():
            if isinstance(member, Assigned) and member.value is not None:
                yield name, member.value


def _model_fields(model: Model) -> Iterator[tuple[str, ast.expr]]:
    if model.cls is not None:
        yield from _declared(model.cls)


def _is_editable(model: Model, name: str) -> bool:
    return not any(declared == name and _says(value, "editable", False) for declared, value in _model_fields(model))


def _says(value: ast.expr, keyword: str, wanted: bool = True) -> bool:
    return isinstance(value, ast.Call) and any(
        entry.arg == keyword and isinstance(entry.value, ast.Constant) and entry.value.value is wanted
        for entry in value.keywords
    )


def _called(value: ast.expr) -> str:
    func = value.func if isinstance(value, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _changes_fields(cls: ClassInfo) -> bool:
    """Whether the constructor of a project form takes fields away."""
    made = cls.members.get("__init__")
    if not isinstance(made, FunctionInfo) or cls.module.path.startswith("<"):
        return False
    return any(
        isinstance(node, (ast.Delete, ast.For, ast.If)) or (isinstance(node, ast.Attribute) and node.attr == "pop")
        for node in made.own_nodes
    )


def _option(meta: ClassInfo, name: str) -> Assigned | None:
    found = meta.find(name)
    return found[1] if found is not None and isinstance(found[1], Assigned) else None


def _form(m: Machine, args: Seq[Value], node: ast.AST) -> FormFields:
    state = m.state(args[0]) if args else None
    return fields_of(m, state.cls, node) if isinstance(state, Object) else FormFields(certain=False)


def _instance(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    model = _form(m, args, node).model
    return querysets.made(m, model, (), node) if model is not None else Unknown("instance of a form")


def _initial(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """A form about a row reads its many-to-many relations."""
    for part in alternatives(args[1]):
        state = m.state(part)
        if isinstance(state, Instance) and not (state.made and "pk" not in state.slots):
            for name in sorted(_form(m, args, node).many):
                m.iterate(m.call(m.attribute(m.attribute(part, name, node), "all", node), (), (), node), node)
    return NONE


def _validated(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Checking a form asks for the rows that were chosen, and for others of the same unique values."""
    form = _form(m, args, node)
    if form.choices or form.checked:
        m.effect(node, "model-method", "", "run it through sync_to_async", form.certain)
    state = m.state(args[0])
    instance = state.attrs.get("instance") if isinstance(state, Object) else None
    row = m.state(instance.value) if instance is not None else None
    if instance is not None and isinstance(row, Instance) and isinstance(instance.value, Ref):
        slots = {name: Slot(Unknown("chosen in a form")) for name in form.choices - form.many}
        m.put(instance.value, replace(row, slots={**row.slots, **slots}))
    return NONE


def _saved(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    form = _form(m, args, node)
    if form.many:
        m.effect(node, "related-call", "", "run it through sync_to_async", form.certain)
    return NONE


def _shown(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """A field that chooses rows lists them all where it is shown."""
    form = _form(m, args, node)
    name = args[1] if len(args) > 1 else NONE
    if form.choices and (name == NONE or (isinstance(name, Const) and name.value in form.choices)):
        m.effect(node, "iteration", "", "run it through sync_to_async", form.certain)
    return SCALAR


def _has(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Whether a name is a field of a form, as far as it is no member of its class."""
    state = m.state(args[0])
    name = args[1] if len(args) > 1 else NONE
    if not isinstance(state, Object) or not isinstance(name, Const):
        return SCALAR
    member = state.cls.find(str(name.value))
    is_field = isinstance(member[1], Assigned) if member is not None else str(name.value) not in state.attrs
    return Const(is_field)


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "django.doubles.something": lambda m, a, k, n: SCALAR,
    "django.doubles.form_has": _has,
    "django.doubles.form_initial": _initial,
    "django.doubles.form_instance": _instance,
    "django.doubles.form_saved": _saved,
    "django.doubles.form_shown": _shown,
    "django.doubles.form_validated": _validated,
}

__all__ = ["FUNCTIONS", "FormFields", "fields_of"]
