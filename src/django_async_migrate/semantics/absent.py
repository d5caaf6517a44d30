"""Attributes that objects of Django do not have: async names that never were, or that came with a later release.

Only what is proven is told. The class must be Django's own, or one of the project of which every base is known and
none has ``__getattr__``; and nothing in the project may add to Django's classes.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import CoroutineApi, Releases, releases
from django_async_migrate.core.effects import Absent
from django_async_migrate.core.record import Record, record
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.models import Model, RowMember
from django_async_migrate.index.relations import Relation
from django_async_migrate.values.heap import FOREIGN_SELF, Instance, Lazy, Object, QuerySet
from django_async_migrate.values.types import External, ExternalObject, Manager, RelatedManager, Value

if TYPE_CHECKING:
    from .machine import Machine

MISSING, TOO_NEW = "DAM604", "DAM605"

_SESSION = "django.contrib.sessions.backends.base.SessionBase"
_QUERYSET = "django.db.models.query.QuerySet"
#: Roots of managers, querysets and models that add nothing but what rows tell.
_ROOTS = frozenset(
    {
        "django.db.models.Manager",
        "django.db.models.manager.Manager",
        "django.db.models.manager.BaseManager",
        "django.db.models.QuerySet",
        "django.db.models.query.QuerySet",
        "django.db.models.Model",
        "django.db.models.base.Model",
        "builtins.object",
        "typing.Generic",
    }
)
#: Libraries that give Django's own classes such names.
_PATCHES = (b"django_async_orm", b"adjango", b"django_async_backend", b"contribute_to_queryset")
#: Async forms of what is an attribute, and no method.
_OF_PROPERTIES = (".auser", ".asession")
_SIGNALS = ("django.db.models.signals.", "django.core.signals.", "django.contrib.auth.signals.", "django.test.signals.")


@record
class Gap(Record):
    """A missing attribute: the rule, what is said about it, and the way out.

    ``awaited``: only where it is awaited; an annotation may have such a name.
    """

    __slots__ = ()

    rule: str
    message: str
    advice: str
    about: Absent | None = None
    awaited: bool = False


@cache
def known() -> Releases:
    """Return what Django's releases hold; read at the first question."""
    return releases(rules_folder())


def may_be_absent(name: str) -> bool:
    """Whether a name looks like an async form of another one."""
    return name[:1] in ("a", "A") or name in {"to_list", "database_sync_to_async", "sync_to_async"}


def gap(m: Machine, value: Value, name: str) -> Gap | None:
    """Return what is wrong with reading an attribute; None where it is there, or nobody can tell."""
    if isinstance(value, External):
        return of_path(f"{value.api}.{name}", m.version) if value.api.startswith("django.") else None
    if isinstance(value, ExternalObject):
        if not value.api.startswith("django.") or of_path(value.api, m.version) is not None:
            return None  # where there is no such class, there is no object of it
        found = _of_object(m, (value.api,), name)
        if found is not None and found.rule == MISSING and m.project.tree.containing(b"def " + name.encode() + b"("):
            return None  # an annotation that names the base class of what is passed
        return found
    if isinstance(value, Manager):
        if not value.certain:
            return None
        return _of_queryset(m, name, value.model, (value.cls,), value.api)
    if isinstance(value, RelatedManager):
        target = value.relation.target
        if not value.certain or target is None or name in m.catalog.related_manager_methods:
            return None
        default = target.default_manager
        return _of_queryset(m, name, target, (default.cls,), default.api)
    state = m.state(value)
    if isinstance(state, QuerySet):
        if not state.certain or state.raw:
            return None
        if name == "aiterator" and state.spec.prefetch and m.version < (5, 0):
            release = ".".join(map(str, m.version))
            message = f"aiterator() after prefetch_related() came with Django 5.0; the target is {release}"
            return Gap(TOO_NEW, message, "go through the queryset itself with 'async for'")
        return _of_queryset(m, name, state.model, (state.cls, state.manager), None)
    if isinstance(state, Instance):
        return _of_instance(m, state, name)
    if isinstance(state, Lazy):
        return _of_object(m, (_SESSION,), name)
    if not isinstance(state, Object) or name in state.attrs:
        return None
    if FOREIGN_SELF in state.attrs:
        return gap(m, state.attrs[FOREIGN_SELF].value, name)
    if _may_lack(state.cls, name):
        return _of_object(m, state.cls.externals, name)
    return None


# -- paths -------------------------------------------------------------------------------------------------


def of_path(path: str, version: tuple[int, int]) -> Gap | None:
    """Return what is wrong with a dotted name: of an import, or of an attribute of a module."""
    rows = known()
    holder, _, name = path.rpartition(".")
    row = rows.coroutines.get(path)
    if row is not None:
        return _too_new(path, row, version)
    missing = rows.missing.get(path)
    if missing is not None:
        return Gap(MISSING, f"{path} does not exist", missing.instead)
    if holder.startswith(_SIGNALS):
        return None
    head, _, last = holder.rpartition(".")
    if f"{head}.".startswith(_SIGNALS) or holder in {"django.db.models.signals", "django.core.signals"}:
        return _method("django.dispatch.dispatcher.Signal", name, version) if last.islower() else None
    names = rows.names(holder)
    if names is None or name in names:
        return None
    plain = _without_async(name, names)
    if plain is None:
        return None
    return Gap(MISSING, f"{path} does not exist", f"there is {holder}.{plain}; call it through sync_to_async")


def of_module(path: str, version: tuple[int, int]) -> Gap | None:
    """Return what is wrong with importing a module of Django."""
    added = known().added
    row = next((row for api, row in added.items() if path == api or path.startswith(f"{api}.")), None)
    if row is None or row.since <= version:
        return None
    since, target = ".".join(map(str, row.since)), ".".join(map(str, version))
    return Gap(TOO_NEW, f"{row.api} came with Django {since}; the target is {target}", row.instead)


def _without_async(name: str, names: frozenset[str]) -> str | None:
    """Return the name that an async form is made from: ``arender``, ``async_render``, ``AsyncView``."""
    for prefix in ("async_", "Async", "a"):
        if name.startswith(prefix) and name.removeprefix(prefix) in names:
            return name.removeprefix(prefix)
    return None


def _too_new(what: str, row: CoroutineApi, version: tuple[int, int]) -> Gap | None:
    if row.since is None or row.since <= version:
        return None
    sync = row.sync.rpartition(".")[2] if row.sync else None
    since, target = ".".join(map(str, row.since)), ".".join(map(str, version))
    if row.kind == "class":
        advice = f"use {sync or 'the sync class'} in a function called through sync_to_async"
    elif sync is None:
        advice = "run the sync form through sync_to_async"
    elif row.api.endswith(".auser"):
        advice = "await sync_to_async(lambda: request.user.is_authenticated)() loads request.user in a thread"
    else:
        advice = f"await sync_to_async({sync})(...)"
    message = f"{what} came with Django {since}; the target is {target}"
    callable_ = row.kind == "method" and sync is not None and not row.api.endswith(_OF_PROPERTIES)
    return Gap(TOO_NEW, message, advice, Absent(sync, "thread") if callable_ and sync else None)


def _method(holder: str, name: str, version: tuple[int, int]) -> Gap | None:
    row = known().method(holder, name)
    if row is not None:
        return _too_new(f"{row.api.split('.')[-2]}.{name}()", row, version)
    names = known().names(holder)
    if names is None or name in names or name[:1] != "a" or name[1:] not in names:
        return None
    short = holder.rpartition(".")[2]
    return Gap(MISSING, f"{short}.{name}() does not exist", f"await sync_to_async({name[1:]})(...)")


# -- objects -----------------------------------------------------------------------------------------------


def _of_object(m: Machine, bases: tuple[str, ...], name: str) -> Gap | None:
    """Look a name up in an object whose bases outside the project are ``bases``."""
    rows = known()
    if not bases or any(rows.names(base) is None and base not in _ROOTS for base in bases):
        return None
    holders = [base for base in bases if rows.names(base) is not None]
    found: list[Gap | None] = []
    for base in holders:
        row = rows.method(base, name)
        names = rows.names(base)
        if row is None and names is not None and name in names:
            row = rows.inherited(name)
            if row is None:
                return None  # a release has it, and it is no coroutine function
        found.append(_too_new(f"{base.rpartition('.')[2]}.{name}()", row, m.version) if row is not None else None)
        if row is not None and found[-1] is None:
            return None
    late = next((item for item in found if item is not None), None)
    if late is not None:
        if name == "auser" and m.project.tree.containing(b".auser ="):
            return None  # a middleware of the project sets it
        return late
    never = next((item for base in holders if (item := _method(base, name, m.version)) is not None), None)
    return never if never is not None and not _is_added(m, name) else None


def _may_lack(cls: ClassInfo, name: str) -> bool:
    """Whether a class of the project has no such name, descends from Django's alone, and has nothing for any name."""
    if not cls.externals or not all(base.startswith("django.") or base in _ROOTS for base in cls.externals):
        return False
    return all(
        entry.node is not None
        and name not in entry.members
        and name not in entry.self_stores
        and not entry.node.decorator_list
        and not entry.node.keywords
        and "__getattr__" not in entry.members
        and "__getattribute__" not in entry.members
        for entry in cls.mro
    )


def _is_stock(cls: ClassInfo | None) -> bool:
    """Whether a manager, queryset or model class has nothing but what its bodies and Django's define."""
    if cls is None:
        return True
    own = all("__getattr__" not in entry.members and "__getattribute__" not in entry.members for entry in cls.mro)
    return own and all(base in _ROOTS for base in cls.externals)


def _is_stock_model(m: Machine, model: Model | None) -> bool:
    if model is None:
        return False
    if model.cls is None:
        return model.row is not None and model.key.startswith("django.")
    return all(base in _ROOTS or base.startswith("django.contrib.") for base in model.cls.externals) and all(
        entry.node is None or not entry.node.decorator_list for entry in model.cls.mro
    )


def _is_added(m: Machine, name: str) -> bool:
    """Whether something in the project may give Django's classes a name."""
    word = name.encode()
    owners = (b"QuerySet.", b"Manager.", b"Model.", b"Form.")
    stored = [owner + word + end for owner in owners for end in (b" =", b"=")]
    tree = m.project.tree
    if tree.containing(*_PATCHES, *stored):
        return True
    by_name = re.compile(rb"(?:setattr|add_to_class)\([^\n]*[\"']" + re.escape(word) + rb"[\"']")
    quoted = (b'"' + word + b'"', b"'" + word + b"'")
    return any(by_name.search(tree.data(path) or b"") for path in tree.containing(*quoted))


# -- querysets and models ----------------------------------------------------------------------------------


def _of_queryset(
    m: Machine, name: str, model: Model | None, classes: tuple[ClassInfo | None, ...], api: str | None
) -> Gap | None:
    rows = m.catalog.queryset_methods
    if name in rows or any(cls is not None and cls.find(name) is not None for cls in classes):
        return None
    if not all(map(_is_stock, classes)) or not _is_stock_model(m, model):
        return None
    if api is not None:
        late = _of_stock_manager(m, api, name)
        if late is not None or not api.startswith("django."):
            return late
        holder = known().names(api)
        if holder is not None and name in holder:
            return None
    missing = known().missing.get(f"{_QUERYSET}.{name}")
    plain = name[1:] if name[:1] == "a" else ""
    row = rows.get(plain)
    if (missing is None and row is None) or _is_added(m, name):
        return None
    if missing is not None:
        return Gap(MISSING, f"QuerySet.{name}() does not exist", missing.instead)
    if row is not None and row.kind == "lazy":
        advice = f"{plain}() runs no query: call it without await, then go through it with 'async for'"
        return Gap(MISSING, f"QuerySet.{name}() does not exist", advice, Absent(plain, "lazy"))
    return Gap(MISSING, f"QuerySet.{name}() does not exist", f"await sync_to_async({plain})(...)")


def _of_stock_manager(m: Machine, api: str, name: str, depth: int = 0) -> Gap | None:
    row = m.catalog.managers.get(api)
    if row is None or depth > 5:
        return None
    late = known().method(api, name)
    if late is not None:
        return _too_new(f"{api.rpartition('.')[2]}.{name}()", late, m.version)
    return next((found for base in row.bases if (found := _of_stock_manager(m, base, name, depth + 1))), None)


def _of_instance(m: Machine, inst: Instance, name: str) -> Gap | None:
    model = inst.model
    if not inst.certain or name in inst.slots:
        return None
    member = model.member(name)
    if isinstance(member, RowMember):
        if not member.row.is_async or member.row.since is None or member.row.since <= m.version:
            return None
        row = known().method(member.row.owner, name)
        what = f"{member.row.owner.rpartition('.')[2]}.{name}()"
        return _too_new(what, row, m.version) if row is not None else None
    if member is not None or m.catalog.model_method(name) is not None or not _is_stock_model(m, model):
        return None
    if model.cls is not None:
        entries = model.cls.mro
        if any(name in entry.self_stores or "__getattr__" in entry.members for entry in entries):
            return None
    plain = name[1:]
    stock = m.catalog.model_methods.get(plain)
    relation = model.member(plain) if stock is None else None
    if stock is not None and stock.effect == "query" and not _is_added(m, name):
        return Gap(MISSING, f"Model.{name}() does not exist", f"await sync_to_async({plain})(...)")
    if isinstance(relation, Relation) and relation.single and not _is_added(m, name):
        advice = f'load it with select_related("{plain}"), then read {plain}'
        return Gap(MISSING, f"{model.name}.{name} does not exist", advice, awaited=True)
    return None
