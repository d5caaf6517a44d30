"""Assignment targets: names, tuples, attributes, items."""

from __future__ import annotations

import ast

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.semantics import containers, instances
from django_async_migrate.values.heap import Dict, Instance, Loaded, Object, Sequence, Slot
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    SCALAR,
    UNKNOWN,
    Const,
    ExternalObject,
    Func,
    Never,
    Ref,
    Tuple,
    Unknown,
    Value,
    alternatives,
    is_foreign,
    one_of,
)

from .expr import Expressions
from .foreign import FOREIGN, FOREIGN_SELF


class Targets(Expressions):
    """Binds what is assigned."""

    def assign(self, target: ast.expr, value: Value, node: ast.AST | None = None) -> None:
        """Bind a target; ``node`` is the expression that unpacking evaluates."""
        if isinstance(target, ast.Name):
            if self.fn is not None and target.id in self.fn.nonlocals:
                self.cells[target.id] = value
                self.cell_writes[target.id] = value
            else:
                self.env.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value, node or target)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, node)
        elif isinstance(target, ast.Attribute):
            self._store_attribute(self.eval(target.value), target.attr, value, target)
        elif isinstance(target, ast.Subscript):
            base = self.force(self.eval(target.value), target)
            index = self.eval(target.slice) if not isinstance(target.slice, ast.Slice) else SCALAR
            if is_foreign(base) and isinstance(index, Const):
                base = self.alloc(("foreign item", ast.unparse(target.value)), Dict({}, None, base))
                self.assign(target.value, base)
            containers.store(self, base, index, value, target)
            if isinstance(target.value, ast.Attribute) and target.value.attr == "fields":
                # Another field in the place of one: what the object of a serializer checks is its own from here on.
                with self.muted():
                    owner = self.eval(target.value.value)
                self._store_attribute(owner, "fields", Unknown("fields that were replaced"), target.value)

    def _unpack(self, targets: list[ast.expr], value: Value, node: ast.AST) -> None:
        items: list[Value] | None = None
        rows: list[list[Value]] = []
        unknown: list[Value] = []
        value = self.force(value, node)
        for part in alternatives(value):
            state = self.state(part)
            if isinstance(state, Object) and any(b.endswith("NamedTuple") for b in state.cls.externals):
                rows.append([slot.value for slot in state.attrs.values()])
            elif isinstance(part, Tuple):
                rows.append(list(part.items))
            elif isinstance(state, Sequence) and state.items is not None:
                rows.append(list(state.items))
            elif is_foreign(part):
                unknown.append(part)  # gives each target something unknown, and nothing of the other rows
            else:
                rows = []
                break
        if rows and all(len(row) == len(rows[0]) for row in rows):
            items = rows[0]
            for row in rows[1:]:
                items = [join_values(a, b, self.env.heap) for a, b in zip(items, row, strict=True)]
            if unknown:
                items = [one_of([item, UNKNOWN]) for item in items]
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if items is not None and starred is None and len(items) == len(targets):
            for target, item in zip(targets, items, strict=True):
                self.assign(target, item)
            return
        if items is not None and starred is not None and len(items) >= len(targets) - 1:
            tail = len(targets) - starred - 1
            for target, item in zip(targets[:starred], items, strict=False):
                self.assign(target, item)
            for target, item in zip(targets[starred + 1 :], items[len(items) - tail :], strict=True):
                self.assign(target, item)
            middle = tuple(items[starred : len(items) - tail])
            self.assign(targets[starred], self.alloc(targets[starred], Sequence("list", middle)))
            return
        element = self.iterate(value, node)
        if isinstance(element, Never):
            element = Unknown("unpacked")
        for number, target in enumerate(targets):
            if isinstance(target, ast.Starred):
                self.assign(target, self.alloc(target, Sequence("list", None, element)))
            else:
                self.assign(target, containers.copy_element(self, element, target, number))

    def _store_attribute(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        for part in alternatives(owner):
            state = self.state(part)
            if isinstance(part, (Unknown, ExternalObject)):
                self._store_on_foreign(part, name, value, node)
                continue
            if not isinstance(part, Ref) or state is None:
                continue
            if isinstance(state, Object):
                if not self._run_setter(state.cls, part, name, value, node):
                    self.put(part, Object(state.cls, {**state.attrs, name: Slot(value, Loaded.YES)}, state.whole))
            elif isinstance(state, Instance):
                if not self._run_setter(state.model.cls, part, name, value, node):
                    self.put(part, instances.with_attribute(state, name, value))
                    instances.link_back(self, part, state, name, value)

    def _store_on_foreign(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        """``request.rows = ...``: remember the attribute of an object of which nothing else is known."""
        target = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(target, ast.Name) and target.id in self.env.names:
            state = Object(FOREIGN, {name: Slot(value), FOREIGN_SELF: Slot(owner)}, True)
            self.env.names[target.id] = self.alloc(("foreign", target.id), state)

    def _run_setter(self, cls: ClassInfo | None, owner: Value, name: str, value: Value, node: ast.AST) -> bool:
        """Run the setter of a property; False when there is none."""
        for entry in cls.mro if cls is not None else ():
            setter = entry.setters.get(name)
            if setter is not None:
                self.call(Func(setter, owner, (), entry), [value], (), node, implicit=True)
                return True
        return False

    def store_attribute(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        """``setattr(owner, name, value)``."""
        self._store_attribute(owner, name, value, node)
