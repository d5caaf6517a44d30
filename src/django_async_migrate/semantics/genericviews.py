"""What the generic views of Django REST framework do with their queryset and their serializer.

Source: rest_framework/generics.py. The twins of adrf that are coroutines have names of their own.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.effects import Terminal
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.settings_values import Plain, Table
from django_async_migrate.values.heap import Object, QuerySet, Sequence
from django_async_migrate.values.types import Class, Const, Ref, Value

from . import querysets

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

_OWNERS = ("rest_framework.generics.", "rest_framework.viewsets.", "adrf.generics.", "adrf.viewsets.")
#: Classes of these modules that have no queryset.
_PLAIN = ("ViewSet", "ViewSetMixin")


def call(
    m: Machine, receiver: Ref, state: Object, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST
) -> Value | None:
    """Call a method of a generic view; None when nothing is known about it."""
    if not _is_generic(state):
        return None
    given = args[0] if args else None
    held = m.state(given) if given is not None else None
    if name == "filter_queryset" and given is not None and isinstance(held, QuerySet):
        return querysets.derived(m, given, held, node)
    if name in {"get_serializer", "get_serializer_class"}:
        made = _serializer_class(m, receiver, state, node)
        return made if made is None or name == "get_serializer_class" else m.call(made, args, kwargs, node)
    if name == "paginate_queryset" and given is not None and isinstance(held, QuerySet):
        pages = _paginates(m, state)
        if pages is None:
            return None
        if not pages:
            return Const(None)
        m.effect(node, "framework", "", "run it through sync_to_async", held.certain, "DAM409", about=Terminal(None))
        return m.alloc(node, Sequence("list", element=querysets.row(m, held, node)), "page")
    return None


def _is_generic(state: Object) -> bool:
    bases = [base for base in state.cls.externals if base.startswith(_OWNERS)]
    return any(base.rpartition(".")[2] not in _PLAIN for base in bases)


def _serializer_class(m: Machine, receiver: Ref, state: Object, node: ast.AST) -> Value | None:
    if state.cls.find("get_serializer_class") is not None:
        return m.call(m.attribute(receiver, "get_serializer_class", node), (), (), node)
    if state.cls.find("serializer_class") is None:
        return None
    found = m.attribute(receiver, "serializer_class", node)
    return found if isinstance(found, Class) else None


def _paginates(m: Machine, state: Object) -> bool | None:
    """Whether a view has a paginator: its own, or that of the settings; None where nobody knows."""
    found = state.cls.find("pagination_class")
    if found is not None:
        node = getattr(found[1], "value", None)
        if isinstance(node, ast.Constant):
            return None if node.value is not None else False
        definitions = m.project.resolve(found[0].module, node, found[0]) if isinstance(node, ast.expr) else []
        own = bool(definitions) and all(isinstance(definition, ClassInfo) for definition in definitions)
        return True if own or _page_size(m) else None
    named = [settings.get("REST_FRAMEWORK") for settings in m.project.settings.served]
    for table in named:
        value = table.entries.get("DEFAULT_PAGINATION_CLASS") if isinstance(table, Table) else None
        if table is not None and (value is not None or not isinstance(table, Table)):
            plain = isinstance(value, Plain) and isinstance(value.value, str)
            if isinstance(value, Plain) and value.value is None:
                continue
            return True if plain and _page_size(m) else None
    return False if m.project.settings.served else None


def _page_size(m: Machine) -> bool:
    """Whether the settings say how long a page is: without that, the paginators of the library do nothing."""
    for settings in m.project.settings.served:
        table = settings.get("REST_FRAMEWORK")
        size = table.entries.get("PAGE_SIZE") if isinstance(table, Table) else None
        if isinstance(size, Plain) and isinstance(size.value, int):
            return True
    return False
