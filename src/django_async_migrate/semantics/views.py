"""Methods of Django's generic views, as far as they ask the database: ``super().get(request)`` of a ``ListView``.

What they do stands in a double (``rules/doubles/django.doubles.views.py``) that calls back into the view.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.values.heap import Object
from django_async_migrate.values.types import NONE, Const, External, Func, Ref, Unknown, Value, alternatives

if TYPE_CHECKING:
    from django_async_migrate.index.classes import ClassInfo

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_GENERIC = "django.views.generic."
_MIXINS = "django.contrib.auth.mixins."


def call(m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value | None:
    """Call a method that a generic view of Django's defines; None for other methods."""
    state = m.state(receiver)
    if not isinstance(state, Object) or not isinstance(receiver, Ref):
        return None
    for base in state.cls.externals:
        found = _double(m, base)
        member = found.find(name) if found is not None else None
        if member is not None and isinstance(member[1], FunctionInfo):
            return m.call(Func(member[1], receiver, (), member[0]), args, kwargs, node)
    return None


def _double(m: Machine, base: str) -> ClassInfo | None:
    """Return the class that says what a generic view does, and those it inherits from."""
    name = base.rpartition(".")[2]
    if base.startswith(_MIXINS):
        return m.project.doubles.find(f"django.doubles.mixins.{name}")
    if not base.startswith(_GENERIC):
        return None
    return m.project.doubles.find(f"django.doubles.views.{name.removeprefix('Base')}")


def _option(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """``option(view, name, default=None)``: an attribute that the project gives a view."""
    view, name = args[0], str(getattr(args[1], "value", ""))
    state = m.state(view)
    if not isinstance(state, Object):
        return Unknown("option of a view")
    if name not in state.attrs and state.cls.find(name) is None:
        return args[2] if len(args) > 2 else NONE
    return m.attribute(view, name, node)


def _view_form(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """``view_form(view)``: the form of the model of a view, with the fields that it names."""
    model, fields = (_option(m, (args[0], Const(part)), (), node) for part in ("model", "fields"))
    if model == NONE or fields == NONE:
        return Unknown("form of a view")
    made = [
        m.call(External("django.forms.modelform_factory"), (part,), (("fields", fields),), node)
        for part in alternatives(model)
    ]
    return made[0] if len(made) == 1 else Unknown("form of a view")


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "django.doubles.option": _option,
    "django.doubles.view_form": _view_form,
}
