"""Values as templates see them: how a variable is looked up, how it is shown, and what filters do with it."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from contextlib import nullcontext

from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.semantics import containers, querysets
from django_async_migrate.templates.code import (
    Filtered,
    Lookup,
)
from django_async_migrate.values.heap import Dict, Instance, Lazy, Object, QuerySet, Sequence
from django_async_migrate.values.join import join_values
from django_async_migrate.values.types import (
    NEVER,
    NONE,
    SCALAR,
    Const,
    External,
    Func,
    Manager,
    Method,
    ModelClass,
    Never,
    Partial,
    RelatedManager,
    Scalar,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

from .foreign import SESSION
from .lazily import LazyCalls

#: The permissions of a user, as a request gives them to templates.
PERMISSIONS = External("django.contrib.auth.context_processors.PermWrapper")
#: Methods that templates do not call, since they say ``alters_data``.
_ALTERS = frozenset(
    {
        "add",
        "adelete",
        "asave",
        "aupdate",
        "bulk_create",
        "bulk_update",
        "clear",
        "create",
        "delete",
        "get_or_create",
        "remove",
        "save",
        "save_base",
        "set",
        "update",
        "update_or_create",
    }
)
#: Methods that need an argument, so that a template cannot call them.
_NEEDY = frozenset({"contains", "raw", "dates", "datetimes", "in_bulk", "aggregate", "prefetch_related_objects"})
_DICT_METHODS = frozenset({"items", "keys", "values"})
#: Filters that make text of what they are given.
_TEXT = frozenset(
    {
        "addslashes",
        "capfirst",
        "center",
        "cut",
        "escape",
        "escapejs",
        "floatformat",
        "force_escape",
        "iriencode",
        "linebreaks",
        "linebreaksbr",
        "linenumbers",
        "ljust",
        "lower",
        "make_list",
        "rjust",
        "safe",
        "slugify",
        "stringformat",
        "striptags",
        "title",
        "truncatechars",
        "truncatechars_html",
        "truncatewords",
        "truncatewords_html",
        "upper",
        "urlencode",
        "urlize",
        "urlizetrunc",
        "wordcount",
        "wordwrap",
    }
)
#: Filters that look at numbers, dates and texts and leave other things alone.
_HARMLESS = frozenset(
    {
        "add",
        "apnumber",
        "date",
        "divisibleby",
        "filesizeformat",
        "get_digit",
        "intcomma",
        "intword",
        "naturalday",
        "naturaltime",
        "ordinal",
        "phone2numeric",
        "time",
        "timesince",
        "timeuntil",
    }
)


class TemplateValues(LazyCalls):
    """Looks variables up and filters them."""

    def _show(self, value: Value, node: ast.AST) -> None:
        shown = [part for part in alternatives(value) if not isinstance(part, (Manager, RelatedManager))]
        for part in shown:
            with self.doubted() if len(shown) > 1 and not isinstance(part, Const) else nullcontext():
                self.stringify(part, node)

    def _looked_up(self, node: Lookup) -> Value:
        value = self.eval(node.value)
        value = self._answer(value, node) if node.bits or not self._is_lazy(value) else value
        for bit in node.bits:
            value = self._answer(self._step(value, bit, node), node)
        return value

    def _is_lazy(self, value: Value) -> bool:
        return self.state(value) is not None and not isinstance(value, Func)

    def _step(self, value: Value, bit: str, node: ast.AST) -> Value:
        """Look one name up: a key, an attribute, an index."""
        if not isinstance(self.state(value), (Dict, QuerySet, Sequence, Instance)):
            value = value if self._is_session(value) else self.force(value, node)
        parts = [part for part in alternatives(value) if part != NONE and not isinstance(part, Never)]
        if not parts:
            return NONE
        result: Value = NEVER
        with self.doubted() if len(parts) > 1 else nullcontext():
            for part in parts:
                result = join_values(result, self._step_of(part, bit, node), self.env.heap)
        return result

    def _is_session(self, value: Value) -> bool:
        state = self.state(value)
        return isinstance(state, Lazy) and state.func == External(SESSION)

    def _step_of(self, value: Value, bit: str, node: ast.AST) -> Value:
        state = self.state(value)
        if isinstance(value, Partial) and value.func == PERMISSIONS:
            if value.args[1:]:
                self.force(value.args[0], node)
                return SCALAR
            return Partial(PERMISSIONS, (value.args[0], Const(bit)), ())
        if isinstance(state, Dict):
            if bit in state.items:
                return state.items[bit]
            if bit in _DICT_METHODS:
                return Method(value, bit)
            return containers.lookup(self, state, Const(bit), node) if state.element is not None else NONE
        if bit.isdigit():
            if isinstance(state, (QuerySet, Sequence)) or isinstance(value, (Tuple, Scalar)):
                return containers.item(self, value, Const(int(bit)), node)
            return NONE if isinstance(value, (Manager, RelatedManager)) else Unknown("item in a template")
        if isinstance(state, (Object, Instance)):
            item = self.dunder(value, state, "__getitem__", [Const(bit)], node)
            if item is not None and not isinstance(item, Never):
                return item
        if isinstance(value, ModelClass):
            return Unknown("a template calls the model")
        return self.attribute(value, bit, node)

    def _answer(self, value: Value, node: ast.AST) -> Value:
        """Return what a looked up value stands for: what can be called is called, without arguments."""
        parts = alternatives(value)
        if not any(isinstance(part, (Func, Method, Partial)) for part in parts):
            return value
        result: Value = NEVER
        with self.doubted() if len(parts) > 1 else nullcontext():
            for part in parts:
                result = join_values(result, self._answer_of(part, node), self.env.heap)
        return result

    def _answer_of(self, value: Value, node: ast.AST) -> Value:
        if isinstance(value, Func):
            return NONE if _cannot_call(value) else self.call(value, (), (), node)
        if isinstance(value, Method):
            if value.name in _ALTERS and not isinstance(value.receiver, (Const, Scalar)):
                return NONE
            return NONE if value.name in _NEEDY else self.call(value, (), (), node)
        return value

    # -- filters -------------------------------------------------------------------------------------------

    def _filtered(self, node: Filtered) -> Value:
        value = self.eval(node.value)
        argument = self.eval(node.argument) if node.argument is not None else None
        name = node.name
        if isinstance(node.function, FunctionInfo):
            if any("stringfilter" in ast.unparse(decorator) for decorator in node.function.decorators):
                self._show(value, node)
                value = SCALAR
            return self.call(Func(node.function), [value] if argument is None else [value, argument], (), node)
        if name in _TEXT:
            self._show(value, node)
            return SCALAR
        if name in _HARMLESS:
            return SCALAR
        if name in {"length", "length_is", "pluralize"}:
            self._measured(value, node)
            return Scalar("int") if name == "length" else SCALAR
        if name in {"first", "random"}:
            return self._picked(value, node, name == "random")
        if name == "last":
            rows = [part for part in alternatives(value) if not isinstance(self.state(part), QuerySet)]
            return self._picked(rows[0], node, False) if len(rows) == 1 else SCALAR
        if name in {"join", "unordered_list", "safeseq", "escapeseq"}:
            row = self._rows_of(value, node)
            if not isinstance(row, Never):
                self._show(row, node)
            return SCALAR
        if name in {"dictsort", "dictsortreversed"}:
            return self._sorted(value, argument, node)
        if name == "slice":
            return self._sliced(value, argument, node)
        if name in {"default", "yesno"}:
            known = self.truth(value, node)
            if name == "yesno":
                return SCALAR
            other = argument if argument is not None else SCALAR
            return value if known else other if known is False else join_values(value, other, self.env.heap)
        if name == "default_if_none":
            return value
        return Unknown("filter that nobody has read")

    def _measured(self, value: Value, node: ast.AST) -> None:
        for part in alternatives(self.force(value, node)):
            state = self.state(part)
            if isinstance(state, QuerySet):
                querysets.evaluate(self, part, "length", node)
            else:
                self.special(part, "__len__", (), node)

    def _picked(self, value: Value, node: ast.AST, measured: bool) -> Value:
        result: Value = NEVER
        for part in alternatives(self.force(value, node)):
            if measured:
                self._measured(part, node)
            state = self.state(part)
            if isinstance(state, (QuerySet, Sequence)) or isinstance(part, Tuple):
                result = join_values(result, containers.item(self, part, Const(0), node), self.env.heap)
            else:
                result = join_values(result, Unknown("item in a template"), self.env.heap)
        return result

    def _rows_of(self, value: Value, node: ast.AST) -> Value:
        rows = [part for part in alternatives(value) if not isinstance(part, (Manager, RelatedManager))]
        result: Value = NEVER
        for part in rows:
            result = join_values(result, self.iterate(part, node), self.env.heap)
        return result

    def _sorted(self, value: Value, argument: Value | None, node: ast.AST) -> Value:
        row = self._rows_of(value, node)
        if isinstance(argument, Const) and isinstance(argument.value, str) and not isinstance(row, Never):
            key = row
            for bit in argument.value.split("."):
                key = self._step(key, bit, node)
        return self.alloc(node, Sequence("list", None, row), "sorted")

    def _sliced(self, value: Value, argument: Value | None, node: ast.AST) -> Value:
        text = argument.value if isinstance(argument, Const) and isinstance(argument.value, str) else None
        if text is None:
            return Unknown("slice in a template")
        pieces = [ast.Constant(int(bit)) if bit.strip("-").isdigit() else None for bit in text.split(":")]
        bounds = ast.Slice(*(pieces if len(pieces) > 1 else [None, *pieces]))
        result: Value = NEVER
        for part in alternatives(value):
            state = self.state(part)
            if isinstance(state, (QuerySet, Sequence)) or isinstance(part, Tuple):
                result = join_values(result, containers.sliced(self, part, bounds, node), self.env.heap)
            else:
                result = join_values(result, SCALAR, self.env.heap)
        return result


def _cannot_call(func: Func) -> bool:
    """Whether a template leaves a function alone: it needs arguments, or says that it alters data."""
    fn = func.fn
    params = fn.params[1:] if func.receiver is not None else fn.params
    if any(param.arg not in fn.defaults for param in (*params, *fn.args.kwonlyargs)):
        return True
    body: Seq[ast.stmt] = getattr(fn.cls.node, "body", ()) if fn.cls is not None else ()
    return any(
        isinstance(statement, ast.Assign)
        and any(
            isinstance(target, ast.Attribute)
            and target.attr in {"alters_data", "do_not_call_in_templates"}
            and isinstance(target.value, ast.Name)
            and target.value.id == fn.name
            for target in statement.targets
        )
        for statement in body
    )
