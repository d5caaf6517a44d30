"""Applies edits to the source of one file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper

from django_async_migrate.core.edits import AlsoImport, Edit, Import
from django_async_migrate.core.findings import Span

from .imports import add_imports, without_unused
from .locate import Locator, Refused
from .transform import Transformer

_BOM = b"\xef\xbb\xbf"


def rewritten(
    data: bytes,
    edits: Sequence[Edit],
    imports: Sequence[Import | AlsoImport],
    local: Collection[str] = (),
    needed: Callable[[str], bool] = lambda name: True,
) -> bytes:
    """Return the content of a file after its edits; encoding, byte order mark and line ends are kept.

    ``local``: the project's own top-level packages. ``needed``: whether a name has to stay imported here though
    nothing in the file uses it any more.
    Raises Refused when the file cannot be reproduced exactly, an edit does not fit, or the result does not compile.
    """
    bom = data.startswith(_BOM)
    body = data[len(_BOM) :] if bom else data
    module = _parsed(body)
    try:
        changed = edited(module, edits, imports, local, needed)
    except (cst.ParserSyntaxError, cst.CSTValidationError, SyntaxError, RecursionError) as error:
        raise Refused(f"the result would not be valid: {error}") from None
    try:
        result = changed.bytes
        compile(result, "<rewritten>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, UnicodeError) as error:
        raise Refused(f"the result would not compile: {error}") from None
    return _BOM + result if bom else result


def edited(
    module: cst.Module,
    edits: Sequence[Edit],
    imports: Sequence[Import | AlsoImport],
    local: Collection[str] = (),
    needed: Callable[[str], bool] = lambda name: True,
) -> cst.Module:
    """Return a LibCST module after its edits. Raises Refused when an edit does not fit."""
    if edits:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        nodes = Locator(wrapper).expressions(_spans(edits))
        visited = wrapper.module.visit(Transformer(edits, nodes, module))
        assert isinstance(visited, cst.Module)
        before, module = module.code, visited
        module = add_imports(module, imports, local)
        return without_unused(module, before, needed)
    return add_imports(module, imports, local)


def _spans(edits: Iterable[Edit]) -> set[Span]:
    found: set[Span] = set()
    for edit in edits:
        found.add(edit.span)
        found.update(getattr(edit, "holes", ()))
    return found


def _parsed(data: bytes) -> cst.Module:
    try:
        module = cst.parse_module(data)
        assert module.config_for_parsing  # what is inserted is parsed with it
    except (cst.ParserSyntaxError, cst.CSTValidationError, ValueError, LookupError, RecursionError) as error:
        # ValueError: an indentation with a form feed in it, for one.
        raise Refused(f"LibCST cannot read the file: {error}") from None
    if module.bytes != data:
        raise Refused("LibCST cannot reproduce the file byte for byte")
    return module


def changed_lines(before: str, after: str) -> set[int]:
    """Return the numbers of the old lines that a rewrite changed or removed."""
    found: set[int] = set()
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found.update(range(start + 1, end + 1))
    return found
