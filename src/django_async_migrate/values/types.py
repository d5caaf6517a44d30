"""Abstract values: what an expression may evaluate to.

Values are immutable. Whatever Python code can mutate (model instances, querysets with their result cache,
containers, plain objects) lives in a heap (see ``values.heap``) and is referred to by ``Ref``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_async_migrate.core.record import Record, record

if TYPE_CHECKING:
    from django_async_migrate.index.classes import ClassInfo
    from django_async_migrate.index.functions import FunctionInfo
    from django_async_migrate.index.models import Model
    from django_async_migrate.index.modules import Assigned
    from django_async_migrate.index.relations import Relation


@record
class Value(Record):
    """Base of all abstract values."""

    __slots__ = ()


class Unknown(Value):
    """Nothing is known; no hazard is ever derived from it. ``reason`` is counted for ``--verbose``.

    Whatever the reason, two unknown values are equal: the reason is no field of the record.
    """

    reason: str

    def __new__(cls, reason: str = "") -> Unknown:
        """Return an unknown value."""
        made: Unknown = tuple.__new__(cls, (cls,))  # type: ignore[type-var]
        made.reason = reason
        return made


class Primed(Unknown):
    """Something unknown that code awaited a method of: what that has loaded on it, nobody can tell."""


class Shared(Unknown):
    """Something out of a container of a module that other code fills."""


@record
class Never(Value):
    """No value: the code that would produce it does not return (yet)."""

    __slots__ = ()


@record
class Const(Value):
    """A Python constant."""

    __slots__ = ()

    value: Any


@record
class Scalar(Value):
    """Some value of a harmless type (a number, a string, a field's value); touching it never queries."""

    __slots__ = ()

    kind: str = ""

    @property
    def truth(self) -> bool | None:
        """Whether a test of it passes, where that is known."""
        return {"truthy": True, "truthy text": True, "falsy": False}.get(self.kind)

    @property
    def is_text(self) -> bool:
        """Whether it is a text, or said to be one."""
        return self.kind in {"str", "text", "truthy text"}

    def tested(self, positive: bool) -> Scalar:
        """Return what a test has shown it to be."""
        return Scalar(("truthy text" if self.is_text else "truthy") if positive else "falsy")


@record
class Pattern(Value):
    """A text of which only the ends are known: ``f"on_{kind}"``."""

    __slots__ = ()

    prefix: str
    suffix: str

    @property
    def tells_names(self) -> bool:
        """Whether the ends are long enough to tell which names are meant."""
        return len(self.prefix) >= 2 or len(self.suffix) >= 3


@record
class Ref(Value):
    """A mutable object: its state is in the heap under ``id``."""

    __slots__ = ()

    id: int


@record
class Tuple(Value):
    """A tuple of known length."""

    __slots__ = ()

    items: tuple[Value, ...]


@record
class Star(Value):
    """``*values`` of unknown length among the arguments of a call: any number of ``element``."""

    __slots__ = ()

    element: Value


@record
class Func(Value):
    """A project function or lambda; ``receiver`` is bound ``self``/``cls``, ``closure`` the free variables."""

    __slots__ = ()

    fn: FunctionInfo
    receiver: Value | None = None
    closure: tuple[tuple[str, Value], ...] = ()
    start: ClassInfo | None = None  # class whose MRO the method was found in, for super()


@record
class Partial(Value):
    """``functools.partial`` of a callable."""

    __slots__ = ()

    func: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@record
class Class(Value):
    """A project class that is no model."""

    __slots__ = ()

    cls: ClassInfo


@record
class ModelClass(Value):
    """A Django model class."""

    __slots__ = ()

    model: Model


@record
class Module(Value):
    """A project module or package folder, by path."""

    __slots__ = ()

    path: str


@record
class External(Value):
    """Something outside the project, by dotted name: ``asgiref.sync.sync_to_async``."""

    __slots__ = ()

    api: str


@record
class ExternalObject(Value):
    """What calling an external class gives, by the class's dotted name."""

    __slots__ = ()

    api: str


class Client(ExternalObject):
    """An object of a library with methods that block: a row of ``rules/`` tells which."""

    __slots__ = ()


@record
class CacheAlias(Client):
    """One of ``django.core.cache.caches``; ``alias`` None: nobody knows which."""

    __slots__ = ()

    api: str
    alias: str | None


@record
class Signal(ExternalObject):
    """A signal that a module of the project makes."""

    __slots__ = ()

    api: str
    definition: Assigned


@record
class Manager(Value):
    """A manager of a model; ``cls`` its project class, if it is not a stock one."""

    __slots__ = ()

    model: Model | None
    cls: ClassInfo | None = None
    certain: bool = True
    api: str | None = None  # its stock class, where that has methods of its own


@record
class Descriptor(Value):
    """A relation read from the model class: ``Club.members``."""

    __slots__ = ()

    relation: Relation


@record
class RelatedManager(Value):
    """A reverse or many-to-many manager of one instance."""

    __slots__ = ()

    owner: Value
    relation: Relation
    certain: bool = True


@record
class Method(Value):
    """A bound method that Django or Python provides (``qs.count``, ``obj.save``, ``rows.append``)."""

    __slots__ = ()

    receiver: Value
    name: str


@record
class Bridge(Value):
    """A function wrapped for another context: ``thread`` (sync_to_async) or ``loop`` (async_to_sync)."""

    __slots__ = ()

    mode: str
    func: Value
    receiver: Value | None = None
    apart: bool = False  # in any thread of a pool, not in the one for everything that is bound to a thread


@record
class BridgeFactory(Value):
    """``sync_to_async(thread_sensitive=True)``: waits for the function to wrap."""

    __slots__ = ()

    mode: str
    apart: bool = False


@record
class Coroutine(Value):
    """A coroutine not awaited yet: calling ``func`` with these arguments, in the given mode when awaited."""

    __slots__ = ()

    mode: str  # "async", "thread", "future" or "submitted" (it runs in a thread already) or "method"
    func: Value
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    apart: bool = False


@record
class Ready(Value):
    """An awaitable whose result is known already (a task, a gathered future)."""

    __slots__ = ()

    value: Value


class Submitted(Ready):
    """What another thread works on: asking for the result waits for that thread."""

    __slots__ = ()


@record
class Generator(Value):
    """A generator or async generator, or a lazy ``map``/``filter``, not iterated yet."""

    __slots__ = ()

    func: Value
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    over: Value | None = None  # for map/filter: what it iterates


@record
class Property(Value):
    """A property object found as a class member; ``cached``: it runs once for each instance."""

    __slots__ = ()

    getter: Value
    cached: bool = False


@record
class PrefetchLookup(Value):
    """``Prefetch(path, queryset=..., to_attr=...)``."""

    __slots__ = ()

    path: str
    to_attr: str | None = None
    queryset: Value | None = None


@record
class Static(Value):
    """``staticmethod(func)``."""

    __slots__ = ()

    func: Value


@record
class ClassMethod(Value):
    """``classmethod(func)``."""

    __slots__ = ()

    func: Value


@record
class ContextFactory(Value):
    """A function under ``@contextmanager`` or ``@asynccontextmanager``."""

    __slots__ = ()

    func: Value


@record
class ContextManager(Value):
    """What calling a ``ContextFactory`` gives: entering it runs the generator."""

    __slots__ = ()

    generator: Value


@record
class Super(Value):
    """``super()`` in a method of ``cls`` for ``receiver``."""

    __slots__ = ()

    cls: ClassInfo
    receiver: Value


@record
class OneOf(Value):
    """One of several values, depending on the path taken."""

    __slots__ = ()

    values: tuple[Value, ...]


UNKNOWN = Unknown()
NEVER = Never()
NONE = Const(None)
SCALAR = Scalar()
#: What is annotated as a text: callers may have passed something else.
TEXT = Scalar("text")
#: A text that is not empty as far as its model says. A row may break that, so no test is decided by it alone.
FILLED = Scalar("filled")

#: More alternatives than this become Unknown: precision is lost before time is.
MAX_ALTERNATIVES = 8
#: Functions and classes that come out of a registry may be more; of a great many, each is meant for other arguments.
MAX_CALLABLES = 64


def one_of(values: list[Value] | tuple[Value, ...]) -> Value:
    """Return the union of values: flattened, without repeats, ``Unknown`` when there are too many."""
    if len(values) == 1:
        return values[0]
    flat: list[Value] = []
    for value in values:
        kind = type(value)
        if kind is OneOf:
            for part in value.values:  # type: ignore[attr-defined]
                if part not in flat:
                    flat.append(part)
        elif kind is not Never and value not in flat:
            flat.append(value)
    if not flat:
        return NEVER
    if len(flat) == 1:
        return flat[0]
    if len(flat) > MAX_ALTERNATIVES and not _all_callable(flat):
        return Unknown("too many alternatives")
    return OneOf(tuple(flat))


def _all_callable(values: list[Value]) -> bool:
    """Whether values are the entries of a registry, or calls of them, more of which do no harm."""
    return len(values) <= MAX_CALLABLES and all(
        type(value) in (Func, Class, Coroutine, Bridge, Unknown) for value in values
    )


def is_foreign(value: Value) -> bool:
    """Whether nothing is known of a value: it is unknown, or an attribute of something unknown."""
    if isinstance(value, OneOf):
        return all(is_foreign(part) or part == NONE for part in value.values)
    if isinstance(value, Method):
        receiver = value.receiver
        return is_foreign(receiver) or (isinstance(receiver, ExternalObject) and not isinstance(receiver, Client))
    return isinstance(value, Unknown)


def alternatives(value: Value) -> tuple[Value, ...]:
    """Return the alternatives a value stands for; a plain value is its own only one."""
    return value.values if type(value) is OneOf else (value,)
