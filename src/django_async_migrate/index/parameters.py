"""What functions and classes of the project take for their parameters: values, and no coroutines.

Told from the syntax alone. An annotation says so, or the body does: it asks the parameter for an attribute, compares
it, makes text of it, and nowhere awaits it or gives it to what does. What a function only passes on, or keeps on
``self``, is looked for there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import nodes_in

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import ModuleInfo
from .usages import BRIDGES, RUNNERS, Use, called_name, uses_in

if TYPE_CHECKING:
    from .project import Project

#: Builtin types: whatever is annotated so is no coroutine.
_PLAIN = frozenset(
    {"str", "int", "float", "bool", "bytes", "dict", "list", "tuple", "set", "frozenset", "complex", "Dict", "List"}
)
_UNIONS = frozenset({"Optional", "Union"})
#: Calls by which code asks what it was given.
_QUESTIONS = frozenset({"isinstance", "callable", "hasattr", "type", "isawaitable", "iscoroutine"})
#: What a function may do with a coroutine before it hands it to what awaits it.
_IDLE = ("enters it", "makes text of it", "passes it to str(", "passes it to repr(", "passes it to print(")
_LOGGED = frozenset(f"passes it to {name}()" for name in ("debug", "info", "warning", "error", "exception", "critical"))
_DEPTH = 4


class Parameters:
    """Answers, for one project, whether what a parameter takes is used as a value."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._uses: dict[FunctionInfo, dict[ast.expr, Use]] = {}
        self._known: dict[tuple[object, str, bool], bool] = {}

    def takes_value(self, taker: FunctionInfo | ClassInfo, call: ast.Call, argument: ast.expr, within: bool) -> bool:
        """Whether a call's argument reaches a parameter that is used as a value.

        ``within``: the argument is a container, and what it holds has to be used.
        """
        return self._takes(taker, call, argument, within, 0, None)

    def _takes(
        self,
        taker: FunctionInfo | ClassInfo,
        call: ast.Call,
        argument: ast.expr,
        within: bool,
        depth: int,
        cls: ClassInfo | None,
    ) -> bool:
        """``cls``: the class of ``self`` where that is known better than by where the method stands."""
        if isinstance(taker, ClassInfo):
            found = taker.find("__init__")
            if found is None:
                name = _keyword_of(call, argument)
                return name is not None and not within and self._is_plain_field(taker, name)
            if not isinstance(found[1], FunctionInfo):
                return False
            return self._takes_at(found[1], found[1].params[1:], call, argument, within, depth, taker)
        names = {getattr(target, "id", "") for target in taker.decorators}
        bound = taker.cls is not None and "staticmethod" not in names
        return self._takes_at(taker, taker.params[bound:], call, argument, within, depth, cls or taker.cls)

    def _takes_at(
        self,
        fn: FunctionInfo,
        params: list[ast.arg],
        call: ast.Call,
        argument: ast.expr,
        within: bool,
        depth: int,
        cls: ClassInfo | None,
    ) -> bool:
        if any(isinstance(given, ast.Starred) for given in call.args):
            return False
        name = _keyword_of(call, argument)
        if name is None:
            place = next((number for number, given in enumerate(call.args) if argument in _layers(given)), None)
            if place is None or place >= len(params):
                return False
            param = params[place]
        else:
            named = [each for each in (*params, *fn.args.kwonlyargs) if each.arg == name]
            if not named:
                return False
            param = named[0]
        return self._wants(fn, param, within, depth, cls)

    def _wants(self, fn: FunctionInfo, param: ast.arg, within: bool, depth: int, cls: ClassInfo | None) -> bool:
        key = ((fn, cls), param.arg, within)
        known = self._known.get(key)
        if known is None:
            self._known[key] = False  # a recursion tells nothing
            known = self._known[key] = self._looked_up(fn, param, within, depth, cls)
        return known

    def _looked_up(self, fn: FunctionInfo, param: ast.arg, within: bool, depth: int, cls: ClassInfo | None) -> bool:
        if depth > _DEPTH or fn.module.parsed is None:
            return False
        reads: list[ast.Name] = []
        for node in nodes_in(fn.node):
            if isinstance(node, ast.Name) and node.id == param.arg:
                if not isinstance(node.ctx, ast.Load):
                    return False  # it is something else from there on
                reads.append(node)
        own = set(map(id, fn.own_nodes))
        if any(id(node) not in own for node in reads):
            return False  # a nested function may run at any time
        return self._told(fn, list(reads), within, depth, cls) or (
            not within and self._is_plain_type(fn.module, param.annotation, fn) and not self._waits(fn, list(reads))
        )

    def _told(self, fn: FunctionInfo, reads: list[ast.expr], within: bool, depth: int, cls: ClassInfo | None) -> bool:
        """Whether one of the places where something is read uses it as a value, and none waits for it."""
        if not reads or self._waits(fn, reads):
            return False
        uses = self._uses_of(fn)
        for read in reads:
            use = uses.get(read)
            if use is not None and use.kind == "used" and (use.inside or not within) and not _is_idle(use):
                return True
        wanted = set(map(id, reads))
        for node in fn.own_nodes:
            if isinstance(node, ast.Call):
                for given in (*node.args, *(keyword.value for keyword in node.keywords)):
                    if id(given) in wanted and self._passed_on(fn, node, given, within, depth, cls):
                        return True
            elif isinstance(node, ast.Assign) and id(node.value) in wanted and cls is not None:
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and fn.params:
                        if target.value.id == fn.params[0].arg and self._kept(cls, target.attr, within, depth):
                            return True
        return False

    def _passed_on(
        self, fn: FunctionInfo, call: ast.Call, given: ast.expr, within: bool, depth: int, cls: ClassInfo | None
    ) -> bool:
        own = cls if fn.cls is not None and _on_itself(fn, call.func) else None
        takers = list(self._takers(fn, call.func, cls))
        return bool(takers) and all(self._takes(taker, call, given, within, depth + 1, own) for taker in takers)

    def _takers(self, fn: FunctionInfo, func: ast.expr, cls: ClassInfo | None) -> Iterator[FunctionInfo | ClassInfo]:
        """Yield the functions and classes of the project that a call may run."""
        if isinstance(func, ast.Attribute) and fn.cls is not None and cls is not None and _on_itself(fn, func):
            is_super = isinstance(func.value, ast.Call)
            found = cls.find_after(fn.cls, func.attr) if is_super else cls.find(func.attr)
            if found is not None:
                if isinstance(found[1], FunctionInfo):
                    yield found[1]
                return
        if isinstance(func, ast.Name) and func.id in fn.local_names:
            return
        for definition in self._project.resolve(fn.module, func, fn):
            if isinstance(definition, (FunctionInfo, ClassInfo)):
                yield definition

    def _kept(self, cls: ClassInfo, name: str, within: bool, depth: int) -> bool:
        """Whether the methods of a class use what they keep on ``self`` as a value."""
        key = (cls, name, within)
        known = self._known.get(key)
        if known is not None:
            return known
        self._known[key] = False
        found = False
        for base in cls.mro:
            for member in base.members.values():
                if not isinstance(member, FunctionInfo) or not member.params:
                    continue
                itself = member.params[0].arg
                reads: list[ast.expr] = []
                for node in member.own_nodes:
                    if (
                        isinstance(node, ast.Attribute)
                        and node.attr == name
                        and isinstance(node.value, ast.Name)
                        and node.value.id == itself
                    ):
                        if isinstance(node.ctx, ast.Load):
                            reads.append(node)
                if self._waits(member, reads):
                    return False
                found = found or self._told(member, reads, within, depth + 1, cls)
        self._known[key] = found
        return found

    def _waits(self, fn: FunctionInfo, reads: list[ast.expr]) -> bool:
        """Whether code awaits one of these expressions, gives it to what does, or asks what it is."""
        wanted = set(map(id, reads))
        for node in fn.own_nodes:
            if isinstance(node, ast.Await) and id(node.value) in wanted:
                return True
            if isinstance(node, ast.Call):
                name = called_name(node)
                if name in RUNNERS or name in BRIDGES or name in _QUESTIONS:
                    given = (*node.args, *(keyword.value for keyword in node.keywords))
                    if any(id(part) in wanted for argument in given for part in nodes_in(argument)):
                        return True
        return False

    def _uses_of(self, fn: FunctionInfo) -> dict[ast.expr, Use]:
        found = self._uses.get(fn)
        if found is None:
            found = self._uses[fn] = uses_in(fn.own_nodes, BRIDGES)
        return found

    # -- annotations ---------------------------------------------------------------------------------------

    def _is_plain_field(self, cls: ClassInfo, name: str) -> bool:
        """Whether a class without ``__init__`` declares a field of a type that no coroutine has."""
        for base in cls.mro:
            for node in base.node.body if base.node is not None else ():
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                    return self._is_plain_type(base.module, node.annotation, base)
        return False

    def _is_plain_type(
        self, module: ModuleInfo, annotation: ast.expr | None, scope: FunctionInfo | ClassInfo | None
    ) -> bool:
        """Whether an annotation names types only of which a coroutine is none."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return False
        if annotation is None:
            return False
        if isinstance(annotation, ast.Constant):
            return annotation.value is None
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            return self._is_plain_type(module, annotation.left, scope) and self._is_plain_type(
                module, annotation.right, scope
            )
        if isinstance(annotation, ast.Subscript):
            if called_name(annotation.value) in _UNIONS:
                inner = annotation.slice
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return all(self._is_plain_type(module, part, scope) for part in parts)
            return self._is_plain_type(module, annotation.value, scope)
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return False
        definitions = self._project.resolve(module, annotation, scope)
        if not definitions:
            return isinstance(annotation, ast.Name) and annotation.id in _PLAIN
        return all(isinstance(definition, ClassInfo) and _is_concrete(definition) for definition in definitions)


def _on_itself(fn: FunctionInfo, func: ast.expr) -> bool:
    """Whether a method calls another one of its own object."""
    if not isinstance(func, ast.Attribute) or not fn.params:
        return False
    owner = func.value
    if isinstance(owner, ast.Call):
        return called_name(owner) == "super"
    return isinstance(owner, ast.Name) and owner.id == fn.params[0].arg


def _is_idle(use: Use) -> bool:
    return use.how.startswith(_IDLE) or use.how in _LOGGED


def _is_concrete(cls: ClassInfo) -> bool:
    """Whether no coroutine is an instance of a class: it is no protocol, and nobody can await its instances."""
    return cls.find("__await__") is None and not any(
        base.rpartition(".")[2] in {"Protocol", "Awaitable", "Coroutine", "Generic", "Future"} for base in cls.externals
    )


def _keyword_of(call: ast.Call, argument: ast.expr) -> str | None:
    """Return the keyword that an argument is given by; None where that is its place."""
    for keyword in call.keywords:
        if argument in _layers(keyword.value):
            return keyword.arg
    return None


def _layers(given: ast.expr) -> list[ast.expr]:
    """Return an argument and what it holds, as far as it is written out."""
    return [node for node in nodes_in(given) if isinstance(node, ast.expr)]
