"""Model factories of factory_boy: calling one saves an instance of the model that ``class Meta`` names.

Source: https://factoryboy.readthedocs.io/en/stable/orms.html#django.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.models import Model
from django_async_migrate.index.modules import Assigned
from django_async_migrate.values.heap import OPAQUE_SPEC, Instance, Sequence
from django_async_migrate.values.types import Value

if TYPE_CHECKING:
    from .machine import Machine

_BASES = frozenset({"factory.django.DjangoModelFactory", "factory.DjangoModelFactory"})
_SAVING = frozenset({"", "create", "create_batch"})
_BATCHES = frozenset({"create_batch", "build_batch"})


def made(m: Machine, cls: ClassInfo, name: str, node: ast.AST) -> Value | None:
    """Call a factory class (``name`` empty) or a class method of it; None when it is no model factory."""
    if name not in _SAVING and name not in _BATCHES and name != "build":
        return None
    if not _BASES.intersection(cls.externals):
        return None
    model = _model(m, cls)
    if model is None:
        return None
    if name in _SAVING:
        m.effect(node, "orm-call", "", "run the factory through sync_to_async")
    row = m.alloc(node, Instance(model, OPAQUE_SPEC), "factory")
    return m.alloc(node, Sequence("list", None, row), "batch") if name in _BATCHES else row


def _model(m: Machine, cls: ClassInfo) -> Model | None:
    for entry in cls.mro:
        meta = entry.members.get("Meta")
        named = meta.members.get("model") if isinstance(meta, ClassInfo) else None
        if isinstance(named, Assigned) and named.value is not None:
            for definition in m.project.resolve(named.module, named.value):
                return m.project.model_of(definition)
    return None
