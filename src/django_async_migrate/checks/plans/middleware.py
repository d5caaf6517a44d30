"""Plans for middleware: an async path beside the synchronous one, and the declarations that belong to it.

The path is a copy of the synchronous code that awaits ``get_response``. It is offered where the code certainly neither
blocks nor keeps anything for a thread; the scan of the result proves that it reaches no query.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan, Import, Redefine
from django_async_migrate.core.findings import Applicability, Span
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.modules import ExternalRef
from django_async_migrate.syntax.nodes import nodes_in

from .plain import unfit

if TYPE_CHECKING:
    from django_async_migrate.index.middleware import Middleware
    from django_async_migrate.index.modules import ModuleInfo
    from django_async_migrate.index.project import Project

_ASGIREF = "asgiref.sync"
_ASKS, _MARKS = "iscoroutinefunction", "markcoroutinefunction"
_BOTH = "sync_and_async_middleware"
Change = tuple[int, str]  # after which line of the file which lines are put in


def async_path(project: Project, middleware: Middleware) -> tuple[FixPlan | None, str]:
    """Return a plan that gives a synchronous middleware an async path, or why there is none."""
    definition = middleware.definition
    if isinstance(definition, FunctionInfo):
        return _function_path(definition, middleware)
    return _class_path(project, definition, middleware)


def mark(middleware: Middleware) -> FixPlan | None:
    """Return a plan that marks the instances of an async-capable class as coroutine functions."""
    cls = middleware.definition
    if not isinstance(cls, ClassInfo) or middleware.marked != "no" or middleware.manner == "touches":
        return None
    stored = _stored(cls)
    if stored is None or not _free(cls.module, _MARKS) or not _free(cls.module, _ASKS):
        return None
    changes, imports = _marking(cls, stored, middleware.sync_capable)
    return _plan(cls, changes, imports, "safe", "mark the instances as coroutine functions")


def declare(middleware: Middleware) -> FixPlan | None:
    """Return a plan that declares a middleware async only that is nothing else."""
    definition = middleware.definition
    module = definition.module
    if isinstance(definition, FunctionInfo):
        node = definition.node
        if definition.decorators or not isinstance(node, ast.FunctionDef) or not _free(module, "async_only_middleware"):
            return None
        imports = (Import(module.path, "django.utils.decorators", "async_only_middleware"),)
        changes = [(node.lineno - 1, "@async_only_middleware")]
        return _plan(definition, changes, imports, "safe", "declare it with async_only_middleware")
    stored = _stored(definition)
    if stored is None or middleware.style != "class" or not _free(module, _MARKS) or _flags(definition):
        return None
    if definition.find("__call__") != (definition, definition.members.get("__call__")):
        return None
    changes, more = _marking(definition, stored, sync=False) if middleware.marked == "no" else ([], ())
    changes.append(_declared(definition, sync=False))
    return _plan(definition, changes, more, "safe", "declare it async_capable and mark its instances")


# -- functions -----------------------------------------------------------------------------------------------


def _function_path(fn: FunctionInfo, middleware: Middleware) -> tuple[FixPlan | None, str]:
    node, module = fn.node, fn.module
    inner = [child for child in fn.own_nodes if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if not inner:
        return None, "another function calls get_response"
    if not isinstance(node, ast.FunctionDef) or len(inner) != 1 or not isinstance(inner[0], ast.FunctionDef):
        return None, "more than one function is made in it"
    body, called = node.body, inner[0]
    returned = body[-1]
    if called.decorator_list:
        return None, f"{called.name} is decorated"
    if called not in body or not isinstance(returned, ast.Return) or not isinstance(returned.value, ast.Name):
        return None, "its function is made or returned under a condition"
    if middleware.sync_capable is False or (fn.decorators and not middleware.async_capable):
        return None, "its decorator says that it is synchronous"
    uses = [part for part in fn.own_nodes if isinstance(part, ast.Name) and part.id == called.name]
    if len(uses) != 1 or any(called.name == arg.arg for arg in fn.params):
        return None, f"{called.name} is used for more than being returned"
    if not _starts_line(module, called.body[0]):
        return None, "it is written on one line"
    given = fn.params[0].arg
    function = module.function(called, None, fn)
    reason = unfit(function, {given})
    if reason:
        return None, reason
    name = f"async_{called.name}"
    if name in fn.local_names or not _free(module, _ASKS) or not _free(module, _BOTH):
        return None, f"a name that is needed ({name}, {_ASKS} or {_BOTH}) means something else here"
    copy = _copy(module, called, {given}, name)
    if copy is None:
        return None, "a string of several lines is in it"
    changes: list[Change] = [
        (_tail(module, called), "\n" + copy + ("" if _blank_after(module, called) else "\n")),
        (
            returned.lineno - 1,
            f"{_indent(module, returned)}if {_ASKS}({given}):\n{_indent(module, returned) * 2}return {name}",
        ),
    ]
    imports = [Import(module.path, _ASGIREF, _ASKS)]
    if not fn.decorators:
        changes.append((node.lineno - 1, f"@{_BOTH}"))
        imports.append(Import(module.path, "django.utils.decorators", _BOTH))
    return _plan(fn, changes, tuple(imports), "unsafe", "give it an async path beside the synchronous one"), ""


# -- classes -------------------------------------------------------------------------------------------------


def _class_path(project: Project, cls: ClassInfo, middleware: Middleware) -> tuple[FixPlan | None, str]:
    call = cls.members.get("__call__")
    if not isinstance(call, FunctionInfo) or not isinstance(call.node, ast.FunctionDef):
        return None, "its __call__ is inherited"
    if middleware.manner == "elsewhere":
        return None, "another function calls get_response"
    if cls.find("__acall__") is not None or middleware.manner not in {"touches", "passes"}:
        return None, "it has an async path of some kind"
    flags = _flags(cls)
    if flags - {"sync_capable", "async_capable"} or middleware.sync_capable is False:
        return None, "it says that it is async only"
    if flags and not middleware.async_capable:
        return None, "it says that it is synchronous"
    if _has_subclasses(project, cls):
        return None, "it has subclasses, which may replace __call__"
    stored = "self.get_response" if middleware.style == "mixin" else _stored(cls)
    if stored is None:
        return None, "it does not keep get_response in a plain way"
    if any(_mentions(member, stored) for name, member in cls.members.items() if name not in {"__init__", "__call__"}):
        return None, "another method uses get_response"
    receiver = call.params[0].arg
    if receiver != "self":
        return None, "its __call__ does not name self"
    reason = unfit(call, {stored}, cls)
    if reason:
        return None, reason
    needed = (_ASKS,) if middleware.style == "mixin" else (_ASKS, _MARKS)
    if not all(_free(cls.module, name) for name in needed):
        return None, f"{' or '.join(needed)} means something else here"
    copy = _copy(cls.module, call.node, {stored}, "__acall__")
    if copy is None:
        return None, "a string of several lines is in it"
    first = _first(call.node)
    if not _starts_line(cls.module, first):
        return None, "it is written on one line"
    indent = _indent(cls.module, first)
    unit = indent[: len(indent) - len(_indent(cls.module, call.node))]
    test = f"{_ASKS}({stored})" if middleware.style == "mixin" else f"{_ASKS}(self)"
    changes: list[Change] = [
        (first.lineno - 1, f"{indent}if {test}:\n{indent}{unit}return self.__acall__({call.params[1].arg})"),
        (_tail(cls.module, call.node), "\n" + copy),
    ]
    imports: tuple[Import, ...] = (Import(cls.module.path, _ASGIREF, _ASKS),)
    if middleware.style == "class":
        if middleware.marked == "no":
            more, imports = _marking(cls, stored, sync=True)
            changes += more
        if "async_capable" not in flags:
            changes.append(_declared(cls, sync=True))
    return _plan(cls, changes, imports, "unsafe", "give it an async path beside the synchronous one"), ""


def _flags(cls: ClassInfo) -> set[str]:
    return {name for name in ("sync_capable", "async_capable") if cls.find(name) is not None}


def _stored(cls: ClassInfo) -> str | None:
    """Return where the class's own ``__init__`` keeps ``get_response``, if it does so once, without a condition."""
    kept = _keeps(cls)
    return ast.unparse(kept.targets[0]) if kept is not None else None


def _keeps(cls: ClassInfo) -> ast.Assign | None:
    """Return the statement that keeps ``get_response``; None where instances cannot be marked after it."""
    init = cls.members.get("__init__")
    if not isinstance(init, FunctionInfo) or not isinstance(init.node, ast.FunctionDef) or len(init.params) < 2:
        return None
    if init.params[0].arg != "self" or init.decorators or cls.find("__slots__") is not None:
        return None
    given = init.params[1].arg
    found = [
        node
        for node in init.node.body
        if isinstance(node, ast.Assign)
        and [ast.unparse(target).startswith("self.") for target in node.targets] == [True]
        and isinstance(node.value, ast.Name)
        and node.value.id == given
    ]
    if len(found) != 1 or not _starts_line(cls.module, found[0]):
        return None
    names = {given, ast.unparse(found[0].targets[0])}
    stored = [
        node
        for node in init.own_nodes
        if isinstance(node, (ast.Name, ast.Attribute))
        and not isinstance(node.ctx, ast.Load)
        and ast.unparse(node) in names
    ]
    return found[0] if len(stored) == 1 else None


def _marking(cls: ClassInfo, stored: str, sync: bool) -> tuple[list[Change], tuple[Import, ...]]:
    """Return the lines that mark instances, to follow the statement that keeps ``get_response``."""
    init, kept = cls.members["__init__"], _keeps(cls)
    assert isinstance(init, FunctionInfo) and isinstance(init.node, ast.FunctionDef) and kept is not None
    indent = _indent(cls.module, kept)
    unit = indent[: len(indent) - len(_indent(cls.module, init.node))]
    path = cls.module.path
    marking = Import(path, _ASGIREF, _MARKS)
    if not sync:
        return [(_end(kept), f"{indent}{_MARKS}(self)")], (marking,)
    text = f"{indent}if {_ASKS}({stored}):\n{indent}{unit}{_MARKS}(self)"
    return [(_end(kept), text)], (Import(path, _ASGIREF, _ASKS), marking)


def _declared(cls: ClassInfo, sync: bool) -> Change:
    """Return the lines that declare a class, at the top of its body."""
    assert cls.node is not None
    body = cls.node.body
    doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    after = _end(body[0]) if doc else body[0].lineno - 1
    if not doc:
        decorators = getattr(body[0], "decorator_list", [])
        after = min([after, *(decorator.lineno - 1 for decorator in decorators)])
    indent = _indent(cls.module, body[0])
    lines = f"{indent}sync_capable = {sync}\n{indent}async_capable = True"
    if not doc:
        return after, f"{lines}\n"
    return after, f"\n{lines}" if _blank_after(cls.module, body[0]) else f"\n{lines}\n"


def _has_subclasses(project: Project, cls: ClassInfo) -> bool:
    expression = re.compile(rb"class\s+\w+\s*\([^)]*\b" + cls.name.encode() + rb"\b")
    paths = project.tree.containing(cls.name.encode())
    return any(expression.search(project.tree.data(path) or b"") for path in paths)


def _mentions(member: object, stored: str) -> bool:
    return isinstance(member, FunctionInfo) and any(
        isinstance(node, ast.Attribute) and ast.unparse(node) == stored for node in nodes_in(member.node)
    )


# -- text ----------------------------------------------------------------------------------------------------


def _plan(
    definition: FunctionInfo | ClassInfo,
    changes: list[Change],
    imports: tuple[Import, ...],
    applicability: Applicability,
    title: str,
) -> FixPlan | None:
    """Return a plan that puts lines into the source of a definition."""
    node, module = definition.node, definition.module
    assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
    if node not in module.parsed.tree.body:
        return None
    start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = module.parsed.lines[start - 1 : _tail(module, node)]
    for after, text in sorted(changes, key=lambda change: -change[0]):
        lines[after - start + 1 : after - start + 1] = text.split("\n")
    head = module.parsed.lines[node.lineno - 1]
    column = head.index(node.name, module.parsed.column(node.lineno, node.col_offset) + 3) + 1
    span = Span(module.path, node.lineno, column, node.lineno, column + len(node.name))
    return FixPlan(applicability, title, (Redefine(span, "\n".join(lines) + "\n"),), imports)


def _copy(module: ModuleInfo, node: ast.FunctionDef, responders: set[str], name: str) -> str | None:
    """Return an async copy of a function under another name, with its calls of ``get_response`` awaited."""
    first = _end(node.body[0]) if _is_docstring(node.body[0]) else 0
    for part in nodes_in(node):
        if isinstance(part, (ast.Constant, ast.JoinedStr)) and (part.end_lineno or 0) > part.lineno > first:
            return None
    parsed = module.parsed
    lines = {number: parsed.lines[number - 1] for number in range(node.lineno, _end(node) + 1)}
    inserts: list[tuple[int, int, str]] = []
    tight = {_held(part) for part in nodes_in(node)}
    for part in nodes_in(node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) in responders:
            span = parsed.span(part)
            before, after = ("(await ", ")") if part in tight else ("await ", "")
            inserts += [(span.line, span.column - 1, before), (span.end_line, span.end_column - 1, after)]
    for line, column, text in sorted(inserts, reverse=True):
        lines[line] = lines[line][:column] + text + lines[line][column:]
    head = re.sub(rf"\bdef\s+{re.escape(node.name)}\b", f"async def {name}", lines[node.lineno], count=1)
    kept = [line for number, line in lines.items() if number > node.lineno]
    return "\n".join([head, *kept])


def _held(node: ast.AST) -> ast.expr | None:
    """Return the part of an expression where ``await`` takes parentheses."""
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Await)):
        return node.value
    if isinstance(node, ast.Call):
        return node.func
    return node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) else None


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _first(node: ast.FunctionDef) -> ast.stmt:
    """Return the first statement that does anything."""
    return node.body[1] if _is_docstring(node.body[0]) and len(node.body) > 1 else node.body[0]


def _indent(module: ModuleInfo, node: ast.stmt) -> str:
    line = module.parsed.lines[node.lineno - 1]
    return line[: len(line) - len(line.lstrip())]


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _tail(module: ModuleInfo, node: ast.FunctionDef | ast.ClassDef) -> int:
    """Return the last line of a definition, with the comments at the end of its body."""
    lines, last = module.parsed.lines, _end(node)
    inside = len(_indent(module, node.body[-1]))
    for number in range(last + 1, len(lines) + 1):
        text = lines[number - 1].lstrip()
        if text.strip() and (not text.startswith("#") or len(lines[number - 1]) - len(text) < inside):
            break
        last = number if text.strip() else last
    return last


def _starts_line(module: ModuleInfo, node: ast.stmt) -> bool:
    """Whether nothing stands before a statement on its line."""
    return len(_indent(module, node)) == module.parsed.span(node).column - 1


def _blank_after(module: ModuleInfo, node: ast.stmt) -> bool:
    lines, last = module.parsed.lines, _end(node)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        last = _tail(module, node)
    return last < len(lines) and not lines[last].strip()


def _free(module: ModuleInfo, name: str) -> bool:
    """Whether a name is not bound in a module, or bound to what it stands for in Django and asgiref."""
    if name not in module.bindings:
        return True
    meant = {f"{_ASGIREF}.{name}", f"django.utils.decorators.{name}"}
    return all(isinstance(d, ExternalRef) and d.api in meant for d in module.project.lookup(module, name))
