"""Async tests: helpers that ask the database on the event loop, clients of the wrong kind, missing transactions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.catalog.helpers import helpers
from django_async_migrate.core.edits import Await, FixPlan, Rename
from django_async_migrate.core.findings import Fix
from django_async_migrate.index.classes import ClassInfo

from .base import Fact
from .declared import declared, families, named

if TYPE_CHECKING:
    from django_async_migrate.index.functions import FunctionInfo
    from django_async_migrate.index.modules import ModuleInfo

    from .base import Facts

_CASE = "django.test.testcases.SimpleTestCase"
_HOLDER = "django.test.testcases.TransactionTestCase"
_SYNC, _ASYNC = "django.test.Client", "django.test.AsyncClient"
_CLIENTS = {
    _SYNC: _SYNC,
    "django.test.client.Client": _SYNC,
    _ASYNC: _ASYNC,
    "django.test.client.AsyncClient": _ASYNC,
}
_OF_CASES = {"client": _SYNC, "async_client": _ASYNC}
_MARK = "pytest.mark.django_db"
_TRANSACTIONAL = frozenset({"transactional_db", "django_db_reset_sequences", "live_server"})


def test_helpers(facts: Facts) -> Iterator[Fact]:
    """Give what does not fit in the async tests of a project."""
    cases = {family.cls: family for family in families(facts) if family.is_a(_CASE)}
    for function in declared(facts).functions:
        if not function.is_async:
            continue
        family = cases.get(function.cls) if function.cls is not None else None
        known = _clients(facts, function)
        for node in function.own_nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = _owner(facts, function, node.func, known)
                if family is None and owner == _HOLDER:
                    continue
                yield from _about(facts, function, node, owner)
    for module in {function.module: None for function in declared(facts).functions}:
        if "django_db" in module.parsed.text:
            yield from _marks(facts, module)


def _clients(facts: Facts, function: FunctionInfo) -> dict[str, str]:
    """Return the local names that hold a client, by its class."""
    found: dict[str, str] = {}
    stores: dict[str, int] = {}
    for node in function.own_nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stores[node.id] = stores.get(node.id, 0) + 1
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            api = _CLIENTS.get(named(function.module, node.value, function.cls) or "")
            if api is not None:
                found[node.targets[0].id] = api
    for param in function.params:
        if param.annotation is not None:
            api = _CLIENTS.get(named(function.module, param.annotation, function.cls) or "")
            if api is not None and param.arg not in stores:
                found[param.arg] = api
    return {name: api for name, api in found.items() if stores.get(name, 0) < 2}


def _owner(facts: Facts, function: FunctionInfo, func: ast.Attribute, known: dict[str, str]) -> str | None:
    """Return the class whose method is called, as a row has it."""
    value = func.value
    receiver = function.params[0].arg if function.cls is not None and function.params else None
    if isinstance(value, ast.Name):
        return _HOLDER if value.id == receiver else known.get(value.id)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == receiver:
        return _of_case(facts, function, value.attr)
    if isinstance(value, ast.Call):
        return _CLIENTS.get(named(function.module, value, function.cls) or "")
    return None


def _of_case(facts: Facts, function: FunctionInfo, name: str) -> str | None:
    """Return the class of ``self.client``, unless the test case has one of its own."""
    cls = function.cls
    if cls is None or name not in _OF_CASES:
        return None
    family = next((family for family in families(facts) if family.cls is cls), None)
    if family is None or not family.is_a(_CASE) or not family.is_known:
        return None
    own = {"client_class", "async_client_class", name}
    for node in family.nodes:
        if isinstance(node, ClassInfo) and (own & node.members.keys() or name in node.self_stores):
            return None
    return _OF_CASES[name]


def _about(facts: Facts, function: FunctionInfo, node: ast.Call, owner: str | None) -> Iterator[Fact]:
    assert isinstance(node.func, ast.Attribute)
    row = helpers().get((owner or "", node.func.attr))
    if row is None:
        return
    parsed = function.module.parsed
    if not row.queries:
        awaits = [part for part in function.own_nodes if isinstance(part, ast.Await) and part.value is node]
        if awaits:
            fix = Fix("manual", "use self.async_client")
            message = f"{node.func.attr}() of a sync client gives a response, which cannot be awaited"
            yield Fact(parsed.span(awaits[0]), message, function.qualname, fix=fix)
        return
    message = f"{node.func.attr}() asks the database on the event loop"
    if row.twin_since is not None and row.twin_since <= facts.version:
        twin = f"a{node.func.attr}"
        edits = (Rename(parsed.span(node.func), twin), Await(parsed.span(node)))
        plan = FixPlan("safe", f"await {twin}(...)", edits)
        yield Fact(parsed.span(node), message, function.qualname, fix=Fix("safe", plan.title), plans=(plan,))
        return
    advice = "count in a sync test" if row.twin_since is None else "run it through sync_to_async"
    yield Fact(parsed.span(node), message, function.qualname, fix=Fix("manual", advice))


def _marks(facts: Facts, module: ModuleInfo) -> Iterator[Fact]:
    """Give the marks of pytest-django that open a transaction which async tests are not in."""
    for function in declared(facts).functions:
        if function.module is not module or not function.is_async or not function.name.startswith("test"):
            continue
        if not _asks(facts, function):
            continue
        if any(param.arg in _TRANSACTIONAL for param in (*function.params, *function.args.kwonlyargs)):
            continue
        marks = [node for node in function.decorators if _is_mark(module, node)]
        if marks and not any(_has_transaction(node) for node in marks):
            message = (
                "the transaction of this test is on another connection than its queries: transaction=True is missing"
            )
            fix = Fix("manual", "@pytest.mark.django_db(transaction=True)")
            span = module.parsed.span(marks[0])
            yield Fact(span, message, function.qualname, certainty="likely", fix=fix, severity="warning")


def _asks(facts: Facts, function: FunctionInfo) -> bool:
    """Whether a test asks the database itself, by the names it uses."""
    catalog = facts.project.catalog
    for node in function.own_nodes:
        if isinstance(node, ast.Attribute):
            queryset, model = catalog.queryset_methods.get(node.attr), catalog.model_methods.get(node.attr)
            if node.attr == "objects" or (queryset and queryset.kind == "async") or (model and model.is_async):
                return True
    return False


def _is_mark(module: ModuleInfo, node: ast.expr) -> bool:
    return named(module, node, None) == _MARK


def _has_transaction(node: ast.expr) -> bool:
    """Whether a mark asks for transactions, or may."""
    if not isinstance(node, ast.Call):
        return False
    for keyword in node.keywords:
        if keyword.arg in {"transaction", "reset_sequences", None}:
            value = keyword.value
            return not (isinstance(value, ast.Constant) and not value.value)
    return bool(node.args)
