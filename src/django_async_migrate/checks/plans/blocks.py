"""Transactions in a coroutine: the whole block moves into a function that runs in a thread."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.core.edits import FixPlan, Outsource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeGuard

    from .spot import Spot

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
#: What may read a variable while the block runs.
_LATER = (*_FUNCTIONS, ast.GeneratorExp)
#: They look at the frame they are called in.
_FRAME = frozenset({"locals", "vars", "dir", "eval", "exec", "super", "breakpoint"})
#: What only works where the event loop runs.
_LOOP = frozenset(
    {
        "asyncio",
        "call_later",
        "call_soon",
        "create_task",
        "current_task",
        "ensure_future",
        "get_event_loop",
        "get_nowait",
        "get_running_loop",
        "put_nowait",
        "set_exception",
        "set_result",
    }
)
#: Context managers that let every exception out.
_OPEN = frozenset({"atomic", "closing", "cursor", "nullcontext", "open"})
_ADVICE = "move the block into a function, and await that through sync_to_async"
_NAME = "in_transaction"


def block_plans(spot: Spot) -> Iterator[FixPlan]:
    """Yield the plan that moves a ``with`` statement into a nested function; where it cannot, say why."""
    item = spot.source.parent(spot.node)
    block = spot.source.parent(item) if isinstance(item, ast.withitem) else None
    if not isinstance(block, ast.With) or not isinstance(spot.node, ast.expr):
        return
    place = spot.place_of(block)
    function = place.function
    if function is None:
        return
    reason = place.reason or _refusal(spot, block)
    edit = None
    if not reason:
        reason, edit = _edit(spot, block, function)
    if edit is None:
        yield FixPlan("manual", f"{_ADVICE}: {reason}")
        return
    bridge, imports = spot.bridge()
    edit = Outsource(edit.span, edit.name, f"{bridge}({{0}})()", edit.outer, edit.given, edit.returns)
    title = f"move the block into {edit.name}(), for await {bridge}({edit.name})()"
    yield spot.plan("safe", title, (edit,), imports, place)


def _refusal(spot: Spot, block: ast.With) -> str:
    """Return why a block cannot run in a thread as it is; empty where it can."""
    for node in _own(block):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or getattr(node, "is_async", False):
            return f"line {getattr(node, 'lineno', block.lineno)} awaits, and what is awaited there cannot move along"
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return "it yields"
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return "it declares variables of another scope"
        if isinstance(node, (ast.Break, ast.Continue)) and not _loops_inside(spot, node, block):
            return "it leaves the loop around it"
        if isinstance(node, ast.Name) and node.id in _FRAME | _LOOP:
            return f"{node.id} means something else in a thread"
        if isinstance(node, ast.Attribute) and node.attr in _LOOP:
            return f"{node.attr} means something else in a thread"
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            return f"it deletes {node.id}"
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "next" and len(node.args) == 1:
            return "StopIteration cannot leave a thread"
    return ""


def _edit(spot: Spot, block: ast.With, function: ast.AsyncFunctionDef) -> tuple[str, Outsource | None]:
    """Return the edit that moves a block, or why there is none."""
    bound = _bound(block)
    elsewhere = _outside(function, block)
    declared = {name for node in elsewhere if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    if bound & declared:
        return "it binds variables of another scope", None
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    mentioned = {node.id for node in elsewhere if isinstance(node, ast.Name)}
    mentioned |= {name for node in elsewhere for name in _names_bound(node)}
    outside = {argument.arg for argument in every if argument is not None}
    outside |= {name for node in _outside(function, block, own=True) for name in _names_bound(node)}
    mentioned |= outside
    around = _around(spot, block)
    returns = any(isinstance(node, ast.Return) for node in _own(block))
    ends = isinstance(block.body[-1], (ast.Return, ast.Raise)) and _lets_out(block)
    if returns and not (ends or function.body[-1] is block):
        return "it returns on some ways only", None
    if returns and any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _outside(function, block, own=True)):
        return "it ends a generator", None
    # What the block sets anew is returned by it, where nobody sees how far it came; the rest is shared.
    sure = set() if returns else _surely_bound(block)
    handed = sure - _seen_after_errors(sure, around) - {name for name in sure if _kept(block, {name})}
    handed -= {node.id for made in elsewhere if isinstance(made, _LATER) for node in ast.walk(made) if _is_name(node)}
    outer = sorted((bound & outside) - handed)
    given = sorted((bound & mentioned) - set(outer))
    annotated = {node.target.id for node in _own(block) if isinstance(node, ast.AnnAssign) and _is_name(node.target)}
    if annotated & set(outer):
        return f"{min(annotated & set(outer))} is annotated in it and shared with other code", None
    if any(isinstance(node, _LOOPS) for node in around):
        kept = _kept(block, bound - set(outer))
        if kept:
            return f"{kept} keeps its value from one round of the loop to the next", None
    if given and returns:
        return f"{given[0]} is set in it and read elsewhere", None
    unsure = [name for name in given if name not in sure]
    if unsure:
        return f"{unsure[0]} is set on some ways only, and read after it", None
    caught = sorted(_seen_after_errors(set(given), around))
    if caught:
        return f"{caught[0]} is read where an error in it has been caught", None
    name = _free_name(spot, block, function)
    return "", Outsource(spot.span(spot.node), name, "", tuple(outer), tuple(given), returns)  # type: ignore[arg-type]


def _own(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement that run in its own scope: nested functions without their bodies."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            todo += getattr(node, "decorator_list", [])
            todo += [*node.args.defaults, *filter(None, node.args.kw_defaults)] if hasattr(node, "args") else []
            continue
        todo += ast.iter_child_nodes(node)


def _names_bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that one node binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _bound(root: ast.AST) -> set[str]:
    """Return the names a statement binds in its own scope; targets of comprehensions are theirs alone."""
    theirs = {
        id(part)
        for node in _own(root)
        if isinstance(node, _COMPREHENSIONS)
        for generator in node.generators
        for part in ast.walk(generator.target)
    }
    return {name for node in _own(root) if id(node) not in theirs for name in _names_bound(node)}


def _outside(function: ast.AsyncFunctionDef, block: ast.With, own: bool = False) -> list[ast.AST]:
    """Return the nodes of a function without those of a block; ``own``: without those of nested functions, too."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if node is block:
            continue
        found.append(node)
        if own and isinstance(node, _FUNCTIONS):
            continue
        if own and isinstance(node, _COMPREHENSIONS):
            found += [part for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
            continue
        todo += ast.iter_child_nodes(node)
    return found


def _around(spot: Spot, block: ast.With) -> list[ast.AST]:
    """Return the statements around a block, up to its function."""
    found: list[ast.AST] = []
    node = spot.source.parent(block)
    while node is not None and not isinstance(node, _FUNCTIONS):
        found.append(node)
        node = spot.source.parent(node)
    return found


def _seen_after_errors(names: set[str], around: list[ast.AST]) -> set[str]:
    """Return those of the names that may be read after an error inside these statements has been caught."""
    found: set[str] = set()
    for node in around:
        if isinstance(node, ast.AsyncWith) or (isinstance(node, ast.With) and not _lets_out(node)):
            return names
        if isinstance(node, _TRIES):
            for handler in node.handlers:
                goes_on = any(isinstance(part, (ast.Break, ast.Continue)) for part in _own(handler))
                if goes_on or not isinstance(handler.body[-1], (ast.Return, ast.Raise)):
                    return names
            after = [*node.handlers, *node.finalbody]
            found.update(part.id for stmt in after for part in ast.walk(stmt) if _is_name(part))
    return names & found


def _loops_inside(spot: Spot, node: ast.AST, block: ast.With) -> bool:
    current = spot.source.parent(node)
    while current is not None and current is not block:
        if isinstance(current, _LOOPS):
            return True
        current = spot.source.parent(current)
    return False


def _kept(block: ast.With, names: set[str]) -> str:
    """Return a variable that may be read before the block sets it."""
    sure = _surely_bound(block)
    for name in sorted(names):
        places = [
            (node.lineno, isinstance(node.ctx, ast.Load))
            for node in ast.walk(block)
            if isinstance(node, ast.Name) and node.id == name
        ]
        read = [line for line, is_load in places if is_load]
        stored = [line for line, is_load in places if not is_load]
        if read and (name not in sure or not stored or min(read) <= min(stored)):
            return name
    return ""


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _lets_out(block: ast.With) -> bool:
    """Whether a ``with`` statement runs to its end or raises: none of its context managers stops an exception."""
    called = [item.context_expr.func for item in block.items if isinstance(item.context_expr, ast.Call)]
    return len(called) == len(block.items) and all(
        getattr(func, "id", getattr(func, "attr", "")) in _OPEN for func in called
    )


def _surely_bound(block: ast.With) -> set[str]:
    """Return the names that a block binds on every way through it."""
    found: set[str] = set()
    if not _lets_out(block):
        return found
    for item in block.items:
        if item.optional_vars is not None:
            found |= _bound(item.optional_vars)
    for statement in block.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if not (isinstance(statement, ast.AnnAssign) and statement.value is None):
                found |= {name for target in targets for name in _bound(target)}
        elif isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            found |= set(_names_bound(statement))
        elif isinstance(statement, ast.With):
            found |= _surely_bound(statement)
    return found


def _opens(block: ast.With) -> bool:
    return any("atomic" in ast.unparse(item.context_expr) for item in block.items)


def _free_name(spot: Spot, block: ast.With, function: ast.AsyncFunctionDef) -> str:
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    blocks = [node for node in ast.walk(function) if isinstance(node, ast.With) and (node is block or _opens(node))]
    blocks.sort(key=lambda node: (node.lineno, node.col_offset))
    number = blocks.index(block) + 1
    name = _NAME if number == 1 else f"{_NAME}_{number}"
    while name in used or spot.source.binds(name) or spot.source.binds(name, function):
        number += 1
        name = f"{_NAME}_{number}"
    return name
