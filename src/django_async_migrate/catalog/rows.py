"""The rows of ``rules/*.toml`` as frozen dataclasses; docs/rows.md says what every key means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from django_async_migrate.core.record import Record, keyword_record

Version = tuple[int, int]
Effect = Literal["query", "none", "blocking", "idle", "unknown"]
MethodKind = Literal["terminal", "lazy", "async", "other"]
FieldKind = Literal[
    "foreign-key",
    "one-to-one",
    "many-to-many",
    "generic-foreign-key",
    "generic-relation",
    "scalar",
]
BridgeKind = Literal[
    "to-thread",
    "to-thread-decorator",
    "to-thread-call",
    "to-thread-iterate",
    "executor-method",
    "thread-object",
    "to-loop-decorator",
    "to-loop-call",
    "to-loop-method",
    "loop-sync-call",
    "loop-sync-method",
    "task-call",
    "gather-call",
]


class Twinned(Protocol):
    """Anything with an async form."""

    @property
    def twin(self) -> str | None: ...

    @property
    def twin_since(self) -> Version | None: ...

    @property
    def twin_blocks_until(self) -> Version | None: ...


def twin_of(row: Twinned, target: Version) -> str | None:
    """Return the async form of what a row tells about, where the Django release has it and it is of any use."""
    if row.twin is None or (row.twin_since or (0, 0)) > target:
        return None
    return row.twin if row.twin_blocks_until is None or row.twin_blocks_until < target else None


class Dated(Protocol):
    """Anything that exists from one release on, and perhaps not after another."""

    @property
    def since(self) -> Version | None: ...

    @property
    def until(self) -> Version | None: ...


def available(row: Dated, target: Version) -> bool:
    """Say whether the row's API exists in the Django release ``target``; both ends count."""
    return (row.since is None or row.since <= target) and (row.until is None or target <= row.until)


@keyword_record
class QuerySetMethod(Record):
    """A method of ``QuerySet``, ``Manager`` or ``RawQuerySet`` (``on`` says which).

    ``twin`` is the async method of a sync terminal and ``twin_since`` the release that brought it;
    ``sync`` is the way back. ``free_when_cached`` says when a call on an evaluated queryset makes no query:
    never (""), "always", or when the queryset is "ordered". ``free_when_empty`` names the argument that,
    when it is empty, keeps the call from the database. ``locks``: the rows it reads are locked where the
    queryset says so, for which there has to be a transaction.
    """

    __slots__ = ()

    name: str
    kind: MethodKind
    on: tuple[str, ...] = ("queryset", "manager")
    returns: str
    source: str
    twin: str | None = None
    twin_since: Version | None = None
    sync: str | None = None
    since: Version | None = None
    until: Version | None = None
    free_when_cached: Literal["", "always", "ordered"] = ""
    free_when_none: bool = False
    locks: bool = False
    free_when_empty: str | None = None


@keyword_record
class RelatedManagerMethod(Record):
    """A method that related managers add or change.

    ``on`` holds "reverse-foreign-key", "many-to-many" and "generic". A ``nullable_only`` method is missing
    from the reverse side of a foreign key that is not null. ``free_without_arguments``, ``drops_prefetch``
    and ``may_drop_prefetch`` name the kinds of manager where a call without arguments makes no query,
    where the call throws away what ``prefetch_related`` had loaded, and where it does so under some
    releases or for some data only.
    """

    __slots__ = ()

    name: str
    kind: MethodKind = "terminal"
    on: tuple[str, ...] = ("reverse-foreign-key", "many-to-many", "generic")
    returns: str
    source: str
    twin: str | None = None
    twin_since: Version | None = None
    sync: str | None = None
    since: Version | None = None
    until: Version | None = None
    nullable_only: bool = False
    free_without_arguments: tuple[str, ...] = ()
    drops_prefetch: tuple[str, ...] = ()
    may_drop_prefetch: tuple[str, ...] = ()


@keyword_record
class ModelMethod(Record):
    """A method of every model instance; ``name`` may hold one ``*`` (``get_*_display``).

    ``only_if`` lists what the model must have for the call to query: "foreign-key", "unique" (a unique
    field, primary key included once it has a value), "constraint". Empty means always.
    """

    __slots__ = ()

    name: str
    effect: Effect
    returns: str
    source: str
    is_async: bool = False
    only_if: tuple[str, ...] = ()
    free_when_empty: str | None = None
    twin: str | None = None
    twin_since: Version | None = None
    sync: str | None = None
    since: Version | None = None
    until: Version | None = None


@keyword_record
class FieldClass(Record):
    """A field class that declares a relation. ``to`` is the target when the class implies one."""

    __slots__ = ()

    api: str
    kind: FieldKind
    source: str
    aliases: tuple[str, ...] = ()
    to: str | None = None


@keyword_record
class StockRelation(Record):
    """A relation declared by a stock model.

    ``to`` is a dotted path, "self", "settings.AUTH_USER_MODEL" (or another swappable setting), or "" for a
    generic foreign key, whose two fields are ``content_type`` and ``object_id``. ``related_name`` is as
    declared: it may hold ``%(class)s`` or be "+".
    """

    __slots__ = ()

    name: str
    kind: FieldKind
    to: str
    related_name: str | None = None
    null: bool = False
    content_type: str | None = None
    object_id: str | None = None


@keyword_record
class StockManager(Record):
    """A manager of a stock model; ``api`` and ``queryset`` name its classes where they are not Django's."""

    __slots__ = ()

    name: str
    api: str | None = None
    queryset: str | None = None


@keyword_record
class StockMember(Record):
    """A method or property of a stock model, manager or queryset.

    ``effect`` is what a plain sync use does. ``loads`` names relations of the instance that the member
    walks: with these loaded it is free. ``free_when_cached`` marks one that asks the database only the
    first time in a process.
    """

    __slots__ = ()

    owner: str
    name: str
    effect: Effect
    source: str
    rule: str = ""
    property: bool = False
    is_async: bool = False
    returns: str = "unknown"
    loads: tuple[str, ...] = ()
    free_when_cached: bool = False
    twin: str | None = None
    twin_since: Version | None = None
    twin_blocks_until: Version | None = None
    sync: str | None = None
    since: Version | None = None
    until: Version | None = None


@keyword_record
class StockModel(Record):
    """A model that user code imports though its source is not part of the project.

    ``scalars`` and ``relations`` are what the class declares itself; the rest comes with ``bases``, which
    hold model classes only. ``primary_key`` is None where the class has the automatic ``id``, or inherits
    its key. ``str_loads`` names the relations that ``__str__`` walks.
    """

    __slots__ = ()

    api: str
    source: str
    aliases: tuple[str, ...] = ()
    app_label: str | None = None
    abstract: bool = False
    proxy: bool = False
    swappable: str | None = None
    bases: tuple[str, ...] = ()
    primary_key: str | None = None
    scalars: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    constraints: bool = False
    ordered: bool = False
    str_loads: tuple[str, ...] = ()
    relations: tuple[StockRelation, ...] = ()
    managers: tuple[StockManager, ...] = ()
    members: tuple[StockMember, ...] = ()


@keyword_record
class StockManagerClass(Record):
    """A manager or queryset class that ships with a library.

    ``defines`` names the public methods of its body, those of ``members`` included. A name in ``defines``
    that is no member is one whose effect nobody has looked up.
    """

    __slots__ = ()

    api: str
    source: str
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    members: tuple[StockMember, ...] = ()


@keyword_record
class Bridge(Record):
    """Something that moves a call to a thread or to an event loop.

    For the kinds that end in ``-method``, ``api`` is a bare method name. ``function_argument`` is the
    position of the function among the arguments, ``function_keyword`` its name when passed by keyword.
    ``thread_safe`` marks one that gives a coroutine to the loop of another thread: the others raise on a running
    loop. ``evaluates`` marks a bridge that also evaluates a returned queryset in the thread.
    """

    __slots__ = ()

    api: str
    kind: BridgeKind
    source: str
    thread_sensitive: bool = False
    thread_safe: bool = False
    evaluates: bool = False
    function_argument: int = 0
    function_keyword: str | None = None


@keyword_record
class Function(Record):
    """A function of Django or of a library. ``returns`` may speak of an argument: "instance-of-arg0".

    One that ``returns`` a "context-manager" has its effect where that is entered, or runs around a function that
    it decorates. ``rule_async`` is the rule of an ``async with``, ``rule_decorator`` that of a coroutine function
    under it: neither does what it says. From ``loads_user_since`` to ``loads_user_until`` a coroutine function reads
    the lazy user of the request on the event loop. ``closes``: it closes connections of the thread it runs in.
    ``read``: it is an attribute, and reading it has the effect.
    ``free_given``: the argument that may make it quick.
    """

    __slots__ = ()

    api: str
    effect: Effect
    source: str
    rule: str = ""
    rule_async: str = ""
    rule_decorator: str = ""
    returns: str = "unknown"
    is_async: bool = False
    aliases: tuple[str, ...] = ()
    free_when_cached: bool = False
    closes: bool = False
    free_given: str = ""
    twin: str | None = None
    twin_since: Version | None = None
    twin_blocks_until: Version | None = None
    since: Version | None = None
    until: Version | None = None
    loads_user_since: Version | None = None
    loads_user_until: Version | None = None
    read: bool = False


@keyword_record
class Blocking(Record):
    """What of a module, or of the objects of a class, keeps the thread that calls it waiting.

    ``owner`` is the module or class, ``aliases`` are other paths of a class, and functions that give an object of
    it. ``names`` are functions or methods, those of attributes dotted (``chat.completions.create``); ``*`` is every
    method that is not in ``free``; ``reads`` are attributes, ``opens`` methods that a property gives, which blocks
    already when they are named. ``gives`` holds what functions and methods give: the path
    of a class with a row; ``lists`` those that give several such objects; ``holds`` the same for attributes, ``*`` for
    any that is not one of ``names``. ``connects``: making an object blocks. ``instead``: what async code does, for
    people; ``twin``: an async function that takes the same arguments; ``twins``: every method has an async one, ``a``
    in front.

    ``paths`` names, for functions and methods that block only where their first argument is the path of a file, that
    argument (``__init__``: making an object); ``urls`` the same for addresses. With an argument of ``unless`` nothing
    blocks: ``fileobj``. ``strict``: an object made in such a way is not what the row is about.
    """

    __slots__ = ()

    owner: str
    rule: str
    instead: str
    source: str
    is_class: bool = False
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    gives: Mapping[str, str] = MappingProxyType({})
    lists: Mapping[str, str] = MappingProxyType({})
    holds: Mapping[str, str] = MappingProxyType({})
    connects: bool = False
    twin: str = ""
    twins: bool = False
    paths: Mapping[str, str] = MappingProxyType({})
    urls: Mapping[str, str] = MappingProxyType({})
    unless: tuple[str, ...] = ()
    strict: bool = False

    def blocks(self, name: str) -> bool:
        """Whether a function or method blocks."""
        last = name.rpartition(".")[2]
        return name in self.names or ("*" in self.names and last not in self.free and not last.startswith("_"))

    def knows(self, name: str) -> bool:
        """Whether a name is one of the methods spoken of."""
        return name in self.names or name in self.gives or name in self.lists


@keyword_record
class Catalog(Record):
    """Every row, keyed by name or dotted path; an alias leads to the same row as its full path.

    ``fields``, ``models``, ``managers``, ``functions`` and ``blocking`` read the rows of a package when a path into
    that package is first asked for; iterating over them reads them all. ``own``: the dotted
    names that the project itself has rows for; these may be functions of its own.
    """

    __slots__ = ()

    queryset_methods: Mapping[str, QuerySetMethod]
    related_manager_methods: Mapping[str, RelatedManagerMethod]
    model_methods: Mapping[str, ModelMethod]
    model_method_patterns: tuple[ModelMethod, ...]
    fields: Mapping[str, FieldClass]
    models: Mapping[str, StockModel]
    managers: Mapping[str, StockManagerClass]
    bridges: Mapping[str, Bridge]
    functions: Mapping[str, Function]
    blocking: Mapping[str, Blocking]
    #: The files of doubles, by the module they stand for.
    doubles: Mapping[str, Path] = MappingProxyType({})
    own: frozenset[str] = frozenset()

    def functions_of(self, mentioned: Callable[[str], bool]) -> Iterable[Function]:
        """Return the functions of Django and of the packages that are mentioned."""
        of_packages = getattr(self.functions, "of_packages", None)
        found: Iterable[Function] = of_packages(mentioned) if of_packages is not None else self.functions.values()
        return found

    def model_method(self, name: str) -> ModelMethod | None:
        """Find the row of a model method by its name, patterns such as ``get_*_display`` included."""
        row = self.model_methods.get(name)
        if row is not None:
            return row
        for pattern in self.model_method_patterns:
            head, _, tail = pattern.name.partition("*")
            if len(name) > len(head) + len(tail) and name.startswith(head) and name.endswith(tail):
                return pattern
        return None
