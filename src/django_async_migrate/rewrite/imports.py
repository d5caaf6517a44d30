"""Adds imports to a file, once, in its style and in their place; removes names that nothing uses any more."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

import libcst as cst
import libcst.matchers as m

from django_async_migrate.core.edits import AlsoImport, Import

from .locate import Refused

Line: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement

#: Groups as isort orders them.
_FUTURE, _STANDARD, _THIRD, _LOCAL = range(4)


def add_imports(module: cst.Module, imports: Sequence[Import | AlsoImport], local: Collection[str] = ()) -> cst.Module:
    """Return a module with ``from module import name`` for each of the imports.

    ``local`` are the top-level packages of the project itself; their imports come after those of libraries.
    """
    named = [wanted for wanted in imports if isinstance(wanted, Import)]
    for wanted in sorted(named, key=lambda entry: (entry.module, entry.name)):
        if not _has(module, wanted):
            module = _extended(module, wanted) or _inserted(module, wanted, local)
    beside = [wanted for wanted in imports if isinstance(wanted, AlsoImport)]
    for entry in sorted(beside, key=lambda entry: entry.name):
        module = _beside(module, entry)
    return module


def _beside(module: cst.Module, wanted: AlsoImport) -> cst.Module:
    """Import a name in every statement that imports another one. Raises Refused when there is none."""

    class Add(cst.CSTTransformer):
        found = False

        def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
            aliases = list(_aliases(updated_node))
            texts = [_alias_text(alias) for alias in aliases]
            if wanted.known not in texts:
                return updated_node
            self.found = True
            if wanted.name in texts:
                return updated_node
            return updated_node.with_changes(names=_with_alias(aliases, wanted.name))

    adding = Add()
    changed = module.visit(adding)
    if not adding.found:
        raise Refused(f"no import of {wanted.known} was found to put {wanted.name} beside")
    return changed


def _has(module: cst.Module, wanted: Import) -> bool:
    return any(
        _alias_text(alias) == wanted.name for node in _imports_of(module, wanted.module) for alias in _aliases(node)
    )


def _imports_of(module: cst.Module, name: str) -> list[cst.ImportFrom]:
    """Return the top-level ``from name import ...`` statements."""
    found = []
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            for small in line.body:
                if isinstance(small, cst.ImportFrom) and not small.relative and _dotted(small.module) == name:
                    found.append(small)
    return found


def _aliases(node: cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(node.names, cst.ImportStar) else node.names


def _alias_text(alias: cst.ImportAlias) -> str:
    name = _dotted(alias.name)
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return f"{name} as {alias.asname.name.value}"
    return name


def _dotted(node: cst.BaseExpression | None) -> str:
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return ""


def _extended(module: cst.Module, wanted: Import) -> cst.Module | None:
    """Add the name to an import of the same module; None when there is none that can take it."""
    for node in _imports_of(module, wanted.module):
        aliases = list(_aliases(node))
        if not aliases:
            continue
        changed = module.deep_replace(node, node.with_changes(names=_with_alias(aliases, wanted.name)))
        assert isinstance(changed, cst.Module)
        return changed
    return None


def _with_alias(aliases: list[cst.ImportAlias], name: str) -> list[cst.ImportAlias]:
    texts = [_alias_text(alias) for alias in aliases]
    position = len(aliases)
    for order in (_by_kind, _by_name):
        if all(order(one) <= order(other) for one, other in itertools.pairwise(texts)):
            position = next((n for n, text in enumerate(texts) if order(text) > order(name)), len(aliases))
            break
    between = next((a.comma for a in aliases[:-1] if isinstance(a.comma, cst.Comma)), None)
    if between is None:
        between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    last = aliases[-1].comma
    made = _alias(name)
    if position == len(aliases):
        aliases[-1] = aliases[-1].with_changes(comma=_plain(between))
        return [*aliases, made.with_changes(comma=last)]
    return [*aliases[:position], made.with_changes(comma=_plain(between)), *aliases[position:]]


def _by_kind(name: str) -> tuple[int, str]:
    """Return what isort sorts names by: constants, then classes, then all others."""
    if name.isupper() and len(name) > 1:
        return 0, name.lower()
    return (1 if name[:1].isupper() else 2), name.lower()


def _by_name(name: str) -> tuple[int, str]:
    return 0, name.lower()


def _plain(comma: cst.Comma) -> cst.Comma:
    """Return a comma without the comment that may follow it."""
    after = comma.whitespace_after
    if isinstance(after, cst.ParenthesizedWhitespace):
        bare = after.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        return comma.with_changes(whitespace_after=after.with_changes(first_line=bare, empty_lines=()))
    return comma


def _alias(name: str) -> cst.ImportAlias:
    original, _, alias = name.partition(" as ")
    asname = cst.AsName(cst.Name(alias)) if alias else None
    return cst.ImportAlias(cst.Name(original), asname)


def _inserted(module: cst.Module, wanted: Import, local: Collection[str]) -> cst.Module:
    """Add an import statement where isort would put it among the imports at the top."""
    line = cst.parse_statement(f"from {wanted.module} import {wanted.name}", module.config_for_parsing)
    assert isinstance(line, cst.SimpleStatementLine)
    body = list(module.body)
    block = [number for number, entry in enumerate(body) if _group(entry, local) is not None]
    block = _leading(block, body)
    before = [n for n in block if (_group(body[n], local) or 0) < _THIRD]
    same = _section([n for n in block if _group(body[n], local) == _THIRD], block, body)
    after = [n for n in block if (_group(body[n], local) or 0) > _THIRD]
    if same:
        mixed = _is_mixed(body, block, local)
        smaller = [n for n in same if _key(body[n]) <= (_is_from(body[n]) if mixed else True, wanted.module.lower())]
        if smaller:
            body.insert(smaller[-1] + 1, line)
        else:
            position = same[0]
            body[position : position + 1] = _swap_leading(body[position], line)
    elif before:
        position = before[-1] + 1
        body.insert(position, line.with_changes(leading_lines=[cst.EmptyLine(indent=False)]))
        if position + 1 < len(body) and position + 1 in after and not _blank_before(body[position + 1]):
            body[position + 1] = _with_blank(body[position + 1])
    elif after:
        position = after[0]
        first, second = _swap_leading(body[position], line)
        body[position : position + 1] = [first, _with_blank(second)]
    else:
        return _first(module, body, line)
    return module.with_changes(body=body)


def _leading(block: list[int], body: Sequence[cst.CSTNode]) -> list[int]:
    """Keep the imports at the top: those before the first statement of another kind (the docstring apart)."""
    kept = []
    for number, entry in enumerate(body):
        if number in block:
            kept.append(number)
        elif not _is_docstring(entry) and not isinstance(entry, (cst.Try, cst.If)):
            break
    return kept


def _first(module: cst.Module, body: list[Line], line: cst.SimpleStatementLine) -> cst.Module:
    """Put the first import of a file after its docstring and leading comments."""
    position = 1 if body and _is_docstring(body[0]) else 0
    if position:
        line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if position < len(body) and not _blank_before(body[position]):
        blank = [cst.EmptyLine(indent=False)] * 2
        leading = getattr(body[position], "leading_lines", ())
        body[position] = body[position].with_changes(leading_lines=[*blank, *leading])
    body.insert(position, line)
    header = module.header
    if position == 0 and header and not any(entry.comment is None for entry in header[-1:]):
        header = [*header, cst.EmptyLine(indent=False)]
    return module.with_changes(body=body, header=header)


def _swap_leading(old: Line, line: cst.SimpleStatementLine) -> list[Line]:
    """Put a line before a statement; blank lines and comments above stay above both."""
    leading = getattr(old, "leading_lines", ())
    return [line.with_changes(leading_lines=leading), old.with_changes(leading_lines=())]


def _with_blank(node: Line) -> Line:
    leading = getattr(node, "leading_lines", ())
    return node.with_changes(leading_lines=[cst.EmptyLine(indent=False), *leading])


def _blank_before(node: cst.CSTNode) -> bool:
    return any(line.comment is None for line in getattr(node, "leading_lines", ()))


def _is_docstring(node: cst.CSTNode) -> bool:
    return m.matches(node, m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | m.ConcatenatedString())]))


def _group(node: cst.CSTNode, local: Collection[str]) -> int | None:
    """Return the isort group of an import statement; None for other statements."""
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], (cst.Import, cst.ImportFrom)):
        return None
    entry = node.body[0]
    if isinstance(entry, cst.ImportFrom):
        if entry.relative:
            return _LOCAL
        name = _dotted(entry.module)
    else:
        name = _dotted(entry.names[0].name)
    top = name.partition(".")[0]
    if top == "__future__":
        return _FUTURE
    if top in sys.stdlib_module_names:
        return _STANDARD
    return _LOCAL if top in local else _THIRD


def _section(same: list[int], block: Sequence[int], body: Sequence[cst.CSTNode]) -> list[int]:
    """Return imports with those that stand in one section with them: the file sorts them as if of one group."""
    if not same:
        return same
    runs: list[list[int]] = []
    for number in same:
        if not runs or number - 1 != runs[-1][-1] or _blank_before(body[number]):
            runs.append([])
        runs[-1].append(number)
    # Of several sections of libraries, that with Django.
    same = next((run for run in runs if any(_key(body[n])[1].partition(".")[0] == "django" for n in run)), runs[0])
    first, last = same[0], same[-1]
    while first - 1 in block and not _blank_before(body[first]) and not _is_relative(body[first - 1]):
        first -= 1
    while last + 1 in block and not _blank_before(body[last + 1]) and not _is_relative(body[last + 1]):
        last += 1
    kept = [n for n in block if first <= n <= last]
    keys = [_key(body[n]) for n in kept]
    names = [key[1] for key in keys]
    return kept if keys == sorted(keys) or names == sorted(names) else same


def _is_relative(node: cst.CSTNode) -> bool:
    return m.matches(node, m.SimpleStatementLine(body=[m.ImportFrom(relative=[m.AtLeastN(n=1)])]))


def _is_mixed(body: Sequence[cst.CSTNode], block: Sequence[int], local: Collection[str]) -> bool:
    """Whether a file orders its imports by module alone; isort puts ``import x`` first where not told otherwise."""
    return any(
        _is_from(body[one]) and not _is_from(body[other]) and _group(body[one], local) == _group(body[other], local)
        for one, other in itertools.pairwise(block)
    )


def _is_from(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.ImportFrom)


def _key(node: cst.CSTNode) -> tuple[bool, str]:
    assert isinstance(node, cst.SimpleStatementLine)
    entry = node.body[0]
    if isinstance(entry, cst.ImportFrom):
        return True, _dotted(entry.module).lower()
    assert isinstance(entry, cst.Import)
    return False, _dotted(entry.names[0].name).lower()


def without_unused(module: cst.Module, before: str, needed: Callable[[str], bool]) -> cst.Module:
    """Return a module without the ``from`` imports that the old source used and the new one does not.

    ``needed`` says whether another file may import a name from this module, or patch it there.
    """
    after = module.code
    gone = {
        name for name in (_loads(before) - _loads(after)) & _imported(before) - _mentioned(after) if not needed(name)
    }
    if not gone:
        return module

    class Drop(cst.CSTTransformer):
        def leave_ImportFrom(
            self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
        ) -> cst.ImportFrom | cst.RemovalSentinel:
            aliases = list(_aliases(updated_node))
            kept = [alias for alias in aliases if _bound(alias) not in gone]
            if not aliases or len(kept) == len(aliases):
                return updated_node
            if not kept:
                return cst.RemoveFromParent()
            if aliases[-1] is not kept[-1]:
                kept[-1] = kept[-1].with_changes(comma=aliases[-1].comma)
            return updated_node.with_changes(names=kept)

    return module.visit(Drop())


def _bound(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return _dotted(alias.name)


def _loads(source: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))


def _imported(source: str) -> frozenset[str]:
    return frozenset(
        alias.asname or alias.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    )


def _mentioned(source: str) -> frozenset[str]:
    """Return the names that ``__all__``, a quoted annotation or a path in a string may speak of."""
    return frozenset(
        word
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.findall(r"\w+", node.value)
    )
