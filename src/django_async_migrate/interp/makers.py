"""Where the coroutine that a variable holds was made: the call that lacks its ``await``."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Container, Iterator

from django_async_migrate.core.effects import Effect
from django_async_migrate.core.record import replace
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.usages import RUNNERS, Use, called_name, parts_of
from django_async_migrate.syntax.nodes import children

#: Statements of which one part or none runs; what stands in them may not have run.
_FORKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

#: The parts of statements that a node stands in, outermost first.
_Path = tuple[tuple[ast.AST, str], ...]


def at_its_call(fn: FunctionInfo, name: ast.Name, effect: Effect, use: Use, made: Container[ast.expr]) -> list[Effect]:
    """Return what is wrong at the calls that a variable's coroutine comes from; at its use where that is not known.

    ``made``: expressions that gave a coroutine each time. Where the variable is awaited as well, its author knows
    what it holds: only what raises is wrong then, at its use.
    """
    if effect.rule not in {"DAM602", "DAM603"} or use.kind == "given":
        return [effect]
    if _is_awaited(fn, name.id):
        return [effect] if effect.rule == "DAM603" else []
    makers = _makers(fn, name, made)
    if not makers:
        return [effect]
    told = (effect.site, _told(name.id, effect, use))
    return [
        replace(effect, site=dataclasses.replace(effect.site, node=maker), what=_text(maker), steps=(told,))
        for maker in makers
    ]


def _told(name: str, effect: Effect, use: Use) -> str:
    if effect.rule == "DAM602":
        return f"{name} is compared here" if use.how.startswith("compared") else f"{name} is used here as a truth value"
    return f"{name} is used here as a value: the code {effect.advice}"


def _text(node: ast.AST) -> str:
    source = " ".join(ast.unparse(node).split())
    return source if len(source) <= 60 else source[:57] + "..."


def _is_awaited(fn: FunctionInfo, name: str) -> bool:
    """Whether code of a function awaits a variable, or gives it to what does."""
    for node in fn.own_nodes:
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Name) and node.value.id == name:
            return True
        if isinstance(node, ast.Call) and called_name(node) in RUNNERS and _gives(node, name):
            return True
    return False


def _makers(fn: FunctionInfo, use: ast.Name, made: Container[ast.expr]) -> list[ast.expr]:
    """Return the calls whose results reach a use of a variable; none where it may come from elsewhere."""
    name = use.id
    set_by: list[tuple[ast.expr, _Path]] = []
    reading: _Path | None = None
    for node, path in _walk(fn.node, ()):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets) and node.value:
                set_by.append((node.value, path))
        elif node is use:
            reading = path
    inner = _in_comprehensions(fn, name)
    stored = [node for node in fn.own_nodes if isinstance(node, ast.Name) and node.id == name and id(node) not in inner]
    if reading is None or sum(not isinstance(node.ctx, ast.Load) for node in stored) != len(set_by):
        return []  # something else sets it, too
    found: list[ast.expr] = []
    at = (use.lineno, use.col_offset)
    for value, path in sorted(set_by, key=lambda item: (item[0].lineno, item[0].col_offset), reverse=True):
        if (value.lineno, value.col_offset) >= at or _apart(path, reading):
            continue
        calls = [call for part in parts_of(value) if part in made for call in _origin(fn, part, made)]
        if not calls:
            return []
        for call in calls:
            behind = _makers(fn, call, made) if isinstance(call, ast.Name) else []
            found += behind or [call]
        if path == reading[: len(path)]:
            break  # it has run whenever the use does
    return found[::-1]


def _in_comprehensions(fn: FunctionInfo, name: str) -> set[int]:
    """Return the nodes that mean a comprehension's own variable of a name."""
    return {
        id(node)
        for comprehension in fn.own_nodes
        if isinstance(comprehension, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))
        and any(
            isinstance(target, ast.Name) and target.id == name
            for part in comprehension.generators
            for target in ast.walk(part.target)
        )
        for node in ast.walk(comprehension)
        if isinstance(node, ast.Name)
    }


def _origin(fn: FunctionInfo, part: ast.expr, made: Container[ast.expr]) -> list[ast.expr]:
    """Return the calls behind an alias: ``other = call``."""
    return _makers(fn, part, made) or [part] if isinstance(part, ast.Name) else [part]


def _gives(call: ast.Call, name: str) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
        for part in ([argument] if isinstance(argument, ast.Name) else ast.walk(argument))
    )


def _apart(one: _Path, other: _Path) -> bool:
    """Whether two places are in different parts of one statement, of which only one runs."""
    for (fork, part), (other_fork, other_part) in zip(one, other, strict=False):
        if fork is not other_fork:
            return False
        if part != other_part:
            return isinstance(fork, (ast.If, ast.Match))
    return False


def _walk(node: ast.AST, path: _Path) -> Iterator[tuple[ast.AST, _Path]]:
    """Yield the nodes of a function's own body, each with the parts of statements it stands in."""
    if isinstance(node, _FORKS):
        for field, value in ast.iter_fields(node):
            always = field in {"test", "iter", "target", "subject", "finalbody"}
            inner = path if always else (*path, (node, field))
            for number, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST):
                    yield child, inner
                    if isinstance(child, (ast.match_case, ast.ExceptHandler)):
                        yield from _walk(child, (*path, (node, f"{field} {number}")))
                    elif not isinstance(child, _FUNCTIONS):
                        yield from _walk(child, inner)
        return
    for child in children(node):
        yield child, path
        if not isinstance(child, _FUNCTIONS):
            yield from _walk(child, path)
