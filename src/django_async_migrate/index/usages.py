"""What becomes of a value: how the code around an expression uses it.

Only uses that go wrong with a coroutine, or with what cannot be awaited, are of interest. Whatever hands a value on (an
argument, a container, ``return``) is none of them: somebody else may await it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from django_async_migrate.syntax.nodes import nodes_in

from .containers import MAKERS, idle_containers, put_into


class Use(NamedTuple):
    """How a value is used, and by what node around it.

    ``kind``: "dropped", "unused", "tested", "used", "iterated" (by ``async for``), "awaited", "bridged" (given to a
    bridge), "returned", "given" (to the method ``how``), "passed" (to the method or class ``how``), "stored" (as the
    attribute ``how``), "gathered" (given to ``gather()``), "asked" (a function that ``how`` calls for each item) or
    "held" (by a variable). ``inside``: what a container holds counts too.
    """

    kind: str
    how: str = ""
    around: ast.AST | None = None
    inside: bool = False


#: What coroutines and tasks have themselves.
_OWN_ATTRIBUTES = frozenset(
    {
        "close",
        "send",
        "throw",
        "cr_await",
        "cr_code",
        "cr_frame",
        "cr_origin",
        "cr_running",
        "cr_suspended",
        "cancel",
        "cancelled",
        "done",
        "result",
        "exception",
        "add_done_callback",
        "add_success_callback",
        "remove_done_callback",
        "get_name",
        "set_name",
        "get_coro",
    }
)
#: Builtins that look into what they are given.
_READERS = frozenset(
    {
        "len",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "sorted",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "int",
        "float",
        "iter",
        "next",
        "enumerate",
        "reversed",
        "zip",
        "abs",
        "round",
        "str",
        "repr",
        "format",
        "range",
        "Decimal",
    }
)
#: Builtins that look at each item of what they are given.
_ITEM_READERS = frozenset({"sorted", "sum", "min", "max", "any", "all"})
#: Builtins that call a function for each item: as an argument of which name.
ASKING = frozenset({"sorted", "min", "max", "sort", "filter"})
#: What puts values into a response, at the latest when it is rendered.
SHOWN = frozenset(
    {
        "JsonResponse",
        "HttpResponse",
        "HttpResponseRedirect",
        "Response",
        "TemplateResponse",
        "dumps",
        "format_html",
        "mark_safe",
        "print",
        "redirect",
        "render",
        "render_to_string",
        *("send_json", "send_message", "send_photo", "reply_text", "reply_html", "reply_photo"),
        *("edit_text", "edit_message_text"),
    }
)
#: Methods that send a message: what they are given by name becomes part of it.
_SENDERS = frozenset({"send", "reply", "respond", "edit", "edit_message", "edit_original_response"})
_LOGGERS = frozenset({"log", "logger", "logging", "_logger", "LOG", "LOGGER"})
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
#: What makes a call one that a test looks at from outside.
_EXPECTS = ("raises", "assertraises", "assertraisesmessage", "warns", "assertwarns", "patch", "object")
#: What is given a function, to run it in a thread or on a loop.
BRIDGES = frozenset(
    {"sync_to_async", "database_sync_to_async", "async_to_sync", "to_thread", "run_in_threadpool", "run_sync"}
)
#: What runs the coroutines it is given, or waits for them.
RUNNERS = frozenset(
    {
        "gather",
        "create_task",
        "ensure_future",
        "wait_for",
        "wait",
        "shield",
        "as_completed",
        "run",
        "run_until_complete",
        "run_coroutine_threadsafe",
        "start_soon",
        "isawaitable",
        "iscoroutine",
    }
)
#: Arguments of a call that keep a value, or run what they are given.
KEEPERS = frozenset({"aget_or_set", "get_or_set", "set", "aset", "add", "aadd"})


#: What may be several values in one.
_ROWS = (ast.List, ast.ListComp, ast.Tuple, ast.GeneratorExp, ast.Name)
#: What may hold a coroutine: displays, and variables.
_HOLDERS = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.Name)
#: Displays of items.
_WRITTEN = (ast.List, ast.Tuple, ast.Set)
#: Nodes that bind names to values.
BINDERS = frozenset({ast.Assign, ast.AnnAssign, ast.For, ast.comprehension})
#: Nodes that use no value.
_IDLE = frozenset({ast.Name, ast.Constant, ast.keyword, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict})


def called_name(node: ast.AST) -> str:
    """Return the last name of what a call calls; empty where that is no name."""
    func = node.func if isinstance(node, ast.Call) else node
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def uses_in(nodes: Iterable[ast.AST], bridges: frozenset[str], given: Collection[str] = ()) -> dict[ast.expr, Use]:
    """Return the uses that the nodes of one function's body make of expressions.

    ``bridges`` are the names of such, ``given`` those of its parameters.
    """
    found: dict[ast.expr, Use] = {}
    excused: set[ast.AST] = set()
    nodes = list(nodes)
    inner = [name for node in nodes for name in _inner_names(node)]
    loaded = {
        node.id
        for node in (*(node for node in nodes if isinstance(node, ast.Name)), *inner)
        if isinstance(node.ctx, (ast.Load, ast.Del))
    }
    outer = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    idle = idle_containers(nodes, inner, outer, given)
    for node in nodes:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            if any(called_name(item.context_expr).lower() in _EXPECTS for item in node.items):
                excused.update(inner for statement in node.body for inner in nodes_in(statement))
    for node in nodes:
        if type(node) in _IDLE:
            continue
        for expr, use in _uses(node, bridges):
            if use.kind == "dropped" and expr in excused:
                continue
            found.setdefault(expr, use)
        for value in put_into(node, idle) if idle else ():
            found.update((part, use) for part, use in _kept(value, "unused") if isinstance(part, ast.Call))
        if type(node) not in BINDERS:
            continue
        bound = [(target.id, value) for target, value in bound_by(node) if isinstance(target, ast.Name)]
        read = {id(value) for name, value in bound if name in (loaded | outer) - idle}
        for _, value in bound:
            kind = "held" if id(value) in read else "unused"
            for part, use in _kept(value, kind):
                if kind == "held" or not isinstance(part, ast.Name):
                    found.setdefault(part, use)
    return found


def bound_by(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a statement binds, each with the value, or the container of values, that it is given."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            whole = not any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
            yield from zip(target.elts, value.elts, strict=False) if whole else ()
        else:
            yield target, value
    elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.iter, _WRITTEN):
        yield node.target, node.iter


def _kept(value: ast.expr, kind: str) -> Iterator[tuple[ast.expr, Use]]:
    """Yield what is put into a variable, or dropped: ``list(map(send, rows))`` is a container, its items count."""
    for part in parts_of(value):
        made = isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in MAKERS
        yield part, Use(kind, inside=made)
        if made and isinstance(part, ast.Call):
            for argument in (*part.args, *(keyword.value for keyword in part.keywords)):
                items = parts_of(argument) if part.func.id == "dict" else _items(argument)  # type: ignore[attr-defined]
                yield from ((item, Use(kind)) for item in items if isinstance(item, ast.Call))


def parts_of(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions whose values an expression gives, or holds: those of displays and of both branches."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from parts_of(value)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for value in node.elts:
            yield from parts_of(value)
    elif isinstance(node, (ast.ListComp, ast.SetComp)):
        yield from parts_of(node.elt)
    elif isinstance(node, ast.DictComp):
        yield from parts_of(node.value)
    elif isinstance(node, ast.IfExp):
        yield from parts_of(node.body)
        yield from parts_of(node.orelse)
    elif isinstance(node, ast.BoolOp):
        yield from parts_of(node.values[-1])
    else:
        yield node


def functions_in(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what a call of a function that is handed on calls: that of a lambda, or of ``partial()``, is inside."""
    for part in parts_of(node):
        if isinstance(part, ast.Lambda):
            yield from (inner.func for inner in parts_of(part.body) if isinstance(inner, ast.Call))
        elif isinstance(part, ast.Call) and called_name(part) == "partial" and part.args:
            yield from functions_in(part.args[0])
        else:
            yield part


def awaits_inside(node: ast.GeneratorExp) -> bool:
    """Whether a generator expression is asynchronous: it awaits, in more than its first iterable."""
    if any(part.is_async for part in node.generators):
        return True
    todo: list[ast.AST] = [node.elt, *(test for part in node.generators for test in part.ifs)]
    todo += [part.iter for part in node.generators[1:]]
    while todo:
        current = todo.pop()
        if isinstance(current, ast.Await):
            return True
        if not isinstance(current, (ast.Lambda, ast.GeneratorExp)):
            todo += ast.iter_child_nodes(current)
    return False


def _inner_names(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the names in functions and classes nested in the body, whose own nodes are not among those of the body."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        for inner in nodes_in(node):
            if isinstance(inner, ast.Name):
                yield inner


def _uses(node: ast.AST, bridges: frozenset[str]) -> Iterator[tuple[ast.expr, Use]]:
    if isinstance(node, ast.Attribute):
        if node.attr not in _OWN_ATTRIBUTES and not node.attr.startswith("__"):
            yield node.value, Use("used", f"asks it for .{node.attr}")
    elif isinstance(node, ast.Call):
        yield from _of_call(node, bridges)
    elif isinstance(node, ast.Expr):
        yield from _kept(node.value, "dropped")
    elif isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        yield from _tested(node.test)
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield from _tested(node.operand)
        else:
            yield node.operand, Use("used", "calculates with it")
    elif isinstance(node, ast.BoolOp):
        for operand in node.values[:-1]:
            yield from _tested(operand)
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield from _tested(test)
        yield node.iter, _iterated(node.iter, bool(node.is_async))
    elif isinstance(node, ast.Compare):
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            if isinstance(op, (ast.In, ast.NotIn)):
                yield left, Use("tested", "compared")
                yield right, Use("used", "looks into it")
            elif isinstance(op, (ast.Eq, ast.NotEq)):
                yield left, Use("tested", "compared")
                yield right, Use("tested", "compared")
            elif not isinstance(op, (ast.Is, ast.IsNot)):
                yield left, Use("used", "compares it")
                yield right, Use("used", "compares it")
            elif isinstance(right, ast.Constant) and right.value is None:
                yield left, Use("tested", "compared with None")
            elif isinstance(right, ast.Constant) and isinstance(right.value, bool):
                yield left, Use("tested", "compared with a truth value")
    elif isinstance(node, ast.Subscript):
        yield node.value, Use("used", "indexes it")
        bounds = [node.slice.lower, node.slice.upper] if isinstance(node.slice, ast.Slice) else [node.slice]
        yield from ((bound, Use("used", "indexes with it")) for bound in bounds if bound is not None)
    elif isinstance(node, ast.Match):
        yield node.subject, Use("used", "matches it")
    elif isinstance(node, ast.Raise) and node.exc is not None:
        yield node.exc, Use("used", "raises it")
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield node.iter, _iterated(node.iter, isinstance(node, ast.AsyncFor))
    elif isinstance(node, ast.Starred):
        yield node.value, Use("used", "unpacks it")
    elif isinstance(node, ast.FormattedValue):
        yield node.value, Use("used", "makes text of it")
    elif isinstance(node, ast.BinOp):
        yield node.left, Use("used", "calculates with it")
        yield node.right, Use("used", "calculates with it")
    elif isinstance(node, ast.AugAssign):
        yield node.value, Use("used", "calculates with it")
    elif isinstance(node, ast.Assign):
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            yield node.value, Use("used", "unpacks it")
        for target in node.targets:
            if _is_scope_entry(target):
                yield from ((part, Use("used", "puts it into the scope")) for part in parts_of(node.value))
            if isinstance(target, ast.Attribute):
                yield node.value, Use("stored", target.attr, target)
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            yield item.context_expr, Use("used", "enters it")
    elif isinstance(node, ast.Return) and node.value is not None:
        yield node.value, Use("returned")
    elif isinstance(node, ast.Await):
        yield node.value, Use("awaited")


def _is_scope_entry(target: ast.expr) -> bool:
    """Whether an assignment sets an entry of an ASGI scope, which applications read as a value: ``scope["user"]``."""
    return (
        isinstance(target, ast.Subscript)
        and called_name(target.value) == "scope"
        and isinstance(target.slice, ast.Constant)
        and target.slice.value in {"user", "session", "path", "url_route", "headers", "cookies"}
    )


def _iterated(node: ast.expr, is_async: bool) -> Use:
    if is_async and isinstance(node, ast.Call) and called_name(node) == "iterator":
        return Use("awaited", "async for")
    return Use("iterated" if is_async else "used", "iterates over it")


def _tested(test: ast.expr) -> Iterator[tuple[ast.expr, Use]]:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _tested(test.operand)
    elif isinstance(test, ast.BoolOp):
        for operand in test.values:
            yield from _tested(operand)
    elif isinstance(test, ast.NamedExpr):
        yield test.value, Use("tested")
    else:
        yield test, Use("tested")


def _of_call(node: ast.Call, bridges: frozenset[str]) -> Iterator[tuple[ast.expr, Use]]:
    name = called_name(node)
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(node.func, ast.Call):
        yield node.func, Use("used", "calls it")
    elif isinstance(node.func, ast.Name) and name == "bool":
        for argument in node.args:
            yield argument, Use("tested")
    elif isinstance(node.func, ast.Name) and name in _READERS:
        yield from _read(node, name)
    elif isinstance(node.func, ast.Name) and name in {"filter", "map"} and len(node.args) > 1:
        yield from ((argument, Use("used", f"passes it to {name}()")) for argument in node.args[1:])
        if name == "filter":
            yield node.args[0], Use("asked", name, node)
    elif name in {"getattr", "extend", "join"} and node.args:
        if name == "join":
            yield from ((part, Use("used", f"passes it to {name}()")) for part in _items(node.args[0]))
        yield node.args[0], Use("used", f"passes it to {name}()", inside=name == "join")
    elif name == "format" and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
        yield from ((argument, Use("used", "makes text of it")) for argument in arguments)
    elif name in SHOWN or (name in _LOGGING and called_name(getattr(node.func, "value", node)) in _LOGGERS):
        for argument in arguments:
            yield from ((part, Use("used", f"passes it to {name}()", inside=True)) for part in parts_of(argument))
    elif name in bridges and (node.args or node.keywords):
        functions = node.args[:1] or [keyword.value for keyword in node.keywords if keyword.arg in {"func", "function"}]
        for function in functions:
            yield function, Use("bridged", name, node)
    elif name == "gather":
        yield from ((argument, Use("gathered", name, node)) for argument in node.args if isinstance(argument, _ROWS))
    elif name in KEEPERS and isinstance(node.func, ast.Attribute) and len(arguments) > 1:
        yield arguments[1], Use("given", name, node)
    elif name not in RUNNERS:
        sends = name in _SENDERS and isinstance(node.func, ast.Attribute)
        for keyword in node.keywords if sends else ():
            how = f"passes it to {name}()"
            yield from ((part, Use("used", how, inside=True)) for part in parts_of(keyword.value))
        for argument in node.args if sends else arguments:
            within = isinstance(argument, _HOLDERS)
            yield from ((part, Use("passed", name, node, within)) for part in parts_of(argument))
    if name in ASKING and name != "filter":
        yield from ((keyword.value, Use("asked", name, node)) for keyword in node.keywords if keyword.arg == "key")


def _read(node: ast.Call, name: str) -> Iterator[tuple[ast.expr, Use]]:
    """Yield what a builtin looks into, and what it finds there."""
    how = f"passes it to {name}()"
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            continue
        items = name in _ITEM_READERS
        kind = "tested" if name in {"any", "all"} else "used"
        yield argument, Use("used" if not isinstance(argument, ast.Name) else kind, how, inside=items)
        if items:
            yield from ((part, Use(kind, how)) for part in _items(argument))


def _items(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the items that an expression writes out."""
    if isinstance(node, ast.GeneratorExp):
        yield node.elt
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.List, ast.Tuple, ast.Set)):
        yield from parts_of(node)
