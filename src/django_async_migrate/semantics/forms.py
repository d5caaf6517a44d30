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
from django_async_migrate.values.heap import Dict, Instance, Object, Slot
from django_async_migrate.values.types import (
    NONE,
    SCALAR,
    Class,
    Const,
    Func,
    ModelClass,
    Ref,
    Unknown,
    Value,
    alternatives,
)

from . import querysets
from .formclasses import texts

if TYPE_CHECKING:
    from django_async_migrate.index.models import Model

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_CHOICES = ("ModelChoiceField", "ModelMultipleChoiceField")
_USER_FORMS = "django.contrib.auth.forms."
_FORWARD = frozenset({"foreign-key", "one-to-one"})


#: Widgets that list what can be chosen; others show what is chosen, or nobody knows.
_LISTING = ("Select", "SelectMultiple", "RadioSelect", "CheckboxSelectMultiple", "NullBooleanSelect")


@dataclass
class FormFields:
    """The fields of a form that have to do with the database.

    ``choices`` are those that choose rows, ``many`` those of them that are many-to-many, ``plain`` those that do not
    list the rows where they are shown. ``computed`` are choices that a function gives. ``checked``: the model has
    something else to check, a unique field or a constraint. ``certain``: no code of the form changes its fields.
    """

    model: Model | None = None
    choices: set[str] = field(default_factory=set)
    many: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    computed: dict[str, Value] = field(default_factory=dict)
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
    for name, member in _declared(cls):
        value = member.value
        if value is not None and _called(value).endswith(_CHOICES):
            found.choices.add(name)
        elif isinstance(value, ast.Call):
            _computed(m, member, value, name, found)
        widget = _keyword(value, "widget")
        if widget is not None and not _lists(widget):
            found.plain.add(name)
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
    together = [all(map(has, names)) if names is not None else None for names in constraints(found.model)]
    found.checked = bool(unique) or any(held is not False for held in together)
    if not unique and not found.choices and True not in together:
        found.certain = False  # what a constraint is about may be left out
    _plain_widgets(cls, found)
    return found


def _computed(m: Machine, member: Assigned, call: ast.Call, name: str, found: FormFields) -> None:
    """Note choices that a function gives: it is called when the field is checked, and when it is shown."""
    given = _keyword(call, "choices")
    if isinstance(given, ast.Lambda):
        found.computed[name] = Func(member.module.function(given))
    elif isinstance(given, (ast.Name, ast.Attribute)):
        for definition in m.project.resolve(member.module, given):
            if isinstance(definition, FunctionInfo) and not definition.is_async:
                found.computed[name] = Func(definition)


def _lists(widget: ast.expr) -> bool:
    target = widget.func if isinstance(widget, ast.Call) else widget
    return (target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")) in _LISTING


def _plain_widgets(cls: ClassInfo, found: FormFields) -> None:
    """Note the fields for which ``Meta.widgets`` names a widget that lists nothing."""
    meta = cls.find("Meta")
    option = _option(meta[1], "widgets") if meta is not None and isinstance(meta[1], ClassInfo) else None
    given = option.value if option is not None else None
    if isinstance(given, ast.Dict):
        for key, widget in zip(given.keys, given.values, strict=True):
            if isinstance(key, ast.Constant) and not _lists(widget):
                found.plain.add(str(key.value))
    elif given is not None:
        found.plain |= found.choices


def constraints(model: Model) -> list[frozenset[str] | None]:
    """Return the fields that each constraint of a model is about; None for one that cannot be read."""
    found: list[frozenset[str] | None] = []
    together = model.meta("unique_together")
    if together is not None:
        groups = together.elts if isinstance(together, (ast.Tuple, ast.List, ast.Set)) else []
        if groups and all(isinstance(entry, ast.Constant) for entry in groups):
            groups = [together]
        found += [_names_in(group) for group in groups] or [None]
    given = model.meta("constraints")
    if given is not None:
        entries = given.elts if isinstance(given, (ast.Tuple, ast.List)) else []
        found += [_fields_of_constraint(entry) for entry in entries] if entries else [None]
    return found


def _fields_of_constraint(entry: ast.expr) -> frozenset[str] | None:
    if _called(entry) == "UniqueConstraint":
        return _names_in(_keyword(entry, "fields"))
    check = _keyword(entry, "condition") or _keyword(entry, "check")
    names = {
        keyword.arg.partition("__")[0]
        for node in (ast.walk(check) if check is not None else ())
        if isinstance(node, ast.Call) and _called(node) == "Q"
        for keyword in node.keywords
        if keyword.arg is not None
    }
    return frozenset(names) if names else None


def _names_in(node: ast.expr | None) -> frozenset[str] | None:
    items = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else []
    if not items or not all(isinstance(item, ast.Constant) for item in items):
        return None
    return frozenset(str(item.value) for item in items if isinstance(item, ast.Constant))


def _keyword(value: ast.expr | None, name: str) -> ast.expr | None:
    keywords = value.keywords if isinstance(value, ast.Call) else []
    return next((entry.value for entry in keywords if entry.arg == name), None)


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
    if model is None and option is not None and options is not None:  # User = get_user_model()
        named = m.attribute(Class(options), "model", node)
        model = named.model if isinstance(named, ModelClass) else None
    if model is None and options is not None and any(base.startswith(_USER_FORMS) for base in cls.externals):
        model = m.project.models.user_model()
    given: list[frozenset[str] | None] = []
    for name in ("fields", "exclude"):
        own = getattr(made, name) if made is not None else None
        inherited = option_texts(m, options, name, node) if options is not None else frozenset()
        given.append(own if own is not None else inherited)
    if made is not None and made.computed:
        given = [None, None]
    return model, given[0], given[1], made.without if made is not None else None


def _declared(cls: ClassInfo) -> Iterator[tuple[str, Assigned]]:
    for entry in reversed(cls.mro):
        for name, member in entry.members.items():
            if isinstance(member, Assigned) and member.value is not None:
                yield name, member


def _model_fields(model: Model) -> Iterator[tuple[str, ast.expr]]:
    for name, member in _declared(model.cls) if model.cls is not None else ():
        if member.value is not None:
            yield name, member.value


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
    state = m.state(args[0])
    if _sent(m, state, form.choices) or form.checked:
        m.effect(node, "model-method", "", "run it through sync_to_async", form.certain)
    for function in form.computed.values():
        m.iterate(m.call(function, (), (), node), node)
    instance = state.attrs.get("instance") if isinstance(state, Object) else None
    row = m.state(instance.value) if instance is not None else None
    if instance is not None and isinstance(row, Instance) and isinstance(instance.value, Ref):
        slots = {name: Slot(Unknown("chosen in a form")) for name in form.choices - form.many}
        m.put(instance.value, replace(row, slots={**row.slots, **slots}))
    return NONE


def _sent(m: Machine, form: object, choices: set[str]) -> bool:
    """Whether the data of a form may say what was chosen: it is written out and names no such field, or not."""
    data = form.attrs.get("data") if isinstance(form, Object) else None
    given = m.state(data.value) if data is not None else None
    if not isinstance(given, Dict) or given.element is not None:
        return bool(choices)
    return any(str(key).endswith(name) for key in given.items for name in choices)


def _asks(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """``form_asks(form, name)``: a form looks up other rows of the same value, where it has that field."""
    state = m.state(args[0])
    if isinstance(state, Object):
        _, chosen, left_out, _ = _options(m, state.cls, node)
        name = str(getattr(args[1], "value", ""))
        if (not chosen or name in chosen or "__all__" in chosen) and (left_out is None or name not in left_out):
            m.effect(node, "model-method", "", "run it through sync_to_async", chosen is not None)
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
    listed = form.choices - form.plain
    if listed and (name == NONE or (isinstance(name, Const) and name.value in listed)):
        m.effect(node, "iteration", "", "run it through sync_to_async", form.certain)
    for key, function in form.computed.items():
        if name in (NONE, Const(key)):
            m.iterate(m.call(function, (), (), node), node)
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
    "django.doubles.form_asks": _asks,
    "django.doubles.form_has": _has,
    "django.doubles.form_initial": _initial,
    "django.doubles.form_instance": _instance,
    "django.doubles.form_saved": _saved,
    "django.doubles.form_shown": _shown,
    "django.doubles.form_validated": _validated,
}

__all__ = ["FUNCTIONS", "FormFields", "fields_of"]
