"""Django's functions that render a template where they are called."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.types import (
    SCALAR,
    Const,
    External,
    ExternalObject,
    Partial,
    Scalar,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

#: What ``get_template()`` gives, and ``Template("...")``: the name or the text, and the line of it, are its arguments.
LOADED = External("django.template.loader.get_template")
WRITTEN = External("django.template.Template")
#: A response that is rendered later; where its positional arguments hold the template.
RESPONSE = External("django.template.response.TemplateResponse")
_BARE_RESPONSE = External("django.template.response.SimpleTemplateResponse")


def _given(args: Seq[Value], kwargs: Kwargs, position: int, name: str) -> Value | None:
    if len(args) > position:
        return args[position]
    return next((value for key, value in kwargs if key == name), None)


def _render(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    name = _given(args, kwargs, 1, "template_name")
    if name is not None and not any(key == "using" for key, _ in kwargs) and len(args) < 6:
        m.render(name, _given(args, kwargs, 2, "context"), _given(args, kwargs, 0, "request"), node)
    return ExternalObject("django.shortcuts.render")


def _render_to_string(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    name = _given(args, kwargs, 0, "template_name")
    if name is not None and not any(key == "using" for key, _ in kwargs) and len(args) < 4:
        m.render(name, _given(args, kwargs, 1, "context"), _given(args, kwargs, 2, "request"), node)
    return Scalar("str")


def _get_template(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    name = _given(args, kwargs, 0, "template_name") or _given(args, kwargs, 0, "template_name_list")
    known = name is not None and len(args) < 2 and len(kwargs) < 2
    return Partial(LOADED, (name,), ()) if known and name is not None else Unknown("template")


def _template(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    text = _given(args, kwargs, 0, "template_string")
    line = Const(getattr(node, "lineno", 1))
    return Partial(WRITTEN, (text, line), ()) if text is not None else Unknown("template")


def _context(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return _given(args, kwargs, 0, "dict_") or Const(None)


def _response(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Partial(RESPONSE, tuple(args), tuple(kwargs))


def _bare_response(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Partial(_BARE_RESPONSE, tuple(args), tuple(kwargs))


def _request_context(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return _given(args, kwargs, 1, "dict_") or Unknown("context of a request")


def rendered(m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value | None:
    """Call ``render()`` of a template, or what gives one; None for anything else."""
    if name in _LOADING and receiver in _ENGINES:
        return _LOADING[name](m, args, kwargs, node)
    if name != "render" or not isinstance(receiver, Partial):
        return None
    if receiver.func in (RESPONSE, _BARE_RESPONSE):
        first = 1 if receiver.func == RESPONSE else 0
        template = _given(receiver.args, receiver.kwargs, first, "template")
        if template is not None:
            shown = _given(receiver.args, receiver.kwargs, first + 1, "context")
            m.render(template, shown, receiver.args[0] if first and receiver.args else None, node)
        return receiver
    context = _given(args, kwargs, 0, "context")
    if receiver.func == LOADED:
        m.render(receiver.args[0], context, _given(args, kwargs, 1, "request"), node)
        return SCALAR
    if receiver.func == WRITTEN and isinstance(receiver.args[1], Const):
        m.render_text(receiver.args[0], context, node, int(receiver.args[1].value))
        return SCALAR
    return None


#: Objects that load templates: ``engines["django"]``, ``Engine.get_default()``.
ENGINE = ExternalObject("django.template.engine.Engine")
_ENGINES = (
    ENGINE,
    ExternalObject("django.template.Engine"),
    ExternalObject("django.template.Engine.get_default"),
    ExternalObject("django.template.engine.Engine.get_default"),
)
_LOADING = {"from_string": _template, "get_template": _get_template, "select_template": _get_template}

FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "django.shortcuts.render": _render,
    "django.template.loader.render_to_string": _render_to_string,
    "django.template.loader.get_template": _get_template,
    "django.template.loader.select_template": _get_template,
    "django.template.Template": _template,
    "django.template.response.SimpleTemplateResponse": _bare_response,
    "django.template.response.TemplateResponse": _response,
    "django.template.base.Template": _template,
    "django.template.Context": _context,
    "django.template.context.Context": _context,
    "django.template.RequestContext": _request_context,
    "django.template.context.RequestContext": _request_context,
}
