"""Adds imports to a file, once, in its style and in their place; removes names that nothing uses any more."""

from __future__ import annotations

import ast
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
_FUTURE, _STANDARD, _THIRD, _LOCAL, _RELATIVE = range(5)


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
            return _with_alias(updated_node, wanted.name)

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
        if not _aliases(node):
            continue
        changed = module.deep_replace(node, _with_alias(node, wanted.name))
        assert isinstance(changed, cst.Module)
        return changed
    return None


def _with_alias(node: cst.ImportFrom, name: str) -> cst.ImportFrom:
    """Return an import with one more name: in its order where it has one, on a line of its own where each has."""
    aliases = list(_aliases(node))
    position = len(aliases)
    for key in (_by_type, _by_letter):
        keys = [key(_alias_text(alias)) for alias in aliases]
        if keys == sorted(keys):
            position = next((n for n, known in enumerate(keys) if known > key(name)), len(aliases))
            break
    between = next((a.comma for a in aliases[:-1] if isinstance(a.comma, cst.Comma)), None)
    if between is None and node.lpar is not None and _breaks(node.lpar.whitespace_after):
        between = cst.Comma(whitespace_after=node.lpar.whitespace_after)
    if between is None:
        between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    between = _plain(between)
    made = _alias(name)
    if position < len(aliases):
        return node.with_changes(names=[*aliases[:position], made.with_changes(comma=between), *aliases[position:]])
    last = aliases[-1].comma
    if isinstance(last, cst.Comma):
        # A comment behind the last name stays behind it.
        aliases[-1] = aliases[-1].with_changes(comma=_continued(between, last.whitespace_after))
        return node.with_changes(names=[*aliases, made.with_changes(comma=_plain(last))])
    if node.rpar is not None and _breaks(node.rpar.whitespace_before):
        aliases[-1] = aliases[-1].with_changes(comma=_continued(between, node.rpar.whitespace_before))
        closing = node.rpar.with_changes(whitespace_before=_uncommented(node.rpar.whitespace_before))
        return node.with_changes(names=[*aliases, made], rpar=closing)
    aliases[-1] = aliases[-1].with_changes(comma=between)
    return node.with_changes(names=[*aliases, made])


def _by_type(name: str) -> tuple[int, str]:
    """Return the key of isort's default order: constants, classes, then everything else."""
    word = name.partition(" ")[0]
    if word.isupper() and len(word) > 1:
        return 0, name
    return (1 if word[:1].isupper() else 2), name


def _by_letter(name: str) -> tuple[int, str]:
    return 0, name.lower()


def _breaks(space: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace)


def _by_kind(name: str) -> tuple[int, str]:
    """Return what isort sorts names by: constants, then classes, then all others."""
    if name.isupper() and len(name) > 1:
        return 0, name.lower()
    return (1 if name[:1].isupper() else 2), name.lower()


def _by_name(name: str) -> tuple[int, str]:
    return 0, name.lower()


def _plain(comma: cst.Comma) -> cst.Comma:
    """Return a comma without the comment that may follow it."""
    return comma.with_changes(whitespace_after=_uncommented(comma.whitespace_after))


def _uncommented(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    if isinstance(space, cst.ParenthesizedWhitespace):
        first = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        return space.with_changes(first_line=first, empty_lines=())
    return space


def _continued(between: cst.Comma, old: cst.BaseParenthesizableWhitespace) -> cst.Comma:
    """Return a comma followed by what followed the last name before, if that is a comment."""
    after = between.whitespace_after
    if not isinstance(old, cst.ParenthesizedWhitespace):
        return between
    if isinstance(after, cst.ParenthesizedWhitespace):
        return between.with_changes(
            whitespace_after=after.with_changes(first_line=old.first_line, empty_lines=old.empty_lines)
        )
    if old.first_line.comment is None and not old.empty_lines:
        return between
    return between.with_changes(whitespace_after=old)


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
    own = _module_group(wanted.module, local)
    before = [n for n in block if (_group(body[n], local) or 0) < own]
    same = _section([n for n in block if _group(body[n], local) == own], block, body)
    after = [n for n in block if (_group(body[n], local) or 0) > own]
    if same:
        keys = [_key(body[n]) for n in same]
        mixed = keys != sorted(keys) and [key[1] for key in keys] == sorted(key[1] for key in keys)
        key = (True, wanted.module.lower())
        smaller = [n for n, known in zip(same, keys, strict=True) if (known[1:] <= key[1:] if mixed else known <= key)]
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
        defines = isinstance(body[position], (cst.FunctionDef, cst.ClassDef))
        blank = [cst.EmptyLine(indent=False)] * (2 if defines else 1)
        leading = getattr(body[position], "leading_lines", ())
        body[position] = body[position].with_changes(leading_lines=[*blank, *leading])
    body.insert(position, line)
    header = list(module.header)
    if position == 0 and header and header[-1].comment is not None:
        parted = max((n for n, entry in enumerate(header) if entry.comment is None), default=None)
        if parted is not None and len(body) > 1:
            # The last comment, parted from those above it, is about the first statement.
            about, header = header[parted + 1 :], header[: parted + 1]
            body[1] = body[1].with_changes(leading_lines=[cst.EmptyLine(indent=False), *about])
        else:
            header.append(cst.EmptyLine(indent=False))
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
            return _RELATIVE
        return _module_group(_dotted(entry.module), local)
    return _module_group(_dotted(entry.names[0].name), local)


def _module_group(name: str, local: Collection[str]) -> int:
    top = name.partition(".")[0]
    if top == "__future__":
        return _FUTURE
    if top in sys.stdlib_module_names:
        return _STANDARD
    return _LOCAL if top in local else _THIRD


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

    body: list[Line] = []
    space: Sequence[cst.EmptyLine] = ()
    removed = False
    for number, line in enumerate(module.body):
        above = getattr(line, "leading_lines", ()) if number else module.header[-1:]
        left = _without(line, gone, any(entry.comment for entry in above))
        if left is None:
            # The blank lines above what is removed now part what follows it from what comes before.
            space = space or getattr(line, "leading_lines", ())
            removed = True
            continue
        if space and body and not getattr(left, "leading_lines", ()):
            left = left.with_changes(leading_lines=space)
        if removed and not body and not module.header:
            # The file does not begin with what parted two statements.
            lines = getattr(left, "leading_lines", ())
            first = next((n for n, entry in enumerate(lines) if entry.comment), len(lines))
            left = left.with_changes(leading_lines=lines[first:])
        space = ()
        body.append(left)
    return module.with_changes(body=body)


def _without(line: Line, gone: Collection[str], explained: bool) -> Line | None:
    """Return a statement without the imports of some names, None when nothing is left of it.

    ``explained``: there is a comment above it.

    What has a comment stays: it may say why it is there (``# noqa: F401``), and is the user's in any case.
    """
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.ImportFrom):
        return line
    node = line.body[0]
    aliases = list(_aliases(node))
    kept = [alias for alias in aliases if _bound(alias) not in gone or _is_marked(alias)]
    if len(line.body) > 1 or len(kept) == len(aliases) or line.trailing_whitespace.comment is not None:
        return line
    if not kept:
        return line if explained else None
    if aliases[-1] is not kept[-1]:
        kept[-1] = kept[-1].with_changes(comma=aliases[-1].comma)
    return line.with_changes(body=[node.with_changes(names=kept)])


def _is_marked(alias: cst.ImportAlias) -> bool:
    """Whether a name is exported (``x as x``) or has a comment."""
    if alias.asname is not None and _bound(alias) == _dotted(alias.name):
        return True
    after = alias.comma.whitespace_after if isinstance(alias.comma, cst.Comma) else None
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return False
    return after.first_line.comment is not None or any(line.comment for line in after.empty_lines)


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
