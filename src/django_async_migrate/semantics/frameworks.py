"""What base classes of frameworks provide: generic views and the arguments that handlers get."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Dict, Instance, Object, QuerySet
from django_async_migrate.values.types import (
    Coroutine,
    External,
    ExternalObject,
    Manager,
    Method,
    ModelClass,
    Ref,
    Unknown,
    Value,
    one_of,
)

from . import externals, genericviews, querysets, related, rendering, views

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_ONE_OBJECT = (
    "DetailView",
    "UpdateView",
    "DeleteView",
    "SingleObjectMixin",
    "GenericAPIView",
    "APIView",
    "ViewSet",
)


def argument(name: str) -> Value:
    """Return what is known of a parameter by its name alone: nothing, but for the request of a view."""
    return Unknown("parameter of an entry point")


def attribute(m: Machine, ref: Ref, state: Object, name: str, node: ast.AST) -> Value | None:
    """Return an attribute that a framework sets on instances of its classes; None when it sets none."""
    if name == "request" and any("view" in base.lower() for base in state.cls.externals):
        return ExternalObject("django.http.HttpRequest")
    if name == "channel_layer" and any(base.startswith("channels.") for base in state.cls.externals):
        return ExternalObject("channels.layers.get_channel_layer")
    if name == "scope" and any(
        base.startswith("channels.") and base.endswith("Consumer") for base in state.cls.externals
    ):
        return _scope(m, ref)
    return None


def _scope(m: Machine, ref: Ref) -> Value | None:
    """Return the scope of a consumer: ``AuthMiddleware`` has put the user there, without anything related.

    Source: https://channels.readthedocs.io/en/latest/topics/authentication.html. A project that puts a user there
    itself may have loaded more: nothing is known then.
    """
    model = m.project.models.user_model()
    if model is None or m.project.stores_scope_user:
        return None
    user = m.alloc(("scope user", ref.id), Instance(model), "user")
    return m.alloc(("scope", ref.id), Dict({"user": one_of([user, Unknown("anonymous user")])}, None, Unknown("scope")))


def call(m: Machine, receiver: Value, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value | None:
    """Call a method of a framework's base class; None when nothing is known about it."""
    page = rendering.rendered(m, receiver, name, args, kwargs, node)
    if page is not None:
        return page
    state = m.state(receiver)
    own = externals.method(m, receiver, name, args, kwargs, node)
    if own is not None or not isinstance(state, Object) or not isinstance(receiver, Ref):
        return own
    if name == "get_queryset":
        return _view_queryset(m, receiver, state, node)
    for base in state.cls.externals:
        if externals.is_async(m, f"{base}.{name}"):
            return Coroutine("method", External(f"{base}.{name}"), tuple(args), tuple(kwargs))
    if name == "get_object" and any(base.endswith(_ONE_OBJECT) for base in state.cls.externals):
        found = m.call(m.attribute(receiver, "get_queryset", node), (), (), node)
        held = m.state(found)
        if isinstance(held, QuerySet):
            m.effect(node, "orm-call", "", "await .aget(...) on get_queryset()", held.certain)
            return querysets.row(m, held, node)
    known = genericviews.call(m, receiver, state, name, args, kwargs, node)
    if known is not None:
        return known
    if name == "aget_object":
        return Coroutine("method", Method(receiver, "get_object"), tuple(args), tuple(kwargs))
    return views.call(m, receiver, name, args, kwargs, node)


def _view_queryset(m: Machine, ref: Ref, state: Object, node: ast.AST) -> Value | None:
    if state.cls.find("queryset") is not None or "queryset" in state.attrs:
        value = m.attribute(ref, "queryset", node)
        held = m.state(value)
        if isinstance(held, QuerySet):
            return querysets.derived(m, value, held, node)
        return related.as_queryset(m, value, node)
    if state.cls.find("model") is not None:
        model = m.attribute(ref, "model", node)
        if isinstance(model, ModelClass):
            manager = Manager(model.model, model.model.default_manager.cls)
            return querysets.of_manager(m, manager, node)
    return None
