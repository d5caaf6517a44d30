"""Fills the tables of a case with rows, without running any code of its models.

Every concrete model gets ``ROWS`` rows with primary keys 1, 2, 3 (or what the type of the key makes of
these). Row *n* of one model points to row *n* of the others, so every foreign key and one-to-one is filled;
a foreign key to the same model points to the next row, and the last row to nothing. Every many-to-many is
linked, every generic foreign key is set, fields with a default keep it, and unique fields differ.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from django.apps import apps  # type: ignore[import-untyped]
from django.contrib.contenttypes.fields import (  # type: ignore[import-untyped]
    GenericForeignKey,
    GenericRelation,
)
from django.contrib.contenttypes.models import ContentType  # type: ignore[import-untyped]
from django.db import connection, models  # type: ignore[import-untyped]
from django.db.models.sql import InsertQuery  # type: ignore[import-untyped]
from django.db.transaction import atomic  # type: ignore[import-untyped]

ROWS = 3

# Tables that Django fills itself when asked for a row.
_LEFT_EMPTY = frozenset({"contenttypes.ContentType", "sessions.Session"})

_START = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc)
# The first class that fits decides, so subclasses stand before their bases.
_MAKERS: Sequence[tuple[type, Callable[[Any, int], object]]] = (
    (models.EmailField, lambda field, number: f"{field.name}{number}@example.com"),
    (models.SlugField, lambda field, number: f"{field.name}-{number}"),
    (models.URLField, lambda field, number: f"https://example.com/{field.name}/{number}"),
    (models.FileField, lambda field, number: f"{field.name}-{number}.png"),
    ((models.CharField), lambda field, number: _short(f"{field.name} {number}", field.max_length)),
    (models.TextField, lambda field, number: f"{field.name} {number}"),
    (models.BooleanField, lambda field, number: True),
    (models.DurationField, lambda field, number: datetime.timedelta(hours=number)),
    (models.IntegerField, lambda field, number: number),
    (models.FloatField, lambda field, number: float(number)),
    (models.DecimalField, lambda field, number: decimal.Decimal(number)),
    (models.DateTimeField, lambda field, number: _START + datetime.timedelta(days=number)),
    (models.DateField, lambda field, number: (_START + datetime.timedelta(days=number)).date()),
    (models.TimeField, lambda field, number: datetime.time(number)),
    (models.UUIDField, lambda field, number: uuid.UUID(int=number)),
    (models.JSONField, lambda field, number: {"number": number}),
    (models.BinaryField, lambda field, number: b"%d" % number),
    (models.GenericIPAddressField, lambda field, number: f"10.0.0.{number}"),
)


def seed_rows() -> None:
    """Insert rows for every concrete model of the installed apps."""
    models_ = [model for model in apps.get_models() if not model._meta.proxy and not model._meta.swapped]
    filled = [model for model in models_ if model._meta.label not in _LEFT_EMPTY]
    # Foreign keys are checked at the end of the transaction, so the order of the tables does not matter.
    with atomic():
        for model in filled:
            _insert(model, [_row(model, number, filled) for number in range(1, ROWS + 1)])
        for model in filled:
            for field in model._meta.local_many_to_many:
                if field.remote_field.through._meta.auto_created and field.related_model in filled:
                    _link(field)


def _insert(model: Any, rows: Iterable[SimpleNamespace]) -> None:
    fields = _columns(model)
    query = InsertQuery(model)
    query.insert_values(fields, list(rows), raw=True)
    query.get_compiler(connection=connection).execute_sql()


def _columns(model: Any) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not getattr(field, "generated", False)]


def _row(model: Any, number: int, filled: Sequence[Any]) -> SimpleNamespace:
    values = {field.attname: _value(field, number) for field in _columns(model)}
    for field in model._meta.local_concrete_fields:
        if field.related_model is ContentType:
            values[field.attname] = _content_type(filled[0])
    for relation in model._meta.private_fields:
        if isinstance(relation, GenericForeignKey) and relation.model is model:
            target = _generic_target(model, relation, filled)
            values[model._meta.get_field(relation.ct_field).attname] = _content_type(target)
            values[relation.fk_field] = _value(target._meta.pk, number)
    return SimpleNamespace(**values)


def _value(field: Any, number: int) -> object:
    if field.is_relation:
        if field.related_model is field.model:
            if number == ROWS and field.null:
                return None
            number = min(number + 1, ROWS)
        return _value(field.target_field, number)
    if field.has_default() and not field.unique:
        return field.get_default()
    if field.choices:
        choices = [value for value, _ in field.flatchoices]
        return choices[(number - 1) % len(choices)]
    for kinds, make in _MAKERS:
        if isinstance(field, kinds):
            return make(field, number)
    raise TypeError(f"no value for {field!r}: give the case a seed.py")


def _short(text: str, length: int | None) -> str:
    return text if length is None else text[-length:]


def _generic_target(model: Any, relation: Any, filled: Sequence[Any]) -> Any:
    others = [other for other in filled if other is not model and other._meta.app_label != "auth"]
    for other in others:
        for field in other._meta.private_fields:
            if isinstance(field, GenericRelation) and field.related_model is model:
                if field.content_type_field_name == relation.ct_field:
                    return other
    return others[0]


def _content_type(model: Any) -> int:
    found: int = ContentType.objects.get_for_model(model).pk
    return found


def _link(field: Any) -> None:
    through = field.remote_field.through
    source = through._meta.get_field(field.m2m_field_name())
    target = through._meta.get_field(field.m2m_reverse_field_name())
    pairs = [(number, number % ROWS + 1) for number in range(1, ROWS + 1)]
    if field.related_model is not field.model:
        pairs += [(number, number) for number in range(1, ROWS + 1)]
    rows = []
    for key, (start, end) in enumerate(pairs, 1):
        values = {source.attname: _value(source, start), target.attname: _value(target, end)}
        rows.append(SimpleNamespace(**{through._meta.pk.attname: key}, **values))
    _insert(through, rows)
