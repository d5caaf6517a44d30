"""States of mutable objects. Heaps are plain dicts from object number to one of these frozen states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from django_async_migrate.core.record import Record, record

from .types import Value

if TYPE_CHECKING:
    from django_async_migrate.index.classes import ClassInfo
    from django_async_migrate.index.models import Model

#: The slot that holds what an object, of which nothing is known, was before anything was set on it.
FOREIGN_SELF = " itself"


#: No slots, no items: never changed, like every mapping of a state.
_NOTHING: Mapping[Any, Any] = {}


class Loaded(IntEnum):
    """How sure it is that a relation or field of an instance is in memory."""

    YES = 0
    PRIMED = 1  # loaded on purpose in a thread, on some path at least
    UNKNOWN = 2
    MAYBE = 3  # on some path it is certainly not

    __hash__ = int.__hash__  # an enumeration's own is slower

    @property
    def present(self) -> bool:
        """Whether reading it is free as far as is known."""
        return self <= Loaded.PRIMED


@record
class Slot(Record):
    """An attribute held by an object; ``loaded`` tells whether it is there on every path."""

    __slots__ = ()

    value: Value
    loaded: Loaded = Loaded.YES


@record
class Prefetch(Record):
    """One ``prefetch_related`` lookup: a relation path, where it is stored, and the queryset used."""

    __slots__ = ()

    path: str
    to_attr: str | None = None
    spec: LoadSpec | None = None


@record
class LoadSpec(Record):
    """What a queryset loads along with its rows.

    ``related`` and ``only``/``defer`` hold double-underscore paths. ``unknown_*`` say that a part was computed
    in a way the analysis could not follow, so that nothing may be concluded from its absence.
    """

    __slots__ = ()

    related: frozenset[str] = frozenset()
    related_all: bool = False
    prefetch: tuple[Prefetch, ...] = ()
    only: frozenset[str] | None = None
    defer: frozenset[str] = frozenset()
    unknown_related: bool = False
    unknown_prefetch: bool = False
    unknown_fields: bool = False

    def below(self, name: str) -> LoadSpec:
        """Return what is loaded on the object that relation ``name`` leads to."""
        head = name + "__"
        cut = len(head)
        only = None
        if self.only is not None:
            inner = frozenset(path[cut:] for path in self.only if path.startswith(head))
            only = inner or None
        return LoadSpec(
            related=frozenset(path[cut:] for path in self.related if path.startswith(head)),
            prefetch=tuple(Prefetch(p.path[cut:], p.to_attr, p.spec) for p in self.prefetch if p.path.startswith(head)),
            only=only,
            defer=frozenset(path[cut:] for path in self.defer if path.startswith(head)),
            unknown_related=self.unknown_related,
            unknown_prefetch=self.unknown_prefetch,
            unknown_fields=self.unknown_fields,
        )


EMPTY_SPEC = LoadSpec()
#: Nothing is known about what was loaded: an instance that came from elsewhere.
OPAQUE_SPEC = LoadSpec(unknown_related=True, unknown_prefetch=True, unknown_fields=True)


@record
class Instance(Record):
    """A model instance. ``slots`` are the relations and attributes known to be set on it."""

    __slots__ = ()

    model: Model
    spec: LoadSpec = EMPTY_SPEC
    slots: Mapping[str, Slot] = _NOTHING
    made: bool = False  # built in hand: a relation never given is null, not unloaded
    certain: bool = True


@record
class QuerySet(Record):
    """A queryset. ``shape``: what its rows are ("model", "dict", "tuple", "flat", "scalar")."""

    __slots__ = ()

    model: Model | None
    spec: LoadSpec = EMPTY_SPEC
    shape: str = "model"
    cached: Loaded = Loaded.MAYBE  # result cache filled? MAYBE = not filled (or not on every path)
    empty: bool = False  # .none()
    element: Value | None = None  # the rows of a filled cache
    known: Mapping[str, Value] = _NOTHING  # relations its rows have set by construction
    cls: ClassInfo | None = None  # project queryset class with methods of its own
    manager: ClassInfo | None = None  # project manager class the queryset came from
    raw: bool = False
    iterator: bool = False  # what .iterator() gave: a generator, without methods
    certain: bool = True
    ever_cached: bool = False  # filled on at least one path: not filled is then only likely
    clone_spec: LoadSpec | None = None  # what clones of a prefetched queryset load
    ordered: bool = False  # by order_by() or Meta.ordering: first() then reads a filled cache
    locks: bool = False  # select_for_update(): reading its rows needs a transaction


@record
class Sequence(Record):
    """A list, set, frozenset, deque or tuple of unknown length. ``items`` when the length is known."""

    __slots__ = ()

    kind: str
    items: tuple[Value, ...] | None = None
    element: Value | None = None  # join of what it may hold; None: nothing seen yet


@record
class Dict(Record):
    """A dict: values under constant keys, and the join of everything stored under other keys."""

    __slots__ = ()

    items: Mapping[object, Value] = _NOTHING
    key: Value | None = None
    element: Value | None = None


@record
class Object(Record):
    """An instance of a project class that is no model. ``whole``: made here, by running its ``__init__``."""

    __slots__ = ()

    cls: ClassInfo
    attrs: Mapping[str, Slot] = _NOTHING
    whole: bool = False


@record
class Lazy(Record):
    """A lazy object or lazy string: runs ``func`` at the first touch."""

    __slots__ = ()

    func: Value
    value: Value | None = None


State = Instance | QuerySet | Sequence | Dict | Object | Lazy
Heap = dict[int, State]
