"""The parts of the standard library, and of Django's helpers, that pass values on or evaluate them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.catalog import rules_folder
from django_async_migrate.catalog.releases import coroutine_names
from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.values.heap import Dict, Instance, Lazy, Object, QuerySet, Sequence, Slot
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    SCALAR,
    Bridge,
    Const,
    ContextFactory,
    External,
    ExternalObject,
    Func,
    Generator,
    Manager,
    Method,
    Never,
    Partial,
    PrefetchLookup,
    Property,
    Ready,
    RelatedManager,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from . import builtins, containers, querysets, related, text

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

#: What a ``functools.partialmethod`` calls until it is bound to an object.
PARTIAL_METHOD = External("functools.partialmethod.__call__")
#: The class of ``types.SimpleNamespace(...)`` objects.
NAMESPACE = ClassInfo.bare("SimpleNamespace")


def _partial(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Partial(args[0], tuple(args[1:]), tuple(kwargs)) if args else Unknown("partial")


def _first(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return args[0] if args else SCALAR


def _second(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return args[1] if len(args) > 1 else Unknown("cast")


def _identity_decorator(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return External("builtins.__identity__")


def _prefetch(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    given = dict(kwargs)
    path = args[0] if args else given.get("lookup")
    queryset = args[1] if len(args) > 1 else given.get("queryset")
    to_attr = args[2] if len(args) > 2 else given.get("to_attr")
    if not isinstance(path, Const):
        return Unknown("Prefetch of a computed path")
    if queryset is not None:
        queryset = related.as_queryset(m, queryset, node)
    attribute = str(to_attr.value) if isinstance(to_attr, Const) and to_attr.value else None
    return PrefetchLookup(str(path.value), attribute, queryset)


def _chain(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Generator(NONE, (Const("chain"), *args))  # takes each iterator when it gets there


def _is_coroutine_function(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    answers = {gives_awaitable(part) for part in alternatives(args[0])} if args else set()
    answer = answers.pop() if len(answers) == 1 else None
    return Scalar("bool") if answer is None else Const(answer)


def gives_awaitable(func: Value) -> bool | None:
    """Whether a function is a coroutine function, None where that is not known."""
    if isinstance(func, Func):
        return func.fn.is_async and not func.fn.is_generator
    if isinstance(func, Partial):
        return gives_awaitable(func.func)
    if isinstance(func, Method) and not isinstance(func.receiver, (ExternalObject, Unknown)):
        answer = _is_django_coroutine(func.name)
        # A manager hands on most methods of its queryset, through plain functions.
        return None if answer and isinstance(func.receiver, (Manager, RelatedManager)) else answer
    if isinstance(func, External) and func.api.startswith("django."):
        return _is_django_coroutine(func.api.rpartition(".")[2])
    return func.mode == "thread" if isinstance(func, Bridge) else None


def _is_django_coroutine(name: str) -> bool | None:
    """Whether a function or method of Django is a coroutine function: by its name, where it is one of a pair."""
    names = coroutine_names(rules_folder())
    if name in names and name.startswith("a"):
        return True
    return False if f"a{name}" in names else None


def _redirect(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    for part in alternatives(args[0]) if args else ():
        inst = m.state(part)
        if isinstance(inst, Instance) and inst.model.cls is not None and inst.model.cls.find("get_absolute_url"):
            m.call(m.attribute(part, "get_absolute_url", node), (), (), node)
    return ExternalObject("django.http.HttpResponseRedirect")


def _response(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    content = args[0] if args else dict(kwargs).get("content")
    if content is not None and isinstance(m.state(content), QuerySet):
        m.iterate(content, node)
    return ExternalObject("django.http.HttpResponse")


def _chained(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    inner = m.iterate(args[0], node) if args else NEVER
    element = m.iterate(inner, node) if not isinstance(inner, Never) else NEVER
    return m.alloc(node, Sequence("iterator", None, None if isinstance(element, Never) else element))


def _same_elements(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    return m.alloc(node, Sequence("iterator", None, None if isinstance(element, Never) else element))


def _groupby(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    if isinstance(element, Never):
        return m.alloc(node, Sequence("iterator", ()))
    key = args[1] if len(args) > 1 else dict(kwargs).get("key")
    found = m.call(key, [element], (), node) if key is not None else element
    group = m.alloc(node, Sequence("iterator", None, element), "group")
    return m.alloc(node, Sequence("iterator", None, Tuple((found, group))))


def _reduce(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if len(args) < 2:
        return SCALAR
    element = m.iterate(args[1], node)
    start = args[2] if len(args) > 2 else element
    if isinstance(element, Never):
        return start
    return m.call(args[0], [start, element], (), node)


def _starmap(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[1], node) if len(args) > 1 else NEVER
    if isinstance(element, Never):
        return m.alloc(node, Sequence("iterator", ()))
    spread = element.items if isinstance(element, Tuple) else (element,)
    return m.alloc(node, Sequence("iterator", None, m.call(args[0], spread, (), node)))


def _attrgetter(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if args and all(isinstance(a, Const) and isinstance(a.value, str) for a in args):
        return Partial(External("operator.attrgetter.__call__"), tuple(args), ())
    return Unknown("attrgetter of a computed name")


def _attrgetter_call(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    *paths, subject = args
    found = []
    for path in paths:
        value = subject
        for name in str(path.value).split(".") if isinstance(path, Const) else ():
            value = m.attribute(value, name, node)
        found.append(value)
    return found[0] if len(found) == 1 else Tuple(tuple(found))


def _methodcaller(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if args and isinstance(args[0], Const):
        return Partial(External("operator.methodcaller.__call__"), tuple(args), tuple(kwargs))
    return Unknown("methodcaller of a computed name")


def _methodcaller_call(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    name, *rest, subject = args
    if not isinstance(name, Const):
        return SCALAR
    return m.call(m.attribute(subject, str(name.value), node), rest, kwargs, node)


def _dump(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    def dump(value: Value, depth: int) -> None:
        for part in alternatives(value):
            state = m.state(part)
            if isinstance(state, QuerySet):
                querysets.evaluate(m, part, "repr", node)  # pickling a queryset evaluates it
            elif isinstance(state, Dict) and depth < 3:
                dump(containers.values(state), depth + 1)
            elif isinstance(state, Sequence) and depth < 3:
                dump(containers.elements(m, state), depth + 1)
            elif isinstance(part, Tuple) and depth < 3:
                dump(one_of(part.items), depth + 1)

    for arg in args[:1]:
        dump(arg, 0)
    return Scalar("bytes")


def _log(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    text.percent(m, args[0] if args else SCALAR, args[1:], node)
    for arg in args[:1]:
        m.stringify(arg, node)
    return NONE


def _pformat(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    for arg in args[:1]:
        m.stringify(arg, node, "repr")
    return Scalar("str")


def _lazy_object(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.alloc(node, Lazy(args[0]), "lazy") if args else Unknown("lazy object")


def _lazy_function(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Partial(External("django.utils.functional.lazy.__call__"), (args[0],), ()) if args else SCALAR


def _lazy_call(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.alloc(node, Lazy(Partial(args[0], tuple(args[1:]), tuple(kwargs))), "lazy")


def _namespace(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.alloc(node, Object(NAMESPACE, {name: Slot(v) for name, v in kwargs if name != "**"}, True))


def _queue(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.alloc(node, Sequence("queue", None, None))


def _json(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    default = dict(kwargs).get("default")
    if default is not None and args:
        element = args[0]
        for _ in range(3):
            state = m.state(element)
            if isinstance(state, Sequence):
                element = containers.elements(m, state)
            elif isinstance(state, Dict):
                element = containers.values(state)
        for part in alternatives(element):
            if not isinstance(part, (Const, Scalar)):
                m.call(default, [part], (), node)
    return Scalar("str")


def _copy(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    copies: list[Value] = []
    for number, part in enumerate(alternatives(args[0]) if args else ()):
        if isinstance(m.state(part), QuerySet):
            querysets.evaluate(m, part, "repr", node)  # asks for the state to pickle, rows included
        state = m.state(part)
        copies.append(m.alloc(node, state, ("copy", number)) if state is not None else part)
    return one_of(copies) if copies else SCALAR


def _deepcopy(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    copies: list[Value] = []
    for number, part in enumerate(alternatives(args[0]) if args else ()):
        state = m.state(part)
        if isinstance(state, QuerySet):
            copies.append(querysets.derived(m, part, state, node))  # QuerySet.__deepcopy__ leaves the rows behind
        else:
            copies.append(m.alloc(node, state, ("copy", number)) if state is not None else part)
    return one_of(copies) if copies else SCALAR


def _context_factory(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return ContextFactory(args[0]) if args else External("contextlib.contextmanager")


def _cached_property(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Property(args[0], cached=True) if args else SCALAR


def _defaultdict(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    factory = args[0] if args else NONE
    element: Value | None = None
    if factory == External("builtins.list"):
        element = m.alloc(node, Sequence("list", None, None), "default")
    elif factory == External("builtins.dict"):
        element = m.alloc(node, Dict(), "default")
    elif factory == External("builtins.set"):
        element = m.alloc(node, Sequence("set", None, None), "default")
    if element is None:
        element = Unknown("default of a defaultdict")
    return m.alloc(node, Dict({}, None, element))


def _builtin(name: str) -> Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]:
    return lambda m, args, kwargs, node: builtins.call(m, name, args, kwargs, node)


def _as_completed(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    done = Ready(m.await_(element, node))
    return m.alloc(node, Sequence("iterator", None, done))


def _wait(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    task = Ready(m.await_(element, node))
    done = m.alloc(node, Sequence("set", None, task), "done")
    return Ready(Tuple((done, m.alloc(node, Sequence("set", None, task), "pending"))))


def _context_variable(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.alloc(node, Sequence("contextvar", None, None))


def _partial_method(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Partial(PARTIAL_METHOD, tuple(args), tuple(kwargs)) if args else Unknown("partialmethod")


def _replace(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    state = m.state(args[0]) if args else None
    if isinstance(state, Object):
        attrs = {**state.attrs, **{name: Slot(value) for name, value in kwargs}}
        return m.alloc(node, replace(state, attrs=attrs), "replace")
    return Unknown("replace")


def _property_like(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Property(args[0]) if args else External("abc.abstractproperty")


FUNCTIONS: dict[str, Callable[[Machine, Seq[Value], Kwargs, ast.AST], Value]] = {
    "functools.partial": _partial,
    "functools.partialmethod": _partial_method,
    "functools.reduce": _reduce,
    "functools.singledispatch": lambda m, a, k, n: Partial(External("functools.singledispatch.__call__"), tuple(a), ()),
    "functools.wraps": _identity_decorator,
    "functools.update_wrapper": _first,
    "functools.lru_cache": lambda m, a, k, n: (
        a[0] if a and isinstance(a[0], Func) else External("builtins.__identity__")
    ),
    "functools.cache": _first,
    "functools.cached_property": _cached_property,
    "django.utils.functional.cached_property": _cached_property,
    "builtins.__identity__": _first,
    "contextlib.contextmanager": _context_factory,
    "contextlib.asynccontextmanager": _context_factory,
    "typing.cast": _second,
    "typing_extensions.cast": _second,
    "django.db.models.Prefetch": _prefetch,
    "django.db.models.query.Prefetch": _prefetch,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chained,
    "itertools.islice": _same_elements,
    "itertools.takewhile": lambda m, a, k, n: _same_elements(m, a[1:], k, n),
    "itertools.dropwhile": lambda m, a, k, n: _same_elements(m, a[1:], k, n),
    "itertools.groupby": _groupby,
    "itertools.starmap": _starmap,
    "itertools.zip_longest": _builtin("zip"),
    "itertools.filterfalse": _builtin("filter"),
    "itertools.product": _builtin("zip"),
    "heapq.nlargest": lambda m, a, k, n: builtins.call(m, "sorted", a[1:], k, n),
    "heapq.nsmallest": lambda m, a, k, n: builtins.call(m, "sorted", a[1:], k, n),
    "collections.deque": _builtin("list"),
    "collections.OrderedDict": _builtin("dict"),
    "collections.Counter": lambda m, a, k, n: (
        builtins.call(m, "dict", (), (), n) if not a else (m.iterate(a[0], n), SCALAR)[1]
    ),
    "collections.ChainMap": lambda m, a, k, n: builtins.call(m, "dict", a[:1], k, n),
    "collections.defaultdict": _defaultdict,
    "operator.attrgetter": _attrgetter,
    "operator.attrgetter.__call__": _attrgetter_call,
    "operator.methodcaller": _methodcaller,
    "operator.methodcaller.__call__": _methodcaller_call,
    "pprint.pformat": _pformat,
    "pprint.pprint": _pformat,
    "django.utils.functional.SimpleLazyObject": _lazy_object,
    "django.utils.functional.lazy": _lazy_function,
    "django.utils.functional.lazystr": _lazy_object,
    "django.utils.functional.lazy.__call__": _lazy_call,
    "asyncio.iscoroutinefunction": _is_coroutine_function,
    "inspect.iscoroutinefunction": _is_coroutine_function,
    "asgiref.sync.iscoroutinefunction": _is_coroutine_function,
    "django.shortcuts.redirect": _redirect,
    "django.shortcuts.resolve_url": _redirect,
    "django.http.HttpResponse": _response,
    "itertools.accumulate": _same_elements,
    "itertools.pairwise": lambda m, a, k, n: builtins.call(m, "zip", (*a, *a), k, n),
    "types.SimpleNamespace": _namespace,
    "asyncio.Queue": _queue,
    "asyncio.LifoQueue": _queue,
    "logging.debug": _log,
    "logging.info": _log,
    "logging.warning": _log,
    "logging.error": _log,
    "logging.exception": _log,
    "logging.critical": _log,
    "logging.log": _log,
    "pickle.dumps": _dump,
    "pickle.dump": _dump,
    "json.dumps": _json,
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
    "statistics.mean": _builtin("sum"),
    "statistics.median": _builtin("sum"),
    "math.fsum": _builtin("sum"),
    "asyncio.as_completed": _as_completed,
    "asyncio.wait": _wait,
    "contextvars.ContextVar": _context_variable,
    "dataclasses.replace": _replace,
    "abc.abstractmethod": _first,
    "typing.overload": _first,
    "typing.final": _first,
    "typing.override": _first,
}
