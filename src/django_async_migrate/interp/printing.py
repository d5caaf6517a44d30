"""Values turned into text: which special methods that runs, and what they load."""

from __future__ import annotations

import ast

from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import containers, querysets
from django_async_migrate.values.heap import Dict, Instance, Loaded, Object, QuerySet, Sequence
from django_async_migrate.values.types import SCALAR, Const, Ref, Tuple, Value, alternatives

from .objects import Objects


class Printing(Objects):
    """Prints values."""

    def stringify(self, value: Value, node: ast.AST, how: str = "str") -> None:
        parts = alternatives(self.force(value, node))
        if len(parts) > 1:
            real = [part for part in parts if not isinstance(part, Const)]
            if len(real) != 1:
                with self.doubted():
                    for part in real:
                        self._stringify_one(part, node, how)
                return
            parts = tuple(real)
        self._stringify_one(parts[0], node, how)

    def _stringify_one(self, value: Value, node: ast.AST, how: str, depth: int = 0) -> None:
        state = self.state(value)
        if isinstance(state, QuerySet):
            own = [state.cls.find(name) for name in ("__str__", "__repr__")[how == "repr" :]] if state.cls else []
            for found in own:
                if found is not None and isinstance(found[1], FunctionInfo):
                    self.call(self.engine.bind_member(self, found[0], found[1], value, node), (), (), node, True)
                    return
            if state.cached is Loaded.MAYBE and not state.empty and not state.raw:
                advice = "build the list first, or show str(qs.query)"
                certain = state.certain and not state.ever_cached
                self.effect(node, "repr", "", advice, certain, about=querysets.rows(state), value=value)
        elif isinstance(state, (Instance, Object)):
            # Model.__repr__ asks str(); object.__str__ asks repr(); object.__format__ asks str().
            order = {"format": ("__format__", "__str__", "__repr__"), "str": ("__str__", "__repr__")}
            names = order.get(how, ("__repr__", "__str__") if isinstance(state, Instance) else ("__repr__",))
            for name in names:
                if self.dunder(value, state, name, [SCALAR] if name == "__format__" else [], node) is not None:
                    return
            if isinstance(state, Object) and state.cls.is_dataclass and depth < 3:
                for slot in state.attrs.values():
                    for part in alternatives(slot.value):
                        self._stringify_one(part, node, "repr", depth + 1)
            if isinstance(state, Instance) and state.model.row is not None and isinstance(value, Ref):
                for name in state.model.row.str_loads:
                    self.attribute(value, name, node)
        elif depth < 3 and (isinstance(value, Tuple) or isinstance(state, (Sequence, Dict))):
            held = containers.values(state) if isinstance(state, Dict) else self.element_of(value)
            for part in alternatives(held):
                self._stringify_one(part, node, "repr", depth + 1)


#: What gives the event loop of the code that asks; in a coroutine it is running.
