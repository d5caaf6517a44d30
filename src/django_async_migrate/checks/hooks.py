"""Methods that a library class calls the wrong way round: coroutines it never awaits, sync ones it awaits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_async_migrate.catalog.classes import StockClass
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo

from .base import Fact
from .components import is_used_by_sync_view
from .declared import families, gives_coroutine, in_use, is_marked, signature
from .families import Call, Family, Method

if TYPE_CHECKING:
    from .base import Facts

DEFAULT = "DAM802"
_VIEW = "django.views.generic.base.View"
_MESSAGE = re.compile(rb"""["']type["']\s*:\s*["']([\w.]+)["']""")


@dataclass(frozen=True)
class Hook:
    """A finding about a method: the code of its rule, the method, and who calls it."""

    code: str
    function: FunctionInfo
    message: str
    certain: bool = True


def hook_facts(facts: Facts, code: str) -> Iterator[Fact]:
    """Give the findings of one rule about methods that a library calls the wrong way round."""
    hooks = facts.shared.get("hooks")
    if hooks is None:
        hooks = facts.shared["hooks"] = tuple(_hooks(facts))
    seen: set[FunctionInfo] = set()
    for hook in hooks:
        if hook.code == code and hook.function not in seen:
            seen.add(hook.function)
            certainty = "certain" if hook.certain else "likely"
            yield Fact(signature(hook.function), hook.message, hook.function.qualname, certainty=certainty)  # type: ignore[arg-type]


def _hooks(facts: Facts) -> Iterator[Hook]:
    for family in families(facts):
        if _worth_a_look(family) and in_use(facts, family):
            code = next((node.rule for node in family.stock if node.rule), DEFAULT)
            yield from _called(facts, family, code)
            yield from _never(family, code)
            yield from _messages(facts, family, code)


def _worth_a_look(family: Family) -> bool:
    """Whether a class of the project has a coroutine in it, or stands below coroutines of a library."""
    if any(node.coroutines for node in family.stock):
        return True
    return any(
        isinstance(member, FunctionInfo) and (member.is_async or member.decorators)
        for node in family.nodes
        if isinstance(node, ClassInfo)
        for member in node.members.values()
    ) or any(name in node.members for node in family.nodes if isinstance(node, ClassInfo) for name in _names(family))


def _names(family: Family) -> list[str]:
    return [name for node in family.stock for name in node.never]


def _called(facts: Facts, family: Family, code: str) -> Iterator[Hook]:
    for call in family.calls:
        function = call.callee.member
        if not isinstance(function, FunctionInfo) or call.how == "project":
            continue
        answer = gives_coroutine(facts, function)
        if call.how == "awaited":
            if answer is False and call.caller is not None and _returns_nothing(function):
                who = _title(call.caller)
                yield Hook(code, function, f"{who} awaits {function.name}(), which is not a coroutine function")
        elif answer and not (call.caller is None and _awaited_elsewhere(facts, family)):
            user = _user(facts, family, call, set())
            if user is not None:
                name = function.name
                yield Hook(code, function, f"{user} {name}() and does not await it", _is_certain(family, call))


def _awaited_elsewhere(facts: Facts, family: Family) -> bool:
    """Whether the project uses a package that awaits what the library itself does not, for all it tells."""
    packages = sorted({package for node in family.stock for package in node.awaited_by})
    if not packages or not facts.project.tree.containing(*(package.encode() for package in packages)):
        return False
    return not is_used_by_sync_view(facts, family, packages)


def _is_certain(family: Family, call: Call) -> bool:
    name = call.callee.name
    outside = call.caller is None and any(name in node.sometimes for node in family.stock)
    return not outside or any(other.caller is not None and other.callee == call.callee for other in family.calls)


def _user(facts: Facts, family: Family, call: Call, seen: set[Method]) -> str | None:
    """Return who uses the result of a call without awaiting it, as the start of a sentence; None if nobody does."""
    if call.how == "used":
        return f"{_title(call.caller)} calls" if call.caller is not None else f"{_root(family, call.callee)} calls"
    if call.how != "returned":
        return None
    if call.caller is None:
        # What dispatch() returns: Django awaits it where the handlers are coroutine functions.
        return "Django calls" if view_is_async(facts, family) is False else None
    if call.caller in seen:
        return None
    seen.add(call.caller)
    for other in family.calls:
        if other.callee == call.caller:
            found = _user(facts, family, other, seen)
            if found is not None:
                return f"{_title(call.caller)} returns what it gets from" if other.caller is None else found
    return None


def _title(method: Method) -> str:
    owner = method.owner.api.rpartition(".")[2] if isinstance(method.owner, StockClass) else method.owner.name
    return f"{owner}.{method.name}()"


def _root(family: Family, method: Method) -> str:
    for node in family.stock:
        if method.name in (*node.called, *node.sometimes, *node.entries):
            package = node.api.partition(".")[0]
            return {"django": "Django", "rest_framework": "Django REST framework"}.get(package, package.title())
    return "Django"


def view_is_async(facts: Facts, family: Family) -> bool | None:
    """Whether Django takes a view for async; None where that is not known, or where it refuses to say."""
    if not family.is_a(_VIEW) or any(
        name in node.members
        for node in family.nodes
        if isinstance(node, ClassInfo)
        for name in ("view_is_async", "as_view")
    ):
        return None
    names = family.handlers
    if names is None:
        return None
    marks = [mark for name, mark in handler_marks(facts, family, names)]
    if not marks or None in marks or len(set(marks)) > 1:
        return None
    return marks[0]


def handler_marks(facts: Facts, family: Family, names: tuple[str, ...]) -> list[tuple[Method, bool | None]]:
    """Return the handlers of a view that count, each with whether it is a coroutine function."""
    found = []
    for name in names:
        method = family.find(name) if name != "options" else None
        if method is not None:
            owner = method.owner if isinstance(method.owner, ClassInfo) else None
            found.append((method, is_marked(facts, method.member, owner)))
    return found


def _returns_nothing(function: FunctionInfo) -> bool:
    values = [node.value for node in function.own_nodes if isinstance(node, ast.Return)]
    return not function.is_generator and all(
        value is None or (isinstance(value, ast.Constant) and value.value is None) for value in values
    )


def _never(family: Family, code: str) -> Iterator[Hook]:
    if not family.is_known:
        return
    for name in _names(family):
        method = family.find(name)
        if method is not None and isinstance(method.member, FunctionInfo):
            yield Hook(code, method.member, f"nothing calls {name}() of a test case of Django")


def _messages(facts: Facts, family: Family, code: str) -> Iterator[Hook]:
    """Look at the handlers of messages, whose names a consumer computes from the type of the message."""
    if code != "DAM806":
        return
    asynchronous = not family.is_a("channels.consumer.SyncConsumer")  # which is an AsyncConsumer, too
    for name in sorted(family.names & _message_types(facts)):
        method = family.find(name)
        function = method.member if method is not None else None
        if not isinstance(function, FunctionInfo) or len(function.params) != 2:
            continue
        answer = gives_coroutine(facts, function)
        if asynchronous and answer is False and _returns_nothing(function):
            yield Hook(code, function, f"AsyncConsumer awaits {name}(), which is not a coroutine function")
        elif not asynchronous and answer:
            yield Hook(code, function, f"SyncConsumer calls {name}() and does not await it")


def _message_types(facts: Facts) -> frozenset[str]:
    known = facts.shared.get("messages")
    if known is None:
        tree = facts.project.tree
        paths = tree.containing(b"group_send", b"channel_layer")
        types = {found for path in paths for found in _MESSAGE.findall(tree.data(path) or b"")}
        known = facts.shared["messages"] = frozenset(text.decode().replace(".", "_") for text in types)
    return known
