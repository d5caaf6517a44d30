"""Decorators and mixins around async views that do not know coroutine functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.catalog.classes import StockClass
from django_async_migrate.catalog.decorators import Decorator, decorators
from django_async_migrate.core.findings import Certainty, Step
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.routes import async_handlers, routes_of
from django_async_migrate.syntax.nodes import nodes_in

from .base import Fact
from .declared import METHOD_DECORATOR, declared, families, header, in_use, named, signature
from .families import Family
from .hooks import view_is_async

if TYPE_CHECKING:
    from django_async_migrate.index.modules import ModuleInfo

    from .base import Facts

_DEFAULT = "DAM803"
_VIEWS = "django.views."
_RESPONSES = ("django.http.", "django.shortcuts.redirect", "django.shortcuts.render")
#: What a coroutine has itself.
_OWN = frozenset({"send", "throw", "close"})
#: Words of a decorator that knows coroutine functions.
_KNOWING = frozenset(
    {"iscoroutinefunction", "iscoroutine", "isawaitable", "async_to_sync", "sync_to_async", "markcoroutinefunction"}
)


def unfit_decorators(facts: Facts, code: str = "DAM803") -> Iterator[Fact]:
    """Give the decorators that do not fit the coroutine function or the async view they decorate, for one rule."""
    found = facts.shared.get("decorators")
    if found is None:
        found = facts.shared["decorators"] = tuple(_unfit(facts))
    return (fact for rule, fact in found if rule == code)


def _unfit(facts: Facts) -> Iterator[tuple[str, Fact]]:
    for function in declared(facts).functions:
        if function.decorators and function.is_async and not function.is_generator:
            yield from _on_function(facts, function)
    for family in families(facts):
        node = family.cls.node
        if node is not None and node.decorator_list and in_use(facts, family):
            yield from _on_class(facts, family)


def _on_function(facts: Facts, function: FunctionInfo) -> Iterator[tuple[str, Fact]]:
    scope = function.cls or function.parent
    parsed = function.module.parsed
    for node in reversed(function.decorators):
        name = named(function.module, node, scope)
        if name == METHOD_DECORATOR:
            inner = _decorated_with(facts, function.module, node, scope)
            unfit = [row for row in inner if not row.fits(facts.version)]
            marks = decorators()[METHOD_DECORATOR]
            if not marks.fits(facts.version):
                text = f"{_message(marks)}: Django gets a coroutine for a response"
                yield _DEFAULT, Fact(parsed.span(node), text, function.qualname)
            elif unfit:
                yield unfit[0].rule or _DEFAULT, Fact(parsed.span(node), _message(unfit[0]), function.qualname)
            continue
        if name is not None:
            row = decorators().get(name)
            if row is not None and row.rule:
                return  # another rule's
            if row is None:
                if name not in _HARMLESS:
                    return  # what it makes of the function is not known
            elif not row.fits(facts.version):
                certainty: Certainty = "likely" if row.keeps else "certain"  # it works once
                yield _DEFAULT, Fact(parsed.span(node), _message(row), function.qualname, certainty=certainty)
            continue
        wrapper = _own_decorator(facts, function.module, node, scope)
        if wrapper is None:
            return
        use, handed = _uses_of_result(wrapper)
        text = f"{wrapper.name}() does not await the coroutine function it decorates"
        how = "uses the coroutine as if it were the result"
        if use is None and function in _served(facts):
            use, how = handed, "hands the coroutine to Django, which takes it for a response"
        if use is not None:
            span = wrapper.module.parsed.span(use)
            step = Step(span.path, span.line, span.column, how)
            yield _DEFAULT, Fact(parsed.span(node), text, function.qualname, (step,))
        return


_HARMLESS = frozenset({"staticmethod", "classmethod", "typing.override", "typing_extensions.override", "typing.final"})


def _message(row: Decorator) -> str:
    name = row.api.rpartition(".")[2]
    name = f"{name}()" if row.api == METHOD_DECORATOR else name
    if row.keeps:
        return f"{name} keeps the coroutine and gives it again, and it can be awaited only once"
    if row.async_since is None:
        return f"{name} does not know coroutine functions"
    return f"{name} does not know coroutine functions before Django {row.async_since[0]}.{row.async_since[1]}"


def _decorated_with(
    facts: Facts, module: ModuleInfo, node: ast.expr, scope: FunctionInfo | ClassInfo | None
) -> list[Decorator]:
    """Return the rows of what ``method_decorator()`` is given: one decorator or a list."""
    if not isinstance(node, ast.Call) or not node.args:
        return []
    first = node.args[0]
    parts = first.elts if isinstance(first, (ast.List, ast.Tuple)) else [first]
    rows = (decorators().get(named(module, part, scope) or "") for part in parts)
    return [row for row in rows if row is not None]


def _on_class(facts: Facts, family: Family) -> Iterator[tuple[str, Fact]]:
    cls = family.cls
    assert cls.node is not None
    for node in cls.node.decorator_list:
        if named(cls.module, node, cls.parent) != METHOD_DECORATOR or not isinstance(node, ast.Call):
            continue
        target = next((keyword.value for keyword in node.keywords if keyword.arg == "name"), None)
        if target is None and len(node.args) > 1:
            target = node.args[1]
        name = target.value if isinstance(target, ast.Constant) else None
        rows = _decorated_with(facts, cls.module, node, cls.parent)
        method = family.find(name) if isinstance(name, str) else None
        if method is None or not rows:
            continue
        coroutine = isinstance(method.member, FunctionInfo) and method.member.is_async and not method.member.decorators
        message, code = None, _DEFAULT
        if coroutine:
            unfit = [row for row in rows if not row.fits(facts.version)]
            marks = decorators()[METHOD_DECORATOR]
            if not marks.fits(facts.version) and name != "dispatch":
                message = _message(marks)
            elif unfit:
                message, code = _message(unfit[0]), unfit[0].rule or _DEFAULT
        elif name == "dispatch" and view_is_async(facts, family):
            unfit = [row for row in rows if not row.dispatch]
            if unfit:
                short = unfit[0].api.rpartition(".")[2]
                message = f"{short} takes the dispatch() of an async view for a sync function"
                code = unfit[0].rule or _DEFAULT
        if message is not None:
            yield code, Fact(cls.module.parsed.span(node), message, cls.qualname)


def _own_decorator(
    facts: Facts, module: ModuleInfo, node: ast.expr, scope: FunctionInfo | ClassInfo | None
) -> FunctionInfo | None:
    """Return the function of the project that a decorator expression names, if it is plain."""
    target = node.func if isinstance(node, ast.Call) else node
    found = facts.project.resolve(module, target, scope)
    if len(found) != 1 or not isinstance(found[0], FunctionInfo) or found[0].decorators:
        return None
    function = found[0]
    if isinstance(node, ast.Call):
        inner = _returned(function)
        return inner
    return function


def _returned(function: FunctionInfo) -> FunctionInfo | None:
    """Return the nested function that a function returns."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    inner = {node.name: node for node in function.node.body if isinstance(node, ast.FunctionDef)}
    returned = [node.value for node in function.own_nodes if isinstance(node, ast.Return)]
    if len(returned) != 1 or not isinstance(returned[0], ast.Name) or returned[0].id not in inner:
        return None
    return function.module.function(inner[returned[0].id], None, function)


def _served(facts: Facts) -> frozenset[FunctionInfo]:
    """Return what Django itself calls with requests: views that URLconfs name, and handlers of its own views."""
    known = facts.shared.get("served")
    if known is None:
        found: set[FunctionInfo] = set()
        for route in routes_of(facts.project):
            if isinstance(route.view, FunctionInfo):
                found.add(route.view)
            elif any(base.startswith(_VIEWS) for base in route.view.externals):
                found.update(async_handlers(route.view))
        known = facts.shared["served"] = frozenset(found)
    return known


def _uses_of_result(decorator: FunctionInfo) -> tuple[ast.expr | None, ast.expr | None]:
    """Return where the wrapper that a decorator makes looks into what the function gives, and where it returns it."""
    names = {node.id for node in nodes_in(decorator.node) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes_in(decorator.node) if isinstance(node, ast.Attribute)}
    if (names | attributes) & _KNOWING or decorator.holds_coroutine or not decorator.params:
        return None, None
    wrapper = _returned(decorator)
    if wrapper is None or wrapper.is_generator:
        return None, None
    given = decorator.params[0].arg
    calls = [
        node
        for node in nodes_in(wrapper.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == given
    ]
    return use_of(wrapper, calls), _return_of(wrapper, calls)


def _return_of(function: FunctionInfo, calls: list[ast.Call]) -> ast.expr | None:
    """Return where a function returns the result of one of these calls, directly or by a name it gave it."""
    names = _names_of(function, calls)
    for node in function.own_nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            if node.value in calls or (isinstance(node.value, ast.Name) and node.value.id in names):
                return node.value
    return None


def _names_of(function: FunctionInfo, calls: list[ast.Call]) -> set[str]:
    """Return the names that hold the result of one of these calls, and nothing else."""
    nodes = nodes_in(function.node)
    names = {
        node.targets[0].id
        for node in nodes
        if isinstance(node, ast.Assign) and node.value in calls and isinstance(node.targets[0], ast.Name)
    }
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {name for name in names if stored.count(name) == 1}


def use_of(function: FunctionInfo, calls: list[ast.Call]) -> ast.expr | None:
    """Return where a function looks into the result of one of these calls, directly or by a name it gave it."""
    names = _names_of(function, calls)
    for node in nodes_in(function.node):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            value = node.value
            looked = value in calls or (isinstance(value, ast.Name) and value.id in names)
            if looked and not (isinstance(node, ast.Attribute) and node.attr in _OWN):
                return node
    return None


def unfit_mixins(facts: Facts) -> Iterator[Fact]:
    """Give the async views below a ``dispatch()`` that answers by itself, as if the view were sync."""
    for family in families(facts):
        if not in_use(facts, family) or not view_is_async(facts, family):
            continue
        for call in family.calls:
            owner = call.callee.owner
            if call.callee.name != "dispatch":
                continue
            if isinstance(owner, StockClass) and owner.answers:
                name = owner.api.rpartition(".")[2]
                message = f"{name} does not know async views: its dispatch() asks for the user on the event loop"
                yield Fact(header(family.cls), message, family.cls.qualname)
                break
            member = call.callee.member
            if isinstance(member, FunctionInfo) and not member.is_async and not member.decorators:
                answer = _answer(facts, member)
                if answer is not None:
                    span = member.module.parsed.span(answer)
                    step = Step(span.path, span.line, span.column, "not awaitable")
                    message = f"{family.cls.name} is async, and its dispatch() is not: what it returns is awaited"
                    yield Fact(signature(member), message, member.qualname, (step,))
                    break


def _answer(facts: Facts, function: FunctionInfo) -> ast.expr | None:
    """Return a response of its own that a sync dispatch() returns, or where it looks into that of ``super()``."""
    for node in function.own_nodes:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
            name = named(function.module, node.value, function.cls)
            if name is not None and name.startswith(_RESPONSES):
                return node.value
    above = [
        node
        for node in function.own_nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "dispatch"
        and isinstance(node.func.value, ast.Call)
    ]
    return use_of(function, above)
