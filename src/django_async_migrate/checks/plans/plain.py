"""Whether code may run on the event loop as it stands: it calls only what certainly does not block."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import Assigned, ExternalRef
from django_async_migrate.syntax.nodes import nodes_in


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


#: What a middleware may read of a request without loading anything.
_REQUEST = _words(
    "method path path_info META headers COOKIES GET POST body content_type content_params encoding resolver_match",
    "scheme get_full_path get_host get_port build_absolute_uri is_secure get_full_path_info accepts urlconf __dict__",
)
_BUILTINS = _words(
    "abs all any bool bytes callable dict divmod enumerate filter float format frozenset getattr hasattr hash id int",
    "isinstance issubclass iter len list map max min next ord range repr reversed round set setattr sorted str sum",
    "tuple type zip KeyError ValueError TypeError AttributeError RuntimeError Exception",
)
_APIS = (
    *("time.monotonic", "time.perf_counter", "time.time", "time.process_time", "uuid.", "logging.", "re.", "json."),
    *("datetime.", "hashlib.", "hmac.", "secrets.", "base64.", "urllib.parse.", "ipaddress.", "functools.", "copy."),
    *("math.", "random.", "string.", "html.", "collections.", "itertools.", "operator.", "http.", "zoneinfo."),
    *("django.http.", "django.utils.timezone.", "django.utils.cache.", "django.utils.http.", "django.utils.encoding."),
    *("django.utils.html.", "django.utils.text.", "django.utils.crypto.", "django.utils.translation.", "django.urls."),
    *(
        "contextvars.",
        "django.conf.settings.",
        "django.core.exceptions.",
        "django.utils.functional.",
        "types.SimpleNamespace",
    ),
)
#: Methods of texts, dictionaries, headers, responses and loggers.
_METHODS = _words(
    "get items keys values setdefault append extend insert update pop remove discard add clear copy startswith",
    "endswith split rsplit partition rpartition strip lstrip rstrip lower upper title format join replace encode",
    "decode count index find match search sub fullmatch group groups set_cookie delete_cookie has_header",
    "set_signed_cookie isoformat total_seconds strftime timestamp debug info warning error exception critical log hex",
    "isdigit get_full_path get_host get_port build_absolute_uri is_secure set reset",
)
_DEEP = 3


def unfit(fn: FunctionInfo, responders: set[str], cls: ClassInfo | None = None) -> str:
    """Return why a function cannot be copied as a coroutine function; empty where it can."""
    if fn.is_generator:
        return "it yields"
    nodes = fn.own_nodes
    if any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)) for node in nodes):
        return "functions are made in it"
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) in responders]
    if not calls:
        return "it does not call get_response itself"
    if sum(ast.unparse(node) in responders for node in nodes if isinstance(node, (ast.Name, ast.Attribute))) > len(
        calls
    ):
        return "get_response is used for more than being called"
    for node in nodes:
        if isinstance(node, (ast.With, ast.AsyncWith)) and any(part in calls for part in nodes_in(node)):
            return "get_response is called inside a with statement"
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            if any(part in calls for part in nodes_in(node)):
                return "get_response is called inside a comprehension"
        if (
            isinstance(node, ast.Call)
            and node not in calls
            and any(ast.unparse(arg) in responders for arg in node.args)
        ):
            return "get_response is handed on"
    return _reason(fn, responders, cls, 0)


def _reason(fn: FunctionInfo, responders: set[str], cls: ClassInfo | None, depth: int, fresh: bool = False) -> str:
    """Return what speaks against a body; ``fresh``: it sets up an object that nobody else has."""
    request = next((arg.arg for arg in fn.params if arg.arg in {"request", "req"}), "")
    if not request and depth == 0:
        request = fn.params[-1].arg
    for node in fn.own_nodes:
        if isinstance(node, ast.Global):
            return "it changes variables of the module"
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if isinstance(node.ctx, ast.Store) and owner == "self" and not fresh:
                return "it keeps something of a request in the middleware, which all requests share"
            if (
                request
                and owner == request
                and isinstance(node.ctx, ast.Load)
                and node.attr not in _REQUEST | _own(fn, request)
            ):
                return f"{request}.{node.attr} may load something"
            if isinstance(node.ctx, ast.Load) and owner == "self" and cls is not None:
                reason = _computed(cls, node.attr, depth)
                if reason:
                    return reason
            if node.attr == "streaming_content":
                return "it touches a streaming response"
            if isinstance(node.ctx, ast.Store) and _is_thread_local(fn, owner):
                return "it keeps something for the thread"
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in responders:
            reason = _called(fn, node, responders, cls, depth)
            if reason:
                return reason
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            if node.value.id not in fn.local_names:
                return "it changes an object of the module"
        if isinstance(node, (ast.With, ast.AsyncWith, ast.Yield, ast.YieldFrom, ast.Await)):
            return "it enters a context that nobody can vouch for"
    return ""


def _computed(cls: ClassInfo, name: str, depth: int) -> str:
    """Return what speaks against reading an attribute that is a property; empty for any other."""
    member = cls.find(name)
    if member is None or not isinstance(member[1], FunctionInfo) or not member[1].decorators:
        return ""
    doubt = f"nobody can vouch for self.{name}"
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in member[1].decorators}
    if names <= {"staticmethod", "classmethod"}:
        return ""  # a call of it is looked at as such
    if not names <= {"property", "cached_property"} or depth >= _DEEP or member[1].is_generator:
        return doubt
    return _reason(member[1], set(), cls, depth + 1)


def _own(fn: FunctionInfo, request: str) -> set[str]:
    """Return the attributes that the function itself has put on the request."""
    return {
        node.attr
        for node in fn.own_nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == request
    }


def _is_thread_local(fn: FunctionInfo, name: str) -> bool:
    found = fn.module.project.lookup(fn.module, name) if name and name not in fn.local_names else []
    return any(isinstance(entry, (Assigned, ExternalRef)) for entry in found)


def _called(fn: FunctionInfo, call: ast.Call, responders: set[str], cls: ClassInfo | None, depth: int) -> str:
    """Return what speaks against a call; empty where nothing does."""
    func, project = call.func, fn.module.project
    text = ast.unparse(func)
    doubt = f"nobody can vouch for {text}()"
    if isinstance(func, ast.Name) and func.id in fn.local_names:
        return doubt
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
        member = cls.find(func.attr) if cls is not None else None
        return _followed(member[1] if member is not None else None, cls, depth, doubt)
    definitions = project.resolve(fn.module, func, fn)
    if definitions:
        if len(definitions) == 1 and isinstance(definitions[0], ExternalRef):
            return "" if definitions[0].api.startswith(_APIS) else doubt
        return _followed(definitions[0] if len(definitions) == 1 else None, None, depth, doubt)
    if isinstance(func, ast.Name):
        return _built_in(fn, func.id, call) if func.id in _BUILTINS else doubt
    if isinstance(func, ast.Attribute) and func.attr in _METHODS and _is_harmless(fn, func.value, cls):
        return ""
    return doubt


def _built_in(fn: FunctionInfo, name: str, call: ast.Call) -> str:
    """Return what speaks against a call of a built-in: an attribute of the request by its name."""
    if name not in {"getattr", "hasattr"} or not call.args or not isinstance(call.args[0], ast.Name):
        return ""
    owner = call.args[0].id
    attr = call.args[1].value if len(call.args) > 1 and isinstance(call.args[1], ast.Constant) else None
    if owner in {"settings", "response"} or attr in _REQUEST | _own(fn, owner):
        return ""
    return f"{owner}.{attr} may load something" if isinstance(attr, str) else f"{owner} may load something"


def _followed(definition: object, cls: ClassInfo | None, depth: int, doubt: str) -> str:
    """Look into a function of the project, or into what sets up an object of one of its classes."""
    if isinstance(definition, ClassInfo):
        init = definition.find("__init__")
        if definition.node is None or definition.externals not in ((), ("object",)) or depth >= _DEEP:
            return doubt
        if definition.find("__new__") is not None or definition.node.keywords:
            return doubt
        made = init[1] if init is not None else None
        if made is None:
            return ""
        return _reason(made, set(), definition, depth + 1, True) if isinstance(made, FunctionInfo) else doubt
    if not isinstance(definition, FunctionInfo) or definition.is_async or definition.is_generator or depth >= _DEEP:
        return doubt
    return _reason(definition, set(), cls, depth + 1) if not definition.decorators else doubt


def _is_harmless(fn: FunctionInfo, receiver: ast.expr, cls: ClassInfo | None) -> bool:
    """Whether a method is called on a value that is no manager, cache or client."""
    for root in _roots(receiver):
        if isinstance(root, ast.Attribute):  # self.something
            init = cls.members.get("__init__") if cls is not None else None
            if not isinstance(init, FunctionInfo) or not _is_set_plainly(init, ast.unparse(root)):
                return False
        elif isinstance(root, ast.Name):
            if root.id not in fn.local_names and not _is_plain_global(fn, root.id):
                return False
        elif not isinstance(root, (*_LITERALS, ast.Call, ast.BinOp)):
            return False
    return True


_LITERALS = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr)


def _is_set_plainly(init: FunctionInfo, text: str) -> bool:
    """Whether ``__init__`` gives an attribute literals, or what one of the harmless functions makes, and only these."""
    values = [
        node.value
        for node in init.own_nodes
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == text for target in node.targets)
    ]
    return bool(values) and all(_is_plain_value(init, value) for value in values)


def _is_plain_global(fn: FunctionInfo, name: str) -> bool:
    definitions = fn.module.project.lookup(fn.module, name)
    for entry in definitions:
        if isinstance(entry, Assigned):
            if entry.value is None or not _is_plain_value(fn, entry.value):
                return False
        elif not isinstance(entry, ExternalRef) or not (entry.api + ".").startswith(_APIS):
            return False
    return bool(definitions)


def _is_plain_value(fn: FunctionInfo, value: ast.expr) -> bool:
    if isinstance(value, _LITERALS):
        return True
    called = value.func if isinstance(value, ast.Call) else value
    if isinstance(called, ast.Name) and called.id == "getattr" and isinstance(value, ast.Call) and value.args:
        called = value.args[0]
    name = fn.module.project.external_name(fn.module, called)
    return name is not None and (name + ".").startswith(_APIS)


def _roots(node: ast.expr) -> Iterator[ast.expr]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            break
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _roots(node.func.value)
    else:
        yield node
