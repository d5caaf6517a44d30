"""Abstract values: what an expression may evaluate to.

Values are immutable. Whatever Python code can mutate (model instances, querysets with their result cache,
containers, plain objects) lives in a heap (see ``values.heap``) and is referred to by ``Ref``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_async_migrate.index.classes import ClassInfo
    from django_async_migrate.index.functions import FunctionInfo
    from django_async_migrate.index.models import Model
    from django_async_migrate.index.relations import Relation


@dataclass(frozen=True, slots=True)
class Value:
    """Base of all abstract values."""


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """Nothing is known; no hazard is ever derived from it. ``reason`` is counted for ``--verbose``."""

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Primed(Unknown):
    """Something unknown that code awaited a method of: what that has loaded on it, nobody can tell."""


@dataclass(frozen=True, slots=True)
class Never(Value):
    """No value: the code that would produce it does not return (yet)."""


@dataclass(frozen=True, slots=True)
class Const(Value):
    """A Python constant."""

    value: Any


@dataclass(frozen=True, slots=True)
class Scalar(Value):
    """Some value of a harmless type (a number, a string, a field's value); touching it never queries."""

    kind: str = ""


@dataclass(frozen=True, slots=True)
class Pattern(Value):
    """A text of which only the ends are known: ``f"on_{kind}"``."""

    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Ref(Value):
    """A mutable object: its state is in the heap under ``id``."""

    id: int


@dataclass(frozen=True, slots=True)
class Tuple(Value):
    """A tuple of known length."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Star(Value):
    """``*values`` of unknown length among the arguments of a call: any number of ``element``."""

    element: Value


@dataclass(frozen=True, slots=True)
class Func(Value):
    """A project function or lambda; ``receiver`` is bound ``self``/``cls``, ``closure`` the free variables."""

    fn: FunctionInfo
    receiver: Value | None = None
    closure: tuple[tuple[str, Value], ...] = ()
    start: ClassInfo | None = None  # class whose MRO the method was found in, for super()


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """``functools.partial`` of a callable."""

    func: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Class(Value):
    """A project class that is no model."""

    cls: ClassInfo


@dataclass(frozen=True, slots=True)
class ModelClass(Value):
    """A Django model class."""

    model: Model


@dataclass(frozen=True, slots=True)
class Module(Value):
    """A project module or package folder, by path."""

    path: str


@dataclass(frozen=True, slots=True)
class External(Value):
    """Something outside the project, by dotted name: ``asgiref.sync.sync_to_async``."""

    api: str


@dataclass(frozen=True, slots=True)
class ExternalObject(Value):
    """What calling an external class gives, by the class's dotted name."""

    api: str


@dataclass(frozen=True, slots=True)
class Manager(Value):
    """A manager of a model; ``cls`` its project class, if it is not a stock one."""

    model: Model | None
    cls: ClassInfo | None = None
    certain: bool = True
    api: str | None = None  # its stock class, where that has methods of its own


@dataclass(frozen=True, slots=True)
class Descriptor(Value):
    """A relation read from the model class: ``Club.members``."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class RelatedManager(Value):
    """A reverse or many-to-many manager of one instance."""

    owner: Value
    relation: Relation
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A bound method that Django or Python provides (``qs.count``, ``obj.save``, ``rows.append``)."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Bridge(Value):
    """A function wrapped for another context: ``thread`` (sync_to_async) or ``loop`` (async_to_sync)."""

    mode: str
    func: Value
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class BridgeFactory(Value):
    """``sync_to_async(thread_sensitive=True)``: waits for the function to wrap."""

    mode: str


@dataclass(frozen=True, slots=True)
class Coroutine(Value):
    """A coroutine not awaited yet: calling ``func`` with these arguments, in the given mode when awaited."""

    mode: str  # "async", "thread" or "method"
    func: Value
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Ready(Value):
    """An awaitable whose result is known already (a task, a gathered future)."""

    value: Value


@dataclass(frozen=True, slots=True)
class Generator(Value):
    """A generator or async generator, or a lazy ``map``/``filter``, not iterated yet."""

    func: Value
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    over: Value | None = None  # for map/filter: what it iterates


@dataclass(frozen=True, slots=True)
class Property(Value):
    """A property object found as a class member; ``cached``: it runs once for each instance."""

    getter: Value
    cached: bool = False


@dataclass(frozen=True, slots=True)
class PrefetchLookup(Value):
    """``Prefetch(path, queryset=..., to_attr=...)``."""

    path: str
    to_attr: str | None = None
    queryset: Value | None = None


@dataclass(frozen=True, slots=True)
class Static(Value):
    """``staticmethod(func)``."""

    func: Value


@dataclass(frozen=True, slots=True)
class ClassMethod(Value):
    """``classmethod(func)``."""

    func: Value


@dataclass(frozen=True, slots=True)
class ContextFactory(Value):
    """A function under ``@contextmanager`` or ``@asynccontextmanager``."""

    func: Value


@dataclass(frozen=True, slots=True)
class ContextManager(Value):
    """What calling a ``ContextFactory`` gives: entering it runs the generator."""

    generator: Value


@dataclass(frozen=True, slots=True)
class Super(Value):
    """``super()`` in a method of ``cls`` for ``receiver``."""

    cls: ClassInfo
    receiver: Value


@dataclass(frozen=True, slots=True)
class OneOf(Value):
    """One of several values, depending on the path taken."""

    values: tuple[Value, ...]


UNKNOWN = Unknown()
NEVER = Never()
NONE = Const(None)
SCALAR = Scalar()

#: More alternatives than this become Unknown: precision is lost before time is.
MAX_ALTERNATIVES = 8


def one_of(values: list[Value] | tuple[Value, ...]) -> Value:
    """Return the union of values: flattened, without repeats, ``Unknown`` when there are too many."""
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
    if len(flat) > MAX_ALTERNATIVES:
        return Unknown("too many alternatives")
    return OneOf(tuple(flat))


def is_foreign(value: Value) -> bool:
    """Whether nothing is known of a value: it is unknown, or an attribute of something unknown."""
    if isinstance(value, OneOf):
        return all(is_foreign(part) or part == NONE for part in value.values)
    if isinstance(value, Method):
        return isinstance(value.receiver, ExternalObject) or is_foreign(value.receiver)
    return isinstance(value, Unknown)


def alternatives(value: Value) -> tuple[Value, ...]:
    """Return the alternatives a value stands for; a plain value is its own only one."""
    return value.values if type(value) is OneOf else (value,)
