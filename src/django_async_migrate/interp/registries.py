"""Registries: what a module-level container holds once every module is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.modules import Assigned
from django_async_migrate.index.registrations import Registration
from django_async_migrate.values.heap import Dict, Heap, Object, Sequence
from django_async_migrate.values.join import join_values
from django_async_migrate.values.refs import Exporter
from django_async_migrate.values.types import Func, Ref, Value

from .base import EngineBase
from .frame import Env, Frame

if TYPE_CHECKING:
    from .calls import Evaluator


class Registries(EngineBase):
    """Runs the statements that fill a registry; part of the engine."""

    @property
    def is_filling(self) -> bool:
        """Whether a registry is being filled, by code that runs at import."""
        return bool(self._filling)

    def filled(self, frame: Frame, definition: Assigned, owner: ClassInfo | None) -> Value | None:
        """Return a registry with all that is put into it at import; None when nothing is."""
        value = definition.value
        if value is None or definition in self._filling:
            return None
        stored = self._filled.get(definition)
        if stored is None:
            found = self.registrations.of(definition, owner)
            if not found:
                return None
            self._filling.add(definition)
            with self._apart():
                stored = self._fill(definition, value, owner, found)
            self._filling.discard(definition)
            self._filled[definition] = stored
        result = self.imported(frame, stored, ("global", value))
        return result

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Keep what is computed here out of the analysis: its functions run as they do at import."""
        kept = (self._summaries, self._partial, self._variants, self._nested_run, self._written, self._always)
        incidents, unknown, stack = list(self.outcome.incidents), dict(self.outcome.unknown), self._stack
        active, self._active = self._active, set()  # what asks for a registry may be what fills it
        self._summaries, self._partial, self._variants, self._nested_run = {}, {}, {}, set()
        self._written, self._stack, self._always = [], [], {}
        try:
            yield
        finally:
            (
                self._summaries,
                self._partial,
                self._variants,
                self._nested_run,
                self._written,
                self._always,
            ) = kept
            self.outcome.incidents[:], self._stack, self._active = incidents, stack, active
            self.outcome.unknown = unknown

    def _fill(
        self, definition: Assigned, value: ast.expr, owner: ClassInfo | None, found: tuple[Registration, ...]
    ) -> tuple[Value, Heap]:
        frame = self.evaluator(definition.module, None, Env({}, {}), {}, 0, 0)
        made = self.expression(frame, definition.module, value, owner)
        for entry in found:
            self._run_registration(frame, entry)
        if isinstance(made, Ref):
            self._take_in(frame, made, value)
        exporter = Exporter(frame.env.heap)
        exported = exporter.value(made)
        return exported, exporter.heap()

    def _run_registration(self, outer: Evaluator, entry: Registration) -> None:
        frame = self.evaluator(entry.module, None, outer.env, {}, 0, 0)
        frame.share_numbers(outer)
        node = entry.node
        with frame.muted():
            if entry.subclass is not None and isinstance(node, ast.ClassDef):
                cls = self.class_value(entry.module.class_(node))
                keywords = [(k.arg, frame.eval(k.value)) for k in node.keywords if k.arg and k.arg != "metaclass"]
                frame.call(Func(entry.subclass, cls), (), keywords, node)
            elif isinstance(node, ast.ClassDef):
                cls = self.class_value(entry.module.class_(node))
                for decorator in reversed(node.decorator_list):
                    frame.call(frame.eval(decorator), [cls], (), decorator)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                fn = entry.module.function(node)
                self.decorate(frame, fn, Func(fn))
            else:
                frame.execute([node])
        outer.env = frame.env

    def note_written(self, frame: Frame, heap: Heap) -> None:
        """Remember what a function left in the registry that is being filled."""
        if not self._filling:
            return
        values = {definition.value for definition in self._filling}
        for key, number in frame.numbers():
            if isinstance(key, tuple) and len(key) == 2 and key[1] == 0 and isinstance(key[0], tuple):
                tag = key[0]
                if len(tag) == 2 and tag[0] == "global" and tag[1] in values and number in heap:
                    exporter = Exporter(heap)
                    exported = exporter.value(Ref(number))
                    self._written.append((tag[1], (exported, exporter.heap())))

    def _take_in(self, frame: Evaluator, registry: Ref, value: ast.expr) -> None:
        written = [stored for expr, stored in self._written if expr is value]
        for number, stored in enumerate(written):
            other = self.imported(frame, stored, ("registered", value, number))
            if isinstance(other, Ref):
                self._merge(frame, registry, other, 0)

    def _merge(self, frame: Evaluator, one: Ref, other: Ref, depth: int) -> None:
        """Put what one state of a registry holds into another."""
        mine, new = frame.state(one), frame.state(other)
        heap = frame.env.heap
        if mine is None or new is None or mine == new or depth > 3:
            return
        if isinstance(mine, Dict) and isinstance(new, Dict):
            items = dict(mine.items)
            for key, value in new.items.items():
                held = items.get(key)
                if isinstance(held, Ref) and isinstance(value, Ref):
                    self._merge(frame, held, value, depth + 1)
                else:
                    items[key] = join_values(held, value, heap)
            element = mine.element if new.element is None else join_values(mine.element, new.element, heap)
            frame.put(one, Dict(items, mine.key or new.key, element))
        elif isinstance(mine, Sequence) and isinstance(new, Sequence):
            given = [*(new.items or ()), *([new.element] if new.element is not None else [])]
            there = [*(mine.items or ()), *([mine.element] if mine.element is not None else [])]
            added = [value for value in given if value not in there]
            if mine.items is not None:
                frame.put(one, Sequence(mine.kind, (*mine.items, *added), mine.element))
        elif isinstance(mine, Object) and isinstance(new, Object):
            for name, slot in new.attrs.items():
                mine_slot = mine.attrs.get(name)
                if mine_slot is not None and isinstance(mine_slot.value, Ref) and isinstance(slot.value, Ref):
                    self._merge(frame, mine_slot.value, slot.value, depth + 1)
