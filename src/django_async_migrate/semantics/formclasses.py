"""Form and formset classes that Django's factories make: ``modelform_factory()``, ``formset_factory()`` and their kin.

The doubles of Django's forms call these: see ``rules/doubles/``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo, Made
from django_async_migrate.values.heap import Instance, Object, QuerySet
from django_async_migrate.values.types import (
    NONE,
    Class,
    Const,
    External,
    Manager,
    ModelClass,
    Ref,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from . import querysets

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]


def texts(m: Machine, value: Value) -> frozenset[str] | None:
    """Return a text, or those of a list or tuple; None where they are not known."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return frozenset({value.value})
    items = value.items if isinstance(value, Tuple) else getattr(m.state(value), "items", None)
    if not isinstance(items, tuple) or not all(isinstance(item, Const) for item in items):
        return None
    return frozenset(str(item.value) for item in items if isinstance(item, Const))


_FORM = ("model", "form", "fields", "exclude")
_MODEL_FORMSET = ("model", "form", "formfield_callback", "formset")
_INLINE_FORMSET = ("parent_model", "model", "form", "formset", "fk_name", "fields", "exclude")


def _given(args: Seq[Value], kwargs: Kwargs, names: Seq[str]) -> dict[str, Value]:
    return {**dict(zip(names, args, strict=False)), **dict(kwargs)}


def _base(m: Machine, given: dict[str, Value], name: str, default: str) -> ClassInfo | None:
    """Return the class that an argument names, or the one that counts without it."""
    value = given.get(name)
    if value is None:
        return m.project.doubles.find(default)
    if isinstance(value, External):
        return m.project.doubles.find(value.api)
    return value.cls if isinstance(value, Class) else None


def _form_of_model(m: Machine, given: dict[str, Value]) -> ClassInfo | None:
    """Return a form of a model, with some of its fields."""
    model, form = given.get("model"), _base(m, given, "form", "django.forms.ModelForm")
    if not isinstance(model, ModelClass) or form is None:
        return None
    named: list[frozenset[str] | None] = []
    computed = False
    for name in ("fields", "exclude"):
        value = given.get(name, NONE)
        named.append(None if value == NONE else texts(m, value))
        computed = computed or (value != NONE and named[-1] is None)
    parent = given.get("parent_model")
    without = parent.model if isinstance(parent, ModelClass) else None
    made = Made(model.model, named[0], named[1], computed, without)
    return m.project.class_made(f"{model.model.name}Form", form, made)


def _formset_of(m: Machine, given: dict[str, Value], form: ClassInfo | None, default: str) -> Value:
    formset = _base(m, given, "formset", default)
    if form is None or formset is None:
        return Unknown("formset of an unknown form")
    model = given.get("model")
    made = Made(model.model if isinstance(model, ModelClass) else None, form=form)
    return Class(m.project.class_made(f"{form.name}Set", formset, made))


def _modelform_factory(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    form = _form_of_model(m, _given(args, kwargs, _FORM))
    return Class(form) if form is not None else Unknown("form of an unknown model")


def _formset_factory(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    given = _given(args, kwargs, ("form", "formset"))
    return _formset_of(m, given, _base(m, given, "form", ""), "django.forms.BaseFormSet")


def _modelformset_factory(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    given = _given(args, kwargs, _MODEL_FORMSET)
    return _formset_of(m, given, _form_of_model(m, given), "django.forms.BaseModelFormSet")


def _inlineformset_factory(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    given = _given(args, kwargs, _INLINE_FORMSET)
    return _formset_of(m, given, _form_of_model(m, given), "django.forms.BaseInlineFormSet")


def _made(m: Machine, value: Value) -> Made | None:
    """Return what a factory was told of the class of a formset."""
    state = m.state(value)
    classes = state.cls.mro if isinstance(state, Object) else ()
    return next((entry.made for entry in classes if entry.made is not None), None)


def _formset_form(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    made = _made(m, args[0])
    return Class(made.form) if made is not None and made.form is not None else Unknown("form of a formset")


def _formset_rows(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """``formset_rows(formset, queryset, instance)``: the rows that a formset shows; it puts them in an order."""
    made = _made(m, args[0])
    given = args[1]
    if given == NONE and made is not None and made.model is not None:
        given = querysets.of_manager(m, Manager(made.model, made.model.default_manager.cls), node)
    state = m.state(given)
    if not isinstance(state, QuerySet):
        return Unknown("rows of a formset")
    if len(args) > 2:
        parts = alternatives(args[2])
        if any(part != NONE and not isinstance(m.state(part), Instance) for part in parts):
            return Unknown("rows of an unknown object")
        unsaved = not any(_is_saved(m.state(part)) for part in parts)
        return querysets.derived(m, given, state, node, empty=unsaved or state.empty)
    return given if state.ordered else querysets.derived(m, given, state, node, ordered=True)


def _is_saved(state: object) -> bool:
    return isinstance(state, Instance) and not (state.made and "pk" not in state.slots)


def _formset_validated(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Checking a formset checks its forms, and looks up the rows that its data names, as many as these are."""
    with m.doubted():
        rows = m.attribute(args[0], "get_queryset", node)
        made = _made(m, args[0])
        if made is not None and made.model is not None:
            m.iterate(m.call(rows, (), (), node), node)
        forms = m.iterate(m.attribute(args[0], "forms", node), node)
        if isinstance(forms, Ref):
            m.attribute(forms, "errors", node)
    return NONE


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "django.doubles.formset_form": _formset_form,
    "django.doubles.formset_rows": _formset_rows,
    "django.doubles.formset_validated": _formset_validated,
    "django.forms.formset_factory": _formset_factory,
    "django.forms.formsets.formset_factory": _formset_factory,
    "django.forms.inlineformset_factory": _inlineformset_factory,
    "django.forms.modelform_factory": _modelform_factory,
    "django.forms.models.inlineformset_factory": _inlineformset_factory,
    "django.forms.models.modelform_factory": _modelform_factory,
    "django.forms.models.modelformset_factory": _modelformset_factory,
    "django.forms.modelformset_factory": _modelformset_factory,
}
