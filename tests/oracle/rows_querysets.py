"""Asks Django about the methods of querysets and related managers. Runs in the worker's process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rows_project import names, outcome

Call = Callable[[Any], object]


def queryset_names() -> dict[str, dict[str, str]]:
    """Return the public methods of the three classes, by the word that rows use in ``on``."""
    from django.db.models import Manager, QuerySet
    from django.db.models.query import RawQuerySet

    return {"queryset": names(QuerySet), "manager": names(Manager), "raw": names(RawQuerySet)}


def terminal_calls() -> dict[str, Call]:
    """Return a call of every terminal on a queryset of ``Tag``, by name."""
    from django.db.models import Count
    from rowapp.models import Tag

    tag = Tag.objects.order_by("pk").first()
    assert tag is not None
    return {
        "aggregate": lambda rows: rows.aggregate(n=Count("pk")),
        "bulk_create": lambda rows: rows.bulk_create([Tag(name="new")]),
        "bulk_update": lambda rows: rows.bulk_update([tag], ["name"]),
        "contains": lambda rows: rows.contains(tag),
        "count": lambda rows: rows.count(),
        "create": lambda rows: rows.create(name="new"),
        "delete": lambda rows: rows.delete(),
        "earliest": lambda rows: rows.earliest("pk"),
        "exists": lambda rows: rows.exists(),
        "explain": lambda rows: rows.explain(),
        "first": lambda rows: rows.first(),
        "get": lambda rows: rows.get(pk=tag.pk),
        "get_or_create": lambda rows: rows.get_or_create(name="one"),
        "in_bulk": lambda rows: rows.in_bulk([tag.pk]),
        "last": lambda rows: rows.last(),
        "latest": lambda rows: rows.latest("pk"),
        "update": lambda rows: rows.update(name="two"),
        "update_or_create": lambda rows: rows.update_or_create(name="one"),
    }


def empty_calls() -> dict[str, Call]:
    """Return the calls that an empty argument may keep from the database."""
    return {
        "bulk_create": lambda rows: rows.bulk_create([]),
        "bulk_update": lambda rows: rows.bulk_update([], ["title"]),
        "in_bulk": lambda rows: rows.in_bulk([]),
    }


def terminals() -> dict[str, dict[str, str]]:
    """Return what each terminal does on an event loop, in every state of the queryset that matters."""
    from rowapp.models import Plain, Tag

    empty = empty_calls()
    found = {}
    for name, call in terminal_calls().items():
        found[name] = {
            "plain": outcome(lambda call=call: call(Tag.objects.all())),  # type: ignore[misc]
            "none": outcome(lambda call=call: call(Tag.objects.none())),  # type: ignore[misc]
            "ordered": outcome(_on(call, _evaluated(Tag.objects.order_by("pk")))),
            "cached": outcome(_on(call, _evaluated(Tag.objects.all()))),
        }
        if name in empty:
            found[name]["empty"] = outcome(_on(empty[name], Plain.objects.all()))
    return found


def returns() -> dict[str, list[str]]:
    """Return the words rows have for what each terminal returns, called both ways where there is a twin."""
    from asgiref.sync import async_to_sync
    from django.db import transaction
    from rowapp.models import Tag

    found: dict[str, list[str]] = {}
    for name, call in terminal_calls().items():
        words = []
        for twin in (False, True):
            rows = Tag.objects.all()
            with transaction.atomic():
                if twin:
                    result = async_to_sync(_awaited)(call, _Twins(rows))
                else:
                    result = call(rows)
                words.append(_word(result))
                transaction.set_rollback(True)
        found[name] = sorted(set(words))
    return found


class _Twins:
    """Stands before a queryset and answers for each method with its async twin."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, f"a{name}")


async def _awaited(call: Call, rows: Any) -> Any:
    return await call(rows)  # type: ignore[misc]


def _word(result: Any) -> str:
    from django.db.models import Model

    if isinstance(result, bool):
        return "bool"
    if isinstance(result, Model):
        return "instance"
    if isinstance(result, tuple):
        return "instance-bool" if isinstance(result[0], Model) else "delete-result"
    if isinstance(result, list):
        return "list-of-instances"
    if isinstance(result, dict):
        return "in-bulk" if any(isinstance(item, Model) for item in result.values()) else "dict"
    return type(result).__name__


def lazy() -> dict[str, str]:
    """Return what each lazy method does on an event loop, with the type of what it returns."""
    from django.db.models import F
    from rowapp.models import Shelf, Tag

    calls: Mapping[str, Call] = {
        "aiterator": lambda rows: rows.aiterator(),
        "alias": lambda rows: rows.alias(n=F("pk")),
        "all": lambda rows: rows.all(),
        "annotate": lambda rows: rows.annotate(n=F("pk")),
        "complex_filter": lambda rows: rows.complex_filter({"pk": 1}),
        "dates": lambda rows: rows.dates("printed", "year"),
        "datetimes": lambda rows: rows.datetimes("last_login", "year"),
        "db_manager": lambda rows: rows.db_manager("default"),
        "defer": lambda rows: rows.defer("name"),
        "difference": lambda rows: rows.difference(rows.all()),
        "distinct": lambda rows: rows.distinct(),
        "exclude": lambda rows: rows.exclude(pk=1),
        "extra": lambda rows: rows.extra(where=["1=1"]),
        "fetch_mode": lambda rows: rows.fetch_mode(None),
        "filter": lambda rows: rows.filter(pk=1),
        "get_queryset": lambda rows: rows.get_queryset(),
        "intersection": lambda rows: rows.intersection(rows.all()),
        "iterator": lambda rows: rows.iterator(),
        "none": lambda rows: rows.none(),
        "only": lambda rows: rows.only("name"),
        "order_by": lambda rows: rows.order_by("pk"),
        "prefetch_related": lambda rows: rows.prefetch_related("shelf_set"),
        "raw": lambda rows: rows.raw("select * from rowapp_tag"),
        "reverse": lambda rows: rows.reverse(),
        "select_for_update": lambda rows: rows.select_for_update(),
        "select_related": lambda rows: rows.select_related(),
        "union": lambda rows: rows.union(rows.all()),
        "using": lambda rows: rows.using("default"),
        "values": lambda rows: rows.values("pk"),
        "values_list": lambda rows: rows.values_list("pk"),
    }
    from django.contrib.auth.models import User
    from rowapp.models import Book

    managers: Mapping[str, Any] = {"dates": Book.objects, "datetimes": User.objects}
    assert Shelf.objects is not None
    return {
        name: outcome(_on(call, managers.get(name, Tag.objects)))
        for name, call in calls.items()
        if hasattr(Tag.objects, name)
    }


def related() -> dict[str, Any]:
    """Return, by kind of related manager, its extra names and what its methods do on an event loop."""
    from django.db.models import Manager
    from rowapp.models import Book, Note, Shelf, Tag

    shelf = Shelf.objects.create()
    owner = Shelf.objects.get(pk=shelf.pk)
    managers: Mapping[str, tuple[Any, Callable[[], Any]]] = {
        "many-to-many": (owner.tags, lambda: Tag.objects.create(name="x")),
        "generic": (owner.notes, lambda: Note.objects.create(target=shelf)),
        "reverse-foreign-key": (owner.loans, lambda: Book.objects.create(shelf=shelf, lent_from=shelf)),
        "not-null": (owner.books, lambda: Book.objects.create(shelf=shelf)),
    }
    stock = set(names(Manager))
    found: dict[str, Any] = {}
    for kind, (manager, make) in managers.items():
        # ContentType.objects.get_for_model() must not be what raises: warm its cache.
        list(owner.notes.all())
        own = {name: how for name, how in names(type(manager)).items() if name not in stock}
        overridden = {
            name: how
            for name, how in names(type(manager)).items()
            if name in stock and name in vars(type(manager)) and name.endswith("create")
        }
        found[kind] = {
            "names": {**own, **overridden},
            "outcomes": _related_outcomes(manager, make),
            "drops": _drops_prefetch(manager, make),
        }
    return found


def _related_calls(make: Callable[[], Any], manager: Any) -> dict[str, Call]:
    item = make()
    values = {"title": "x"} if hasattr(item, "title") else {"name": "x"} if hasattr(item, "name") else {}
    if hasattr(item, "shelf_id") and manager.model is type(item):
        values["shelf_id"] = item.shelf_id
    calls: dict[str, Call] = {
        "add": lambda rows: rows.add(item),
        "remove": lambda rows: rows.remove(item),
        "clear": lambda rows: rows.clear(),
        "set": lambda rows: rows.set([item]),
        "create": lambda rows: rows.create(**values),
        # A key that no row has: what matters is what the method does when it creates.
        "get_or_create": lambda rows: rows.get_or_create(pk=item.pk + 100, defaults=values),
        "update_or_create": lambda rows: rows.update_or_create(pk=item.pk + 200, defaults=values),
        "set_base": lambda rows: rows.set_base([item]),
    }
    return {name: call for name, call in calls.items() if hasattr(manager, name)}


def _related_outcomes(manager: Any, make: Callable[[], Any]) -> dict[str, dict[str, str]]:
    found = {name: {"call": outcome(_on(call, manager))} for name, call in _related_calls(make, manager).items()}
    for name in ("add", "remove"):
        if name in found:
            found[name]["no-arguments"] = outcome(lambda name=name: getattr(manager, name)())  # type: ignore[misc]
    return found


def _drops_prefetch(manager: Any, make: Callable[[], Any]) -> dict[str, bool]:
    from django.db.models import prefetch_related_objects
    from rowapp.models import Shelf

    field = {"Tag": "tags", "Note": "notes"}.get(manager.model.__name__)
    attribute = field or ("loans" if hasattr(manager, "remove") else "books")
    found = {}
    for name, call in _related_calls(make, manager).items():
        if name == "set_base":
            continue
        owner = Shelf.objects.get(pk=manager.instance.pk)
        prefetch_related_objects([owner], attribute)
        call(getattr(owner, attribute))
        found[name] = attribute not in owner._prefetched_objects_cache
    return found


def _evaluated(rows: Any) -> Any:
    list(rows)
    return rows


def _on(call: Call, rows: Any) -> Callable[[], object]:
    return lambda: call(rows)
