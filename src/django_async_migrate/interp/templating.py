"""Templates rendered on the event loop: what of a context is evaluated, and where.

A template is a function of its variables (see ``templates.compiler``). What differs from Python is here and in
``template_values``: most of all, an operator of ``{% if %}`` hides whatever its operands raise.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType

from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import messages
from django_async_migrate.templates.code import (
    Called,
    Filtered,
    Lookup,
    Operator,
    Regrouped,
    Shown,
    Touched,
)
from django_async_migrate.values.heap import Dict, Sequence
from django_async_migrate.values.types import (
    NONE,
    SCALAR,
    Const,
    Func,
    Never,
    Partial,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
    one_of,
)

from .template_values import PERMISSIONS, TemplateValues

#: What a request gives to templates besides its user.
_GIVEN = frozenset({"messages", "debug", "sql_queries", "csrf_token", "DEFAULT_MESSAGE_LEVELS", "perms", "user"})


class Templating(TemplateValues):
    """Renders templates."""

    # -- rendering -----------------------------------------------------------------------------------------

    def render(self, names: Value, context: Value | None, request: Value | None, node: ast.AST) -> None:
        """Render a template, given by its name or by several of which the first that exists counts."""
        found = self._template(names)
        mark = len(self.effects)
        added = self._processed(request, node)
        if found is not None:
            self._rendered(found, context, request, node, added)
        self._of_template(mark)

    def render_text(self, text: Value, context: Value | None, node: ast.AST, line: int) -> None:
        """Render a template that is given as text, at a line of this file."""
        if isinstance(text, Const) and isinstance(text.value, str):
            found = self.project.templates.inline(text.value, self.module.path, line)
            if found is not None:
                self._rendered(found, context, None, node)

    def _template(self, names: Value) -> tuple[FunctionInfo, bool] | None:
        state = self.state(names)
        several = names.items if isinstance(names, Tuple) else getattr(state, "items", None)
        for name in several if isinstance(several, tuple) else (names,):
            if not isinstance(name, Const) or not isinstance(name.value, str):
                return None
            found = self.project.templates.function(name.value, self.module.path)
            if found is not None:
                return found
        return None

    def _rendered(
        self,
        template: tuple[FunctionInfo, bool],
        context: Value | None,
        request: Value | None,
        node: ast.AST,
        added: Mapping[str, Value] = MappingProxyType({}),
    ) -> None:
        fn, doubtful = template
        wanted = [param.arg for param in fn.args.kwonlyargs]
        given, complete = self._context(context, request, node)
        given = {**added, **given}
        missing: Value = NONE if complete else Unknown("variable of a template")
        kwargs = [(name, given.get(name, Unknown("given") if name in _GIVEN else missing)) for name in wanted]
        mark = len(self.effects)
        self.engine.follow(fn)
        with self.doubted() if doubtful else nullcontext():
            self.engine.run(self, Func(fn), (), kwargs, node)
        self._of_template(mark)

    def _processed(self, request: Value | None, node: ast.AST) -> dict[str, Value]:
        """Return the variables that the project's context processors add, which run for each request."""
        given: dict[str, Value] = {}
        if request is None or request == NONE:
            return given
        for fn in self.project.templates.processors:
            self.engine.follow(fn)
            added: dict[str, list[Value]] = {}
            for part in alternatives(self.call(Func(fn), [request], (), node)):
                state = self.state(part)
                for name, value in state.items.items() if isinstance(state, Dict) else ():
                    if isinstance(name, str):
                        added.setdefault(name, []).append(value)
            given.update((name, one_of(values)) for name, values in added.items())
        return given

    def _context(self, context: Value | None, request: Value | None, node: ast.AST) -> tuple[dict[str, Value], bool]:
        """Return the variables of a context, and whether there are no others."""
        given: dict[str, Value] = {}
        complete = context is None or context == NONE
        state = self.state(context) if context is not None else None
        if isinstance(state, Dict):
            given = {name: value for name, value in state.items.items() if isinstance(name, str)}
            complete = state.element is None
        elif context is not None and _is_locals(node):
            given, complete = {name: value for name, value in self.env.names.items() if " " not in name}, True
        if request is not None and request != NONE:
            templates = self.project.templates
            given.setdefault("request", request)
            complete = complete and templates.knows_context
            if templates.gives_user and "user" not in given:
                given["user"] = user = self.attribute(request, "user", node)
                given.setdefault("perms", Partial(PERMISSIONS, (user,), ()))
            found = messages.messages_of(self, request, node) if "messages" not in given else None
            if found is not None:
                given["messages"] = found
        return given, complete

    def _of_template(self, mark: int) -> None:
        """Say of the effects since a mark that a template has them: one that raises, or else one that is hidden."""
        found = [effect for effect in self.effects[mark:] if effect.kind != "blocking"]
        if not found:
            return
        kept = [effect for effect in self.effects[mark:] if effect.kind == "blocking"]
        hidden = [effect for effect in found if effect.kind == "template-hides"]
        raised = [effect for effect in found if effect.kind != "template-hides"]
        best = min(raised, key=lambda effect: not effect.certain, default=None)
        if best is None or (hidden and not best.certain):
            best = min(hidden, key=lambda effect: not effect.certain)
            kept.append(changed_kind(best, "template-hides"))
        else:
            kept.append(changed_kind(best, "template"))
        del self.effects[mark:]
        self.effects += kept

    # -- the nodes of a template ---------------------------------------------------------------------------

    def eval_code(self, node: ast.expr) -> Value:
        if isinstance(node, Lookup):
            return self._looked_up(node)
        if isinstance(node, Shown):
            self._show(self.eval(node.value), node)
        elif isinstance(node, Filtered):
            return self._filtered(node)
        elif isinstance(node, Operator):
            return self._hiding(node)
        elif isinstance(node, Touched):
            self._touch(node)
        elif isinstance(node, Regrouped):
            return self._regrouped(node)
        elif isinstance(node, Called):
            return self._tag_called(node)
        return SCALAR

    def _hiding(self, node: Operator) -> Value:
        """Evaluate an operator: Django catches what its operands raise, and takes it for false."""
        mark = len(self.effects)
        first = self.eval(node.first)
        result: Value = SCALAR
        if node.operator in {"and", "or", "not"}:
            known = self.truth(first, node.first)
            if node.operator == "not":
                result = Const(not known) if known is not None else SCALAR
            elif known is (node.operator == "or"):
                result = first
            else:
                assert node.second is not None
                result = self.eval(node.second)
                if known is None and isinstance(result, (Const, Scalar)):
                    result = SCALAR  # either operand may be what the test sees
        elif node.second is not None:
            second = self.eval(node.second)
            if node.operator in {"in", "not in"}:
                self._membership(first, second, node)
            elif node.operator not in {"is", "is not"}:
                first, second = self.force(first, node), self.force(second, node)
                if node.operator in {"==", "!="} and isinstance(first, Const) and isinstance(second, Const):
                    result = Const((first.value == second.value) is (node.operator == "=="))
                self._compare_values(_OPERATORS[node.operator], first, second, node)
        for number in range(mark, len(self.effects)):
            if self.effects[number].kind != "blocking":
                self.effects[number] = changed_kind(self.effects[number], "template-hides")
        return result

    def _touch(self, node: Touched) -> None:
        for value_node in node.values:
            value = self.eval(value_node)
            if node.how == "show":
                self._show(value, node)
            elif node.how == "test":
                known = self.truth(value, node)
                if known is not False:
                    self._show(value, node)
                if known is True:
                    return

    def _regrouped(self, node: Regrouped) -> Value:
        row = self.iterate(self.eval(node.value), node)
        if isinstance(row, Never):
            return self.alloc(node, Sequence("list", ()), "regrouped")
        key: Value = row
        for bit in node.bits:
            key = self._answer(self._step(key, bit, node), node)
        rows = self.alloc(node, Sequence("list", None, row), "rows")
        group = self.alloc(node, Dict({"grouper": key, "list": rows}), "group")
        return self.alloc(node, Sequence("list", None, group), "regrouped")

    def _tag_called(self, node: Called) -> Value:
        args: list[Value] = [self.eval(value) for value in node.arguments]
        kwargs = [(name, self.eval(value)) for name, value in zip(node.names, node.values, strict=True)]
        if node.takes_context:
            args.insert(0, Unknown("context of a template"))
        assert isinstance(node.function, FunctionInfo)
        self.engine.follow(node.function)
        result = self.call(Func(node.function), args, kwargs, node)
        if node.template is None:
            return result
        found = self.project.templates.function(node.template, node.path)
        if found is not None:
            self._rendered(found, result, None, node)
        return SCALAR


def changed_kind(effect: Effect, kind: str) -> Effect:
    """Return an effect as one of a template."""
    return replace(effect, kind=kind, rule="", about=None, operand=None)


def _is_locals(node: ast.AST) -> bool:
    """Whether a call is given ``locals()``."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)] if isinstance(node, ast.Call) else []
    return any(
        isinstance(arg, ast.Call) and isinstance(arg.func, ast.Name) and arg.func.id == "locals" for arg in given
    )


_OPERATORS: dict[str, ast.cmpop] = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    ">": ast.Gt(),
    "<=": ast.LtE(),
    ">=": ast.GtE(),
}
