"""Asks Django about model methods and about its own models. Runs in the worker's process."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from rows_project import names, outcome

# What a model must have for a method to query, as rows name it, and the model of rowapp that has only that.
SHAPES = {"nothing": "Plain", "foreign-key": "Book", "unique": "Unique", "constraint": "Constrained"}
VALIDATION = ("full_clean", "clean_fields", "validate_unique", "validate_constraints", "clean")


def model_names() -> dict[str, str]:
    """Return the public methods of a model that declares none itself."""
    from rowapp.models import Plain

    return {name: how for name, how in names(Plain).items() if not isinstance(getattr(Plain, name), type)}


def methods() -> dict[str, str]:
    """Return what each method of a model does on an event loop; an entry is named as its row is."""
    from rowapp.models import Book, Plain, Shelf

    shelf = Shelf.objects.create()
    book = Book.objects.create(shelf=shelf, title="a", printed="2020-01-01")
    book = Book.objects.get(pk=book.pk)
    plain = Plain(title="a")
    calls: dict[str, Callable[[], object]] = {
        "save": lambda: Plain(title="x").save(),
        "delete": lambda: book.delete(),
        "refresh_from_db": lambda: book.refresh_from_db(),
        "save_base": lambda: Plain(title="x").save_base(),
        "get_next_by_*": lambda: book.get_next_by_printed(),
        "get_previous_by_*": lambda: book.get_previous_by_printed(),
        "get_next_in_order": lambda: book.get_next_in_order(),
        "get_previous_in_order": lambda: book.get_previous_in_order(),
        "get_*_order": lambda: shelf.get_book_order(),
        "set_*_order": lambda: shelf.set_book_order([book.pk]),
        "get_*_display": lambda: book.get_title_display(),
        "get_deferred_fields": lambda: book.get_deferred_fields(),
        "serializable_value": lambda: book.serializable_value("shelf"),
        "from_db": lambda: Plain.from_db("default", ["id", "title"], [1, "x"]),
        "check": lambda: Plain.check(),
        "clean": lambda: plain.clean(),
        "prepare_database_save": lambda: book.prepare_database_save(Book._meta.get_field("shelf")),
        "get_constraints": lambda: book.get_constraints(),
        "date_error_message": lambda: book.date_error_message("title", "printed", "printed"),
        "unique_error_message": lambda: plain.unique_error_message(Plain, ("title",)),
        "asave": lambda: plain.asave(),
        "adelete": lambda: book.adelete(),
        "arefresh_from_db": lambda: book.arefresh_from_db(),
    }
    found = {name: outcome(call) for name, call in calls.items()}
    found["refresh_from_db: empty"] = outcome(lambda: book.refresh_from_db(fields=[]))
    return found


def validation() -> dict[str, dict[str, str]]:
    """Return what the validating methods do on an event loop, by what the model has."""
    import rowapp.models
    from rowapp.models import Book, Shelf

    shelf = Shelf.objects.create()
    found: dict[str, dict[str, str]] = {}
    for shape, model in SHAPES.items():
        cls = getattr(rowapp.models, model)
        # A new object, so that no check of the primary key is in the way.
        item = Book(shelf_id=shelf.pk, title="a", printed="2020-01-01") if cls is Book else cls(title="a")
        if cls is Book:
            item._order = 0
        for method in VALIDATION:
            found.setdefault(method, {})[shape] = outcome(getattr(item, method))
    return found


@functools.cache
def samples() -> dict[str, Any]:
    """Return a stored instance of each concrete model of Django, read back with nothing loaded."""
    from django.apps import apps
    from django.contrib.admin.models import LogEntry
    from django.contrib.auth.models import Group, Permission, User
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.flatpages.models import FlatPage
    from django.contrib.redirects.models import Redirect
    from django.contrib.sessions.models import Session
    from django.contrib.sites.models import Site
    from django.utils import timezone

    site = Site.objects.get(pk=1)
    user = User.objects.create_user("someone", "someone@example.com", "secret")
    content_type = ContentType.objects.get(app_label="auth", model="user")
    made = [
        site,
        user,
        content_type,
        Group.objects.create(name="staff"),
        Permission.objects.all()[0],
        Session.objects.create(session_key="k", session_data="", expire_date=timezone.now()),
        Redirect.objects.create(site=site, old_path="/a", new_path="/b"),
        FlatPage.objects.create(url="/a/", title="a"),
        LogEntry.objects.create(
            user=user, content_type=content_type, object_id=str(user.pk), object_repr="x", action_flag=1
        ),
    ]
    known = {type(item) for item in made}
    missing = [
        model for model in apps.get_models() if model.__module__.startswith("django.contrib.") and model not in known
    ]
    assert not missing, f"no sample of {missing}"
    return {path(type(item)): type(item)._base_manager.get(pk=item.pk) for item in made}


def path(cls: type[Any]) -> str:
    """Return the dotted path of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def string_loads() -> dict[str, list[str]]:
    """Return the relations that ``str()`` of each of Django's models reads."""
    found = {}
    for name, item in samples().items():
        before = set(item._state.fields_cache)
        str(item)
        found[name] = sorted(set(item._state.fields_cache) - before)
    return found


def member_facts(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, for rows about members, what Django has under that name and what a use does.

    The use is on a fresh instance, or on the manager of one, with the process-wide caches cold.
    """
    items = samples()
    found = []
    for member in members:
        module, _, name = member["owner"].rpartition(".")
        owner = getattr(importlib.import_module(module), name)
        value = inspect.getattr_static(owner, member["name"], None)
        facts: dict[str, Any] = {**member, "exists": value is not None}
        if value is not None:
            facts["property"] = not callable(getattr(owner, member["name"], None))
            facts["async"] = inspect.iscoroutinefunction(getattr(value, "__func__", value))
            if not facts["async"]:
                receiver = _receiver(owner, items)
                facts["outcome"] = outcome(lambda receiver=receiver, name=member["name"]: _use(receiver, name))  # type: ignore[misc]
                facts["loads"] = _loads(receiver, member["name"])
        found.append(facts)
    return found


def _receiver(owner: type[Any], items: dict[str, Any]) -> Any:
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sites.models import Site
    from django.db.models import Manager

    ContentType.objects.clear_cache()
    Site.objects.clear_cache()
    for item in items.values():
        fresh = type(item)._base_manager.get(pk=item.pk)
        if isinstance(fresh, owner):
            return fresh
        manager = type(item)._default_manager
        if issubclass(owner, Manager) and isinstance(manager, owner):
            return manager
    raise LookupError(f"no sample for {owner}")


def _use(receiver: Any, name: str) -> object:
    value = getattr(receiver, name)
    return value(*_arguments(name, receiver)) if callable(value) else value


def _arguments(name: str, receiver: Any) -> tuple[Any, ...]:
    from django.contrib.auth.models import User

    special: dict[str, tuple[Any, ...]] = {
        "get_for_model": (User,),
        "get_for_models": (User,),
        "get_for_id": (1,),
        "get_object_for_this_type": (),
        "log_action": (1, 1, "1", "x", 1),
        "log_actions": (1, [User(pk=1)], 1),
        "email_user": ("a", "b"),
        "create_user": ("new",),
        "create_superuser": ("new", "a@example.com", "secret"),
        "with_perm": ("auth.add_user",),
        "normalize_email": ("a@example.com",),
        "normalize_username": ("a",),
        "set_password": ("secret",),
        "check_password": ("secret",),
        "has_perm": ("auth.add_user",),
        "has_perms": (["auth.add_user"],),
        "has_module_perms": ("auth",),
        "encode": ({},),
    }
    if name in special:
        return special[name]
    if name == "save" and hasattr(receiver, "encode"):
        return ("key", {"a": 1}, "2030-01-01T00:00Z")
    if name == "get_by_natural_key":
        count = len(inspect.signature(receiver.get_by_natural_key).parameters)
        return ("auth", "user", "x")[-count:] if count != 2 else ("auth", "user")
    return ()


def _loads(receiver: Any, name: str) -> list[str]:
    from django.db.models import Model

    if not isinstance(receiver, Model):
        return []
    before = set(receiver._state.fields_cache)
    # There are no URLs to reverse and no arguments that please every method; what was read still counts.
    with contextlib.suppress(Exception):
        _use(receiver, name)
    return sorted(set(receiver._state.fields_cache) - before)
