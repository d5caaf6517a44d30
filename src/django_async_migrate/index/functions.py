"""Functions and lambdas of the project, with the facts about their bodies that the interpreter asks for."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import children, nodes_in, statements_in

if TYPE_CHECKING:
    from .classes import ClassInfo
    from .modules import ModuleInfo

#: A generator expression is a function of its own at run time, and is treated as one.
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp
_NO_ARGS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
_MAKERS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})


def _own_nodes(node: FunctionNode) -> list[ast.AST]:
    """Return the nodes of a function's own body: nested functions appear, their bodies do not."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = _body(node)
    while todo:
        current = todo.pop()
        found.append(current)
        if type(current) not in _MAKERS:
            todo += children(current)
    return found


def _body(node: FunctionNode) -> list[ast.AST]:
    if isinstance(node, ast.GeneratorExp):
        return [node.elt, *node.generators]
    return list(node.body) if isinstance(node.body, list) else [node.body]


def asks_for_loop(node: ast.AST) -> bool:
    """Whether a node names one of the functions that raise where no event loop is running."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"get_running_loop", "current_task"}


class FunctionInfo:
    """One ``def``, ``async def`` or lambda. Compared by identity: a module makes one for each node."""

    __slots__ = ("__dict__", "args", "cls", "is_async", "module", "name", "node", "parent")

    def __init__(
        self, module: ModuleInfo, node: FunctionNode, cls: ClassInfo | None, parent: FunctionInfo | None
    ) -> None:
        self.module = module
        self.node = node
        self.cls = cls
        self.parent = parent
        self.is_async = isinstance(node, ast.AsyncFunctionDef)
        self.args = _NO_ARGS if isinstance(node, ast.GeneratorExp) else node.args
        if isinstance(node, ast.Lambda):
            self.name = "<lambda>"
        elif isinstance(node, ast.GeneratorExp):
            self.name = "<genexpr>"
            self.is_async = any(part.is_async for part in node.generators) or any(
                isinstance(part, ast.Await) for part in nodes_in(node.elt)
            )
        else:
            self.name = node.name

    def __repr__(self) -> str:
        return f"<FunctionInfo {self.qualname}>"

    @cached_property
    def qualname(self) -> str:
        """Dotted name with module, as Python's ``__qualname__`` builds it."""
        if self.parent is not None:
            return f"{self.parent.qualname}.{self.name}"
        if self.cls is not None:
            return f"{self.cls.qualname}.{self.name}"
        return f"{self.module.name}.{self.name}"

    @cached_property
    def own_nodes(self) -> list[ast.AST]:
        """The nodes of the body; nested functions appear, their bodies do not."""
        return _own_nodes(self.node)

    @cached_property
    def is_generator(self) -> bool:
        """Whether the body yields."""
        if isinstance(self.node, ast.Lambda):
            return False
        if isinstance(self.node, ast.GeneratorExp):
            return True
        return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in self.own_nodes)

    @cached_property
    def local_definitions(self) -> dict[str, ast.ClassDef | ast.Import | ast.ImportFrom]:
        """Classes and imports inside the function, nested functions included, by the name they bind."""
        found: dict[str, ast.ClassDef | ast.Import | ast.ImportFrom] = {}
        for node in statements_in([self.node]):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name.split(".")[0], node)
        return found

    @cached_property
    def resolves_field(self) -> bool:
        """Whether a decorator registers it as the resolver of a GraphQL field: ``@commit.field("author")``."""
        targets = [d.func if isinstance(d, ast.Call) else d for d in self.decorators]
        return any(isinstance(target, ast.Attribute) and target.attr == "field" for target in targets)

    @cached_property
    def holds_coroutine(self) -> bool:
        """Whether it is a coroutine function, or one is nested in it."""
        return any(isinstance(node, ast.AsyncFunctionDef) for node in statements_in([self.node]))

    @cached_property
    def makes_functions(self) -> bool:
        """Whether functions or classes are nested in it: what it returns may be called with anything."""
        return any(type(node) in _MAKERS and node is not self.node for node in nodes_in(self.node))

    @cached_property
    def asks_for_loop(self) -> bool:
        """Whether the body asks for the running event loop: what it answers is known then."""
        return any(asks_for_loop(node) for node in self.own_nodes)

    @cached_property
    def hands_back(self) -> bool:
        """Whether it returns one of its parameters as it is, as ``__enter__`` and builders do."""
        names = {param.arg for param in self.params}
        returned = (node.value for node in self.own_nodes if isinstance(node, ast.Return))
        return any(isinstance(value, ast.Name) and value.id in names for value in returned)

    @cached_property
    def returns_calls(self) -> bool:
        """Whether it returns what a call gives, or a variable that is set in it, by one way at least."""
        returned = (node.value for node in self.own_nodes if isinstance(node, ast.Return))
        return any(
            isinstance(part, (ast.Call, ast.Name, ast.Await))
            for value in returned
            for part in (
                (value.body, value.orelse)
                if isinstance(value, ast.IfExp)
                else value.values
                if isinstance(value, ast.BoolOp)
                else (value,)
            )
        )

    @cached_property
    def is_stub(self) -> bool:
        """Whether the body says nothing: a docstring, ``...``, ``pass`` or ``raise NotImplementedError``."""
        if not isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        for node in self.node.body:
            if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                continue
            if isinstance(node, ast.Raise):
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                if isinstance(raised, ast.Name) and raised.id == "NotImplementedError":
                    continue
            return False
        return True

    @cached_property
    def decorators(self) -> list[ast.expr]:
        """Decorator expressions, outermost first."""
        return [] if isinstance(self.node, (ast.Lambda, ast.GeneratorExp)) else self.node.decorator_list

    @cached_property
    def params(self) -> list[ast.arg]:
        """Positional parameters in order."""
        return [*self.args.posonlyargs, *self.args.args]

    @cached_property
    def defaults(self) -> dict[str, ast.expr]:
        """Default expression of each parameter that has one."""
        args = self.args
        result: dict[str, ast.expr] = {}
        if args.defaults:
            for arg, default in zip(self.params[-len(args.defaults) :], args.defaults, strict=True):
                result[arg.arg] = default
        for arg, kw_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if kw_default is not None:
                result[arg.arg] = kw_default
        return result

    @cached_property
    def local_names(self) -> frozenset[str]:
        """Names the function binds: parameters and assigned ones."""
        args = self.args
        names = {arg.arg for arg in (*self.params, *args.kwonlyargs)}
        names.update(arg.arg for arg in (args.vararg, args.kwarg) if arg is not None)
        outer: set[str] = set()
        for node in self.own_nodes:
            if isinstance(node, ast.Name):
                if isinstance(node.ctx, (ast.Store, ast.Del)):
                    names.add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names.update((alias.asname or alias.name.split(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                names.add(node.name)
            elif isinstance(node, (ast.Nonlocal, ast.Global)):
                outer.update(node.names)
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                names.add(node.name)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                names.add(node.rest)
        return frozenset(names - outer)

    @cached_property
    def nonlocals(self) -> frozenset[str]:
        """Names declared ``nonlocal``."""
        return frozenset(name for node in self.own_nodes if isinstance(node, ast.Nonlocal) for name in node.names)

    @cached_property
    def globals(self) -> frozenset[str]:
        """Names declared ``global``."""
        return frozenset(name for node in self.own_nodes if isinstance(node, ast.Global) for name in node.names)

    @cached_property
    def filled(self) -> frozenset[str]:
        """Containers the body puts something into, as they are written there."""
        found: set[str] = set()
        for node in self.own_nodes:
            if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)) or (
                isinstance(node, ast.Attribute) and node.attr in {"setdefault", "update"}
            ):
                found.add(ast.unparse(node.value))
        return frozenset(found)

    @cached_property
    def free_names(self) -> frozenset[str]:
        """Names read in the body, nested functions included, that the function does not bind itself."""
        read = {node.id for node in nodes_in(*_body(self.node), *self.defaults.values()) if isinstance(node, ast.Name)}
        return frozenset(read - self.local_names) | self.nonlocals

    @cached_property
    def tested_around(self) -> tuple[str, ...]:
        """Names of variables around the function that its tests name: a test may tell what they hold."""
        tests = [node.test for node in self.own_nodes if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert))]
        tests += [value for node in self.own_nodes if isinstance(node, ast.BoolOp) for value in node.values]
        named = {part.id for test in tests for part in nodes_in(test) if isinstance(part, ast.Name)}
        return tuple(sorted(named - self.local_names - self.nonlocals - self.globals))

    @cached_property
    def repeated_tests(self) -> tuple[str, ...]:
        """Names tested by more than one ``if`` and bound only once, as parameters or by one assignment.

        Branches on such a name are correlated: what the first branch did, the second one relies on.
        """
        counts: dict[str, int] = {}
        stores: dict[str, int] = {}
        for node in self.own_nodes:
            test = node.test if isinstance(node, (ast.If, ast.IfExp)) else None
            if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                test = test.operand
            if isinstance(test, ast.Name):
                counts[test.id] = counts.get(test.id, 0) + 1
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                stores[node.id] = stores.get(node.id, 0) + 1
        params = {arg.arg for arg in (*self.params, *self.args.kwonlyargs)}
        return tuple(
            sorted(
                name
                for name, count in counts.items()
                if count > 1 and stores.get(name, 0) == (0 if name in params else 1) and name in self.local_names
            )
        )
