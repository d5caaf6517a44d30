"""When a permission check makes no query: the permissions of a user are loaded once, and superusers have them all.

Source: https://docs.djangoproject.com/en/stable/topics/auth/default/#permission-caching.
"""

from __future__ import annotations

from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.core.record import replace
from django_async_migrate.values.heap import Instance, Slot
from django_async_migrate.values.types import NONE, SCALAR, Const, Ref, Value

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

#: Where the permissions of an instance are noted to be loaded: no attribute is named so.
_LOADED = " permissions"
_CHECKS = {"has_perm": 1, "has_perms": 1, "has_module_perms": 1}
_ALL = frozenset({*_CHECKS, "get_all_permissions"})


def spared(m: Machine, ref: Ref, inst: Instance, name: str, args: Seq[Value], kwargs: Kwargs) -> bool:
    """Whether a method of a user finds the permissions loaded; in a thread, or awaited, it loads them."""
    plain = name.removeprefix("a") if name.removeprefix("a") in _ALL else name
    if plain not in _ALL:
        return False
    superuser = inst.slots.get("is_superuser")
    if plain in _CHECKS and superuser is not None and superuser.value == Const(True):
        return True
    if _about_object(plain, args, kwargs):
        return not m.project.tree.containing(b"guardian")  # Django's own backend knows no permissions of objects
    if _LOADED in inst.slots:
        return True
    if m.is_muted or plain != name:
        m.put(ref, replace(inst, slots={**inst.slots, _LOADED: Slot(SCALAR)}))
    return False


def _about_object(name: str, args: Seq[Value], kwargs: Kwargs) -> bool:
    """Whether a check is about one object."""
    position = _CHECKS.get(name, 0)
    given = args[position] if len(args) > position and name != "has_module_perms" else dict(kwargs).get("obj", NONE)
    return given != NONE
