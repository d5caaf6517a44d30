"""Classes of the project together with the library classes they descend from, and what calls what among them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from django_async_migrate.catalog.classes import StockClass, stock_class
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned
from django_async_migrate.syntax.nodes import nodes_in

#: A project class, a library class that has a row, or the name of one that has none ("" where it is not known).
Node: TypeAlias = "ClassInfo | StockClass | str"

#: Bases that add no method anybody calls.
_INERT = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol", "builtins.object"})
HANDLERS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True)
class Method:
    """Where a name of a class leads: ``member`` is None for one in the body of a library class."""

    owner: ClassInfo | StockClass
    name: str
    member: FunctionInfo | Assigned | ClassInfo | None

    @property
    def is_stock(self) -> bool:
        """Whether it is a library's."""
        return self.member is None


@dataclass(frozen=True)
class Call:
    """One method calls another on its own object. ``how``: "used", "returned", "awaited", or "project"."""

    caller: Method | None
    callee: Method
    how: str


class Family:
    """A class of the project and all it inherits from, in method resolution order."""

    def __init__(self, cls: ClassInfo) -> None:
        self.cls = cls
        self.nodes: tuple[Node, ...] = tuple(_linear(cls, frozenset()))

    @cached_property
    def stock(self) -> tuple[StockClass, ...]:
        """The library classes, in order."""
        return tuple(node for node in self.nodes if isinstance(node, StockClass))

    @cached_property
    def is_known(self) -> bool:
        """Whether every base is known."""
        return not any(isinstance(node, str) for node in self.nodes)

    def is_a(self, api: str) -> bool:
        """Whether a library class is among the bases."""
        return any(node.api == api for node in self.stock)

    def find(self, name: str, behind: ClassInfo | StockClass | None = None) -> Method | None:
        """Return what a name leads to, behind a class where ``super()`` asks; None where that is not known."""
        started = behind is None
        for node in self.nodes:
            if not started:
                started = node is behind
                continue
            if isinstance(node, str):
                return None
            if isinstance(node, StockClass):
                if name in node.methods:
                    return Method(node, name, None)
            elif name in node.members:
                return Method(node, name, node.members[name])
        return None

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that a class of the family binds."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, StockClass):
                found.update(node.methods)
            elif isinstance(node, ClassInfo):
                found.update(node.members)
        return frozenset(found)

    @cached_property
    def handlers(self) -> tuple[str, ...] | None:
        """The names that HTTP methods lead to, ``http_method_names`` respected; None where that is not known."""
        found = self.find("http_method_names")
        if found is None:
            return HANDLERS if self.is_known else None
        value = found.member.value if isinstance(found.member, Assigned) else None
        if not isinstance(value, (ast.List, ast.Tuple)):
            return None
        texts = [item.value if isinstance(item, ast.Constant) else None for item in value.elts]
        return tuple(text for text in texts if isinstance(text, str)) if all(texts) else None

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls that happen: from what the library calls on such an object, on to whatever these call."""
        found: dict[tuple[object, str, object, str, str], Call] = {}
        todo: list[Method] = []
        seen: set[tuple[object, str]] = set()

        def add(caller: Method | None, text: str, behind: ClassInfo | StockClass | None) -> None:
            how = "awaited" if text[0] == "+" else "returned" if text[0] == "=" else "used"
            if caller is not None and not caller.is_stock:
                how = "project"
            for name in self._named(text.lstrip("+=^")):
                callee = self.find(name, behind if "^" in text[:2] else None)
                if callee is None:
                    continue
                key = (caller.owner if caller else None, caller.name if caller else "", callee.owner, name, how)
                found.setdefault(key, Call(caller, callee, how))
                if (callee.owner, name) not in seen:
                    seen.add((callee.owner, name))
                    todo.append(callee)

        for node in self.stock:
            for text in (*node.entries, *node.called, *node.sometimes):
                add(None, text, None)
        if not any(node.entries for node in self.stock):
            for name in sorted({name for node in self.stock for name in node.methods}):
                start = self.find(name)
                if start is not None and start.is_stock and (start.owner, name) not in seen:
                    seen.add((start.owner, name))
                    todo.append(start)
        while todo:
            method = todo.pop()
            owner = method.owner
            if isinstance(owner, StockClass):
                for text in owner.methods[method.name]:
                    add(method, text, owner)
            elif isinstance(method.member, FunctionInfo):
                for text in _own_calls(method.member):
                    add(method, text, owner)
        return tuple(found.values())

    def _named(self, text: str) -> tuple[str, ...]:
        if text == "@":
            actions = (name for node in self.stock for name in node.actions)
            return tuple(name for name in (*(self.handlers or ()), *actions) if name in self.names)
        head, star, tail = text.partition("*")
        if not star:
            return (text,)
        return tuple(
            sorted(name for name in self.names if name.startswith(head) and name.endswith(tail) and name != head)
        )


def _own_calls(function: FunctionInfo) -> list[str]:
    """Return the methods a project method mentions, of itself and (with ``^``) of ``super()``."""
    if not function.params:
        return []
    receiver = function.params[0].arg
    found: dict[str, None] = {}
    for node in nodes_in(function.node):
        if not isinstance(node, ast.Attribute):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == receiver:
            found[node.attr] = None
        elif isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super":
            found[f"^{node.attr}"] = None
    return list(found)


def _bases(node: Node) -> list[Node]:
    if isinstance(node, str):
        return []
    if isinstance(node, StockClass):
        # What a row names as base and no row tells about adds nothing that is called here.
        return [row for base in node.bases if (row := stock_class(base)) is not None]
    return [
        base if isinstance(base, ClassInfo) else stock_class(base) or base
        for base in ((entry.stands_for or entry) if isinstance(entry, ClassInfo) else entry for entry in node.bases)
        if base not in _INERT
    ]


def _linear(node: Node, above: frozenset[int]) -> list[Node]:
    """Return a class and its bases in C3 order; depth first where there is none."""
    if id(node) in above and not isinstance(node, str):
        return []
    bases = _bases(node)
    rows = [*(_linear(base, above | {id(node)}) for base in bases), list(bases)]
    result: list[Node] = [node]
    while rows := [row for row in rows if row]:
        head = next((row[0] for row in rows if not any(_holds(other[1:], row[0]) for other in rows)), rows[0][0])
        if not _holds(result, head):
            result.append(head)
        rows = [[entry for entry in row if not _same(entry, head)] for row in rows]
    return result


def _holds(nodes: list[Node], node: Node) -> bool:
    return any(_same(entry, node) for entry in nodes)


def _same(one: Node, other: Node) -> bool:
    return one == other if isinstance(one, str) and isinstance(other, str) else one is other
