"""Python's builtin functions: which of them iterate, measure, print or compare what they are given."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Dict, Instance, Loaded, Object, QuerySet, Sequence
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    SCALAR,
    Bridge,
    Class,
    ClassMethod,
    Const,
    ContextFactory,
    Func,
    Generator,
    ModelClass,
    Never,
    Partial,
    Pattern,
    Property,
    Ready,
    Scalar,
    Static,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from . import absent, containers

if TYPE_CHECKING:
    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]
Builtin = Callable[["Machine", Seq[Value], Kwargs, ast.AST], Value]


#: Kinds of plain values that nobody calls.
_PLAIN_KINDS = frozenset({"str", "int", "float", "bool", "bytes", "falsy"})


def _some(element: Value) -> Value | None:
    return None if isinstance(element, Never) else element


def _collect(kind: str) -> Builtin:
    def build(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        if not args:
            return m.alloc(node, Sequence(kind, ()))
        state = m.state(args[0])
        if isinstance(args[0], Tuple):
            return m.alloc(node, Sequence(kind, args[0].items))
        if isinstance(state, Sequence):
            return m.alloc(node, Sequence(kind, state.items, state.element))
        element = m.iterate(args[0], node)
        if isinstance(element, Never):
            return m.alloc(node, Sequence(kind, ()))
        if kind in {"set", "frozenset"}:
            for part in alternatives(element):
                m.special(part, "__hash__", (), node)
        return m.alloc(node, Sequence(kind, None, element))

    return build


def _sorted(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    if isinstance(element, Never):
        return m.alloc(node, Sequence("list", ()))
    containers.ordered(m, element, dict(kwargs).get("key"), node)
    return m.alloc(node, Sequence("list", None, element))


def _extreme(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    given = dict(kwargs)
    element = m.iterate(args[0], node) if len(args) == 1 else containers.union(m, args)
    if isinstance(element, Never):
        return given.get("default", Unknown("max of nothing"))
    containers.ordered(m, element, given.get("key"), node)
    element = containers.copy_element(m, element, node)
    return one_of([element, given["default"]]) if "default" in given else element


def _reduce_to_scalar(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if args:
        m.iterate(args[0], node)
    return SCALAR


def _any(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if args:
        for part in alternatives(m.iterate(args[0], node)):
            m.truth(part, node)
    return SCALAR


def _len(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    from . import querysets

    for part in alternatives(m.force(args[0], node)) if args else ():
        state = m.state(part)
        if isinstance(state, QuerySet):
            querysets.evaluate(m, part, "length", node)
        elif isinstance(part, Tuple):
            return Const(len(part.items))
        else:
            m.special(part, "__len__", (), node)
    return Scalar("int")


def _text(how: str) -> Builtin:
    def build(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        for arg in args[:1]:
            m.stringify(arg, node, how)
        return Scalar("str")

    return build


def _number(name: str) -> Builtin:
    def build(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
        for arg in args[:1]:
            m.special(arg, name, (), node)
        return SCALAR

    return build


def _anext(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if not args:
        return SCALAR
    element = containers.copy_element(m, m.iterate(args[0], node, True), node)
    return Ready(one_of([element, *args[1:2]]))


def _setattr(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if len(args) == 3:
        for name in alternatives(args[1]):
            if isinstance(name, Const) and isinstance(name.value, str):
                m.store_attribute(args[0], name.value, args[2], node)
    return NONE


def _print(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    for arg in args:
        m.stringify(arg, node)
    return NONE


def _enumerate(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    found = None if isinstance(element, Never) else Tuple((Scalar("int"), element))
    return m.alloc(node, Sequence("iterator", None if found else (), found))


def _zip(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    rows = [m.iterate(arg, node) for arg in args]
    if any(isinstance(part, Never) for part in rows):
        return m.alloc(node, Sequence("iterator", ()))
    return m.alloc(node, Sequence("iterator", None, Tuple(tuple(rows))))


def _map(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if len(args) < 2:
        return Unknown("map")
    rows = []
    for number, arg in enumerate(args[1:]):
        # map() takes the iterators at once; the function runs when somebody iterates.
        rows.append(m.alloc(node, Sequence("list", None, _some(m.iterate(arg, node))), number))
    return Generator(args[0], (Const("map"), *rows))


def _filter(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if len(args) < 2:
        return Unknown("filter")
    source = m.alloc(node, Sequence("list", None, _some(m.iterate(args[1], node))), "source")
    return Generator(args[0], (Const("filter"), source))


def _next(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if not args:
        return SCALAR
    element = m.iterate(args[0], node)
    parts = [containers.copy_element(m, element, node)]
    if len(args) > 1:
        parts.append(args[1])
    return one_of(parts)


def _iter(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if not args:
        return SCALAR
    parts = alternatives(args[0])
    if len(parts) > 1:
        with m.doubted():
            return one_of([_iter(m, [part], (), node) for part in parts])
    if isinstance(args[0], (Generator, Unknown)):
        return args[0]  # runs when something is taken from it
    own = m.special(args[0], "__iter__", (), node)
    if own is not None:
        return own
    element = m.iterate(args[0], node)
    if isinstance(element, Never):
        return m.alloc(node, Sequence("iterator", ()))
    return m.alloc(node, Sequence("iterator", None, element))


def _names(args: Seq[Value]) -> list[str]:
    parts = alternatives(args[1]) if len(args) > 1 else ()
    return [part.value for part in parts if isinstance(part, Const) and isinstance(part.value, str)]


def _getattr(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    names = _names(args)
    if not names and len(args) > 1 and isinstance(args[1], Pattern) and args[1].tells_names:
        names = m.names_like(args[0], args[1].prefix, args[1].suffix)
        with m.doubted():
            found = [m.attribute(args[0], name, node) for name in names]
        if found:
            return one_of([*found, *args[2:3]])
    if not names:
        return Unknown("getattr of a computed name")
    if len(names) == 1 and absent.may_be_absent(names[0]) and absent.gap(m, args[0], names[0]) is not None:
        return args[2] if len(args) > 2 else Unknown("attribute that is not there")
    present = len(names) == 1 and _is_set(m, args[0], names[0])
    found = [m.attribute(args[0], name, node) for name in names]
    return found[0] if present else one_of([*found, *args[2:3]])


def _is_set(m: Machine, value: Value, name: str) -> bool:
    """Whether an attribute that is no field of the model was set on an instance before, on every path."""
    state = m.state(value)
    if not isinstance(state, Instance) or state.model.member(name) is not None:
        return False
    slot = state.slots.get(name)
    return slot is not None and slot.loaded is Loaded.YES


def _hasattr(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    names = _names(args)
    state = m.state(args[0]) if args else None
    if len(names) == 1 and isinstance(state, QuerySet) and names[0] in m.catalog.queryset_methods:
        return Const(True)
    if len(names) == 1 and absent.may_be_absent(names[0]) and absent.gap(m, args[0], names[0]) is not None:
        return Const(False)
    for name in names:
        m.attribute(args[0], name, node)  # hasattr runs the descriptor
    return Const(True) if len(names) == 1 and _is_set(m, args[0], names[0]) else Scalar("bool")


def _dict(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    items: dict[object, Value] = {name: value for name, value in kwargs if name != "**"}
    if not args:
        return m.alloc(node, Dict(items))
    state = m.state(args[0])
    if isinstance(state, Dict):
        return m.alloc(node, Dict({**state.items, **items}, state.key, state.element))
    pair = m.iterate(args[0], node)
    if isinstance(pair, Tuple) and len(pair.items) == 2:
        return m.alloc(node, Dict(items, pair.items[0], pair.items[1]))
    held = m.state(pair)
    element = containers.elements(m, held) if isinstance(held, Sequence) else Unknown("dict of pairs")
    return m.alloc(node, Dict(items, SCALAR, None if isinstance(pair, Never) else element))


def _type(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return m.attribute(args[0], "__class__", node) if len(args) == 1 else Unknown("type()")


def _property(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    return Property(args[0]) if args else SCALAR


def _reversed(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    element = m.iterate(args[0], node) if args else NEVER
    return m.alloc(node, Sequence("iterator", None, _some(element)))


def _bool(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    known = m.truth(args[0], node) if args else False
    return Scalar("bool") if known is None else Const(known)


def is_callable(m: Machine, value: Value) -> bool | None:
    """Whether a value can be called, None where that is not known."""
    if isinstance(value, (Func, Bridge, Partial, Class, ModelClass, ContextFactory)):
        return True
    if isinstance(value, (Const, Tuple, Pattern)):
        return False
    state = m.state(value)
    if isinstance(state, (QuerySet, Sequence, Dict)):
        return False
    if isinstance(state, Object) and not state.cls.externals:
        return state.cls.find("__call__") is not None
    return False if isinstance(value, Scalar) and value.kind in _PLAIN_KINDS else None


def _callable(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    answers = {is_callable(m, part) for part in alternatives(args[0])} if args else {None}
    answer = answers.pop() if len(answers) == 1 else None
    return Scalar("bool") if answer is None else Const(answer)


def _hash(m: Machine, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    if args:
        m.special(args[0], "__hash__", (), node)
    return SCALAR


FUNCTIONS: dict[str, Builtin] = {
    "list": _collect("list"),
    "tuple": _collect("tuple"),
    "set": _collect("set"),
    "frozenset": _collect("frozenset"),
    "sorted": _sorted,
    "min": _extreme,
    "max": _extreme,
    "sum": _reduce_to_scalar,
    "any": _any,
    "all": _any,
    "dict.fromkeys": _reduce_to_scalar,
    "len": _len,
    "str": _text("str"),
    "repr": _text("repr"),
    "ascii": _text("repr"),
    "format": _text("format"),
    "int": _number("__int__"),
    "float": _number("__float__"),
    "abs": _number("__abs__"),
    "round": _number("__round__"),
    "anext": _anext,
    "aiter": lambda m, a, k, n: a[0] if a else SCALAR,
    "setattr": _setattr,
    "print": _print,
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "iter": _iter,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "dict": _dict,
    "type": _type,
    "property": _property,
    "reversed": _reversed,
    "bool": _bool,
    "hash": _hash,
    "callable": _callable,
    "staticmethod": lambda m, a, k, n: Static(a[0]) if a else SCALAR,
    "classmethod": lambda m, a, k, n: ClassMethod(a[0]) if a else SCALAR,
}


def call(m: Machine, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> Value:
    """Call a builtin by name."""
    function = FUNCTIONS.get(name)
    return function(m, args, kwargs, node) if function is not None else SCALAR
