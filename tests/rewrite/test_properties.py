"""Whatever the code looks like: fixed files parse, keep what no fix is about, and stay as they are when fixed again."""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from django_async_migrate.api import fix, scan
from django_async_migrate.core.edits import FixOutcome
from django_async_migrate.core.findings import Finding
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_ROOT = "/project"
_PATH = "blog/views.py"
_OPTIONS = ScanOptions(paths=(_ROOT,), project=_ROOT, target_version="5.2")
_BOM = "\ufeff"

_MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Post(models.Model):
    title = models.CharField(max_length=20)
    author = models.ForeignKey(Author, models.CASCADE, related_name="posts")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="+")
    tags = models.ManyToManyField("Tag")


class Tag(models.Model):
    name = models.CharField(max_length=20)
"""

_HEADS = (
    "",
    "#!/usr/bin/env python\n",
    "# -*- coding: utf-8 -*-\n",
    '"""Views, viewed."""\n',
    '"""Views."""\n\nfrom __future__ import annotations\n',
    "# A comment first.\n\n",
    "# A form feed below.\n\f\n",
)

_IMPORTS = (
    "from blog.models import Author, Post, Tag\n",
    "import json\nimport logging\n\nfrom blog.models import (\n    Author,  # people\n    Post,\n    Tag,\n)\n",
    "from asgiref.sync import sync_to_async\nfrom blog.models import Author, Post, Tag  # noqa: F401\n",
    "import os; from blog.models import Author, Post, Tag\n",
    "from typing import TYPE_CHECKING\n\nfrom blog.models import Author, Post, Tag\n\n"
    "if TYPE_CHECKING:\n    from collections.abc import Iterable\n",
)

_HELPER = """\
def titles(limit=3):  # how many
    return [post.title for post in Post.objects.all()[:limit]]


def shout(post):
    return f"{post.author.name.upper()}!"
"""

# Statements in a coroutine; "|" stands for one step of indentation, % for a number of its own.
_STATEMENTS = (
    "pass",
    "x% = 1  # a comment with spaces behind   ",
    "post% = Post.objects.get(pk=1)",
    "post% =  Post . objects . get( pk = 1 )  # odd",
    "post% = Post.objects.get(  # which\n|pk=1,\n|  title='é',  # accented\n)  # done",
    "post% = Post.objects \\\n|.filter(title=\"naïve 'quotes' 日本\") \\\n|.first()",
    "Author.objects.create(name='ünï'); print('two')",
    "a%, b% = Post.objects.count(), Author.objects.count()",
    "n% = len(Post.objects.all())",
    "n% = len( Post.objects.filter(title__in=[\n|'a',  # first\n|'b',\n]) )",
    "rows% = list(Post.objects.all())",
    "rows% = sorted(Post.objects.all(), key=lambda post: post.title)",
    "names% = [post.title for post in Post.objects.all() if post.title]",
    "names% = {\n|post.pk: post.title  # by key\n|for post in Post.objects.all()\n}",
    "pairs% = [(a, b) for a in Author.objects.all() for b in a.posts.all()]",
    "total% = sum(post.pk for post in Post.objects.all())",
    "text% = ', '.join(post.title for post in Post.objects.all())",
    "first% = Post.objects.order_by('pk')[0]",
    "some% = Post.objects.all()[::2]",
    "known% = Post.objects.get(pk=1) in Post.objects.filter(title='x')",
    "print(f'{Post.objects.count()} posts, {Author.objects.first()!r:>10}')",
    "name% = Post.objects.get(pk=1).author.name",
    "post% = Post.objects.select_related('author').get(pk=1); name% = post%.author.name",
    "post% = await Post.objects.aget(pk=1)\nprint(post%.author.name)  # lazy",
    "post% = await Post.objects.aget(pk=1)\nprint(post%.author.pk, post%.editor and post%.editor.name)",
    "tags% = [tag.name for tag in (await Post.objects.aget(pk=1)).tags.all()]",
    "author% = await Author.objects.aget(pk=1)\nauthor%.name = 'x'\nauthor%.save(update_fields=['name'])",
    "author% = await Author.objects.aget(pk=1)\nauthor%.posts.create(title='t', editor=None)",
    "value% = Post.objects.count() if Post.objects.exists() else None",
    "value% = (found := Post.objects.first()) and found.title",
    "value% = not Post.objects.filter(pk=1)",
    "assert Post.objects.all(), 'no posts'",
    "callback% = lambda: Post.objects.count()",
    "print(titles(2))",
    "lines% = [shout(post) async for post in Post.objects.all()]",
    "if Post.objects.exists(): print('one line')",
    "while Post.objects.filter(title='x').exists(): break",
    "del x",
    "s% = '''\n# no comment, and no await: Post.objects.get()\n  '''",
    "print(*Post.objects.values_list('title', flat=True), sep='\\n')",
)

_BLOCKS = (
    "for post in Post.objects.all():",
    "for number, post in enumerate( Post.objects.all() ) :  # counted",
    "for author in Author.objects.prefetch_related('posts'):  \t",
    "if Post.objects.filter(title='é'):",
    "if (Post.objects.exists()\n||and Author.objects.exists()):  # both",
    "while Post.objects.count() > 10:",
    "with open('x') as stream:",
    "async with lock:",
    "try:",
    "def inner():",
    "async def inner():",
    "class Local:",
    "async for post in Post.objects.all():",
)

_HEADERS = (
    "async def view%(request):",
    "async def view%(request, *, limit: int = 3) -> None:  # typed",
    "@decorated(lambda: 1)\n# between\nasync def view%(\n|request,\n|other=None,  # more\n):",
    "async  def  view%( request ) :",
    "def plain%(request):",
)


@dataclass(frozen=True, slots=True)
class _Block:
    head: str
    body: tuple[object, ...]


_BODIES = st.recursive(
    st.sampled_from(_STATEMENTS),
    lambda inner: st.builds(_Block, st.sampled_from(_BLOCKS), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class _Style:
    step: str
    newline: str
    bom: bool
    ends: bool


@st.composite
def _sources(draw: st.DrawFn) -> bytes:
    style = _Style(
        draw(st.sampled_from(["    ", "\t", "  "])),
        draw(st.sampled_from(["\n", "\n", "\r\n"])),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    numbers = iter(range(1000))
    parts = [draw(st.sampled_from(_HEADS)), draw(st.sampled_from(_IMPORTS)), "\n\n"]
    if draw(st.booleans()):
        parts += [_HELPER, "\n\n"]
    for header in draw(st.lists(st.sampled_from(_HEADERS), min_size=1, max_size=3)):
        body = draw(st.lists(_BODIES, min_size=1, max_size=4))
        parts += ["\n".join(_lines(_Block(header, tuple(body)), 0, style.step, numbers)), "\n\n"]
    text = "".join(parts).rstrip("\n") + ("\n" if style.ends else "")
    return ((_BOM if style.bom else "") + text.replace("\n", style.newline)).encode()


def _lines(node: object, depth: int, step: str, numbers: Iterator[int]) -> Iterator[str]:
    text = node.head if isinstance(node, _Block) else str(node)
    number = str(next(numbers))
    if "'''" in text:
        # What is inside a string has no indentation.
        yield step * depth + text.replace("%", number)
        return
    for line in text.replace("%", number).split("\n"):
        yield step * depth + line.replace("|", step)
    if isinstance(node, _Block):
        for inner in node.body:
            yield from _lines(inner, depth + 1, step, numbers)
        yield step * depth + f"{step}# end of {number}   "
        if node.head == "try:":
            yield step * depth + "finally:  # always"
            yield step * (depth + 1) + "pass"


def _compiles(source: bytes) -> bool:
    try:
        compile(source, _PATH, "exec")
    except SyntaxError:
        # An await in a nested sync function, say: no code that could be fixed.
        return False
    return True


_COMPILED = _sources().filter(_compiles)


def _project(source: bytes) -> MemoryFileSystem:
    files = {"blog/__init__.py": b"", "blog/models.py": _MODELS.encode(), _PATH: source}
    return MemoryFileSystem({f"{_ROOT}/{path}": content for path, content in files.items()})


def _fixed(source: bytes, unsafe: bool) -> tuple[bytes, FixOutcome]:
    outcome = fix(_OPTIONS, unsafe=unsafe, filesystem=_project(source), cwd=_ROOT, write=False)
    assert {change.path for change in outcome.changes} <= {_PATH}
    for change in outcome.changes:
        assert change.before == source
        assert change.after != source, "a change that changes nothing"
        return change.after, outcome
    return source, outcome


def _comments(source: bytes) -> list[str]:
    # The line of a comment ends before the newline, whatever that is.
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return [token.string.rstrip("\r") for token in tokens if token.type == tokenize.COMMENT]


def _is_subsequence(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(one in rest for one in few)


def _kinds(findings: tuple[Finding, ...]) -> Counter[tuple[str, str]]:
    return Counter((finding.code, finding.function) for finding in findings)


_common = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@_common
@given(source=_COMPILED)
def test_fixed_code_is_code(unsafe: bool, source: bytes) -> None:
    """It compiles, scans with nothing new, and what the outcome says is left is what a scan finds."""
    after, outcome = _fixed(source, unsafe)
    note(source.decode())
    note(after.decode())
    compile(after, _PATH, "exec")
    old, new = scan(_OPTIONS, _project(source), cwd=_ROOT), scan(_OPTIONS, _project(after), cwd=_ROOT)
    assert not new.problems
    assert new.findings == outcome.report.findings
    assert not _kinds(new.findings) - _kinds(old.findings), "a new finding"
    assert bool(outcome.applied) is (after != source)
    if outcome.applied:
        assert len(new.findings) < len(old.findings)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@_common
@given(source=_COMPILED)
def test_fixing_twice_is_fixing_once(unsafe: bool, source: bytes) -> None:
    once, _ = _fixed(source, unsafe)
    note(source.decode())
    note(once.decode())
    twice, outcome = _fixed(once, unsafe)
    assert twice == once
    assert not outcome.applied


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@_common
@given(source=_COMPILED)
def test_the_rest_of_the_file_stays(unsafe: bool, source: bytes) -> None:
    """Only the statements that are fixed and the imports differ: no other line, no comment, no newline, no BOM."""
    after, outcome = _fixed(source, unsafe)
    note(source.decode())
    note(after.decode())
    assert after.startswith(_BOM.encode()) is source.startswith(_BOM.encode())
    if b"\r\n" in source:
        assert after.count(b"\n") == after.count(b"\r\n")
    else:
        assert b"\r" not in after
    assert after.endswith(b"\n") is source.endswith(b"\n")
    assert _is_subsequence(_comments(source), _comments(after)), "a comment is lost"
    allowed = _may_change(source, outcome)
    old, new = (text.splitlines(keepends=True) for text in (source, after))
    for kind, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        # What is inserted stands before or behind a line that may change.
        lines = range(start + 1, end + 1) if kind != "insert" else range(start, start + 2)
        outside = [line for line in lines if line not in allowed]
        assert len(outside) < len(lines) if kind == "insert" else not outside, (kind, outside)


@_common
@given(source=_COMPILED)
def test_safe_fixes_are_among_all_fixes(source: bytes) -> None:
    """What is safe is done in both modes, and all that is left over had a reason."""
    _, safe = _fixed(source, False)
    _, both = _fixed(source, True)
    assert all(one.applicability == "safe" for one in safe.applied)
    assert len(both.report.findings) <= len(safe.report.findings)
    assert all(reason for _, reason in (*safe.refused, *both.refused))


def _may_change(source: bytes, outcome: FixOutcome) -> set[int]:
    """Return the lines that fixes may touch: fixed statements, signatures and calls of helpers, imports."""
    tree = ast.parse(source)
    if not outcome.applied:
        return set()
    # Line 0 and what stands before the first import: an import may be the first of its kind.
    body_starts = next((node.lineno for node in tree.body if not _is_head(node)), 1)
    allowed = set(range(body_starts + 1))
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for one in outcome.applied:
        around = [node for node in statements if _first(node) <= one.line <= (node.end_lineno or 0)]
        allowed.update(_own_lines(max(around, key=_first)))
        function = max((node for node in around if isinstance(node, ast.AsyncFunctionDef)), key=_first)
        if one.code.startswith("DAM2"):
            # What is loaded lazily is loaded where the object comes from.
            inside = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and "objects" in _text(node)]
            allowed.update(line for node in inside for line in _own_lines(node))
    helpers = ("titles", "shout")
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name in helpers:
                # The helper, or room for its twin behind it.
                allowed.update(range(node.lineno, (node.end_lineno or 0) + 3))
        elif any(f"{name}(" in _text(node) for name in helpers):
            allowed.update(_own_lines(node))
    return allowed


def _is_head(node: ast.stmt) -> bool:
    imports = isinstance(node, (ast.Import, ast.ImportFrom, ast.If))
    return imports or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _own_lines(node: ast.stmt) -> range:
    """Return the lines of a statement, of a compound one those of its head."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return range(_first(node), max(_first(body[0]), node.lineno + 1))
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _text(node: ast.stmt) -> str:
    return ast.unparse(node)
