"""The proof proves something: right rewrites pass, and each way to be wrong is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from rewrite.compare import differences
from rewrite.fixers import FixResult
from rewrite.runner import Compared, run_projects
from rewrite.verdict import Mismatch, mismatches, summary

_MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Post(models.Model):
    title = models.CharField(max_length=20)
    author = models.ForeignKey(Author, models.CASCADE)
"""

_VIEWS = """
import datetime
import random
import uuid

from asgiref.sync import sync_to_async
from blog.models import Author, Post

CACHE = {}


def titles():
    return [post.title for post in Post.objects.order_by("pk")]


def page():
    return ", ".join(titles())


async def bad_get():
    post = Post.objects.get(pk=2)
    return post


async def bad_missing():
    return Post.objects.get(pk=99)


async def bad_names():
    return [post.author.name for post in Post.objects.order_by("pk").select_related("author")]


async def bad_count():
    print("counting")
    return len(Post.objects.all())


async def bad_rename():
    author = Author.objects.get(pk=1)
    author.name = "Ann"
    author.save()
    CACHE["renamed"] = author.pk


async def bad_two():
    return Post.objects.count(), Author.objects.count()


async def bad_token():
    return {"token": uuid.uuid4(), "at": datetime.datetime.now(), "posts": Post.objects.count()}


async def bad_stream():
    for post in Post.objects.order_by("pk"):
        yield post.title


async def ok_chance():
    return random.random()


async def ok_lazy():
    return Post.objects.order_by("-pk")


class Feed:
    def __init__(self):
        self.seen = 0

    async def bad_items(self):
        self.seen = Post.objects.count()
"""

_FILES = {"blog/__init__.py": "", "blog/models.py": _MODELS, "blog/views.py": _VIEWS}


@dataclass(frozen=True, slots=True)
class _Applied:
    line: int
    code: str = "DAM101"
    path: str = "blog/views.py"
    title: str = "await it"


@dataclass(frozen=True, slots=True)
class _Stub:
    """Replaces text; each replacement counts as a fix of the line it begins in."""

    replacements: tuple[tuple[str, str], ...]

    def __call__(self, files: Mapping[str, str]) -> FixResult:
        text = files["blog/views.py"]
        applied = []
        for old, new in self.replacements:
            assert _VIEWS.count(old) == 1, old
            offset = next((n for n, line in enumerate(old.splitlines()) if ".objects" in line), 0)
            applied.append(_Applied(_VIEWS[: _VIEWS.index(old)].count("\n") + 1 + offset))
            text = text.replace(old, new)
        return FixResult({**files, "blog/views.py": text}, tuple(applied))


_GET = "    post = Post.objects.get(pk=2)\n"
_COUNT = "    return len(Post.objects.all())\n"
_SAVE = "    author.save()\n"
_LAZY = '    return Post.objects.order_by("-pk")\n'
_STREAM = '    for post in Post.objects.order_by("pk"):\n'

_RIGHT = _Stub(
    (
        (_GET, "    post = await Post.objects.aget(pk=2)\n"),
        ("    return Post.objects.get(pk=99)\n", "    return await Post.objects.aget(pk=99)\n"),
        (_COUNT, "    return len([post async for post in Post.objects.all()])\n"),
        ("[post.author.name for post in", "[post.author.name async for post in"),
        ("    author = Author.objects.get(pk=1)\n", "    author = await Author.objects.aget(pk=1)\n"),
        (_SAVE, "    await author.asave()\n"),
        ("Post.objects.count(), Author.objects.count()", "await Post.objects.acount(), Author.objects.count()"),
        ('"posts": Post.objects.count()', '"posts": await Post.objects.acount()'),
        (_STREAM, '    async for post in Post.objects.order_by("pk"):\n'),
        ("        self.seen = Post.objects.count()\n", "        self.seen = await Post.objects.acount()\n"),
    )
)

# What is written instead, where it shows, and the aspects that must be named.
_WRONG = {
    "another row": (_Stub(((_GET, "    post = await Post.objects.aget(pk=1)\n"),)), "bad_get", "result"),
    "a field that is not loaded": (
        _Stub(((_GET, "    post = await Post.objects.only('author').aget(pk=2)\n"),)),
        "bad_get",
        "result",
    ),
    "a list for a queryset": (
        _Stub(((_LAZY, '    return [post async for post in Post.objects.order_by("-pk")]\n'),)),
        "ok_lazy",
        "result",
    ),
    "another order": (_Stub(((_LAZY, '    return Post.objects.order_by("pk")\n'),)), "ok_lazy", "result"),
    "no exception": (
        _Stub((("Post.objects.get(pk=99)", "await Post.objects.filter(pk=99).afirst()"),)),
        "bad_missing",
        "error",
    ),
    "another message": (
        _Stub((("Post.objects.get(pk=99)", "await Author.objects.aget(pk=99)"),)),
        "bad_missing",
        "error",
    ),
    "no await": (_Stub(((_GET, "    post = Post.objects.aget(pk=2)\n"),)), "bad_get", "result"),
    "a coroutine let go": (_Stub(((_SAVE, "    author.asave()\n"),)), "bad_rename", "warnings"),
    "rows not written": (_Stub(((_SAVE, ""),)), "bad_rename", "database"),
    "other rows written": (
        _Stub(((_SAVE, "    await Author.objects.filter(pk__gt=1).aupdate(name='Ann')\n"),)),
        "bad_rename",
        "database",
    ),
    "a variable of the module": (_Stub((('    CACHE["renamed"] = author.pk\n', ""),)), "bad_rename", "globals"),
    "an attribute of the object": (
        _Stub((("        self.seen = Post.objects.count()\n", "        await Post.objects.acount()\n"),)),
        "Feed.bad_items",
        "owner",
    ),
    "more queries": (
        _Stub(
            (
                ('order_by("pk").select_related("author")', 'order_by("pk")'),
                ("[post.author.name for", "[(await Author.objects.aget(pk=post.author_id)).name async for"),
            )
        ),
        "bad_names",
        "queries",
    ),
    "other output": (
        _Stub((('    print("counting")\n' + _COUNT, "    return await Post.objects.acount()\n"),)),
        "bad_count",
        "output",
    ),
    "a warning": (
        _Stub(((_COUNT, "    __import__('warnings').warn('look')\n    return await Post.objects.acount()\n"),)),
        "bad_count",
        "warnings",
    ),
    "a query on the loop still": (
        _Stub(((_COUNT, "    return sum(1 for _ in Post.objects.all())\n"),)),
        "bad_count",
        "hazards",
    ),
    "half of what random values are part of": (
        _Stub((('"posts": Post.objects.count()', '"posts": await Author.objects.filter(pk=1).acount()'),)),
        "bad_token",
        "result",
    ),
    "a generator that ends early": (
        _Stub(((_STREAM, '    async for post in Post.objects.order_by("pk")[:2]:\n'),)),
        "bad_stream",
        "result",
    ),
    "a sync caller left behind": (
        _Stub(
            (
                (
                    'def titles():\n    return [post.title for post in Post.objects.order_by("pk")]\n',
                    'async def titles():\n    return [post.title async for post in Post.objects.order_by("pk")]\n',
                ),
            )
        ),
        "page",
        "error",
    ),
    "a function that is gone": (
        _Stub((('def page():\n    return ", ".join(titles())\n', ""),)),
        "page",
        "gone",
    ),
    "a file that does not compile": (_Stub(((_SAVE, "    await author.asave(\n"),)), "the project", "SyntaxError"),
    "an import that fails": (
        _Stub((("import random\n", "from django.db import arandom\n"),)),
        "the project",
        "ImportError",
    ),
}


@pytest.fixture(scope="module")
def proofs() -> dict[str, Compared]:
    """Run the project as every rewrite leaves it."""
    stubs = {"right": _RIGHT, **{name: stub for name, (stub, _, _) in _WRONG.items()}}
    compared = run_projects({"blog": _FILES}, stubs)["blog"]
    return dict.fromkeys(stubs, compared)


def _judge(proofs: Mapping[str, Compared], name: str, safe: bool = True) -> list[Mismatch]:
    return mismatches(proofs[name], name, safe)


def test_right_rewrites_pass(proofs: dict[str, Compared]) -> None:
    """Times, tokens and random numbers differ from run to run; that is not the rewrite's fault."""
    assert _judge(proofs, "right") == []
    total = summary(proofs["right"], "right", [])
    assert (total.hazards, total.left) == (11, 1)
    assert (total.raising, total.still_raising) == (9, 1)
    assert total.functions == total.identical == 13


@pytest.mark.parametrize("name", _WRONG)
def test_wrong_rewrites_are_seen(name: str, proofs: dict[str, Compared]) -> None:
    """The message names the function and what about it changed, and shows it before and after."""
    _, function, aspect = _WRONG[name]
    wrong = _judge(proofs, name)
    assert {one.function.rpartition(":")[2] for one in wrong} == {function}, "\n".join(map(str, wrong))
    text = str(wrong[0])
    assert aspect in text
    if function != "the project":
        assert wrong[0].before and (wrong[0].before != wrong[0].after or function == "page")
        assert wrong[0].before in _VIEWS


def test_unsafe_rewrites_may_ask_more_queries(proofs: dict[str, Compared]) -> None:
    assert _judge(proofs, "more queries", safe=False) == []


_RECORD: dict[str, object] = {
    "result": None,
    "error": None,
    "output": "",
    "complaints": "",
    "warnings": [],
    "owner": None,
    "globals": {},
    "database": {},
    "queries": 0,
    "statements": [],
}


@pytest.mark.parametrize(
    ("before", "after", "again", "differs"),
    [
        ("1", "2", [], True),
        ("1", "2", ["1"], True),
        ("1", "2", ["3"], False),
        ("1", "2", ["1", "3"], False),
        (["1", "a"], ["2", "b"], [["3", "a"]], True),
        (["1", "a"], ["2", "a"], [["3", "a"]], False),
        (["1", "a"], ["2"], [["3", "a"]], True),
        (["1", "a"], ["2"], [["3"]], False),
        ("1", {"type": "coroutine"}, ["2"], True),
        ({"type": "A", "x": "1"}, {"type": "B", "x": "1"}, [{"type": "A", "x": "2"}], True),
        ({"type": "A", "x": "1"}, {"type": "A", "x": "1", "y": "1"}, [{"type": "A", "x": "2"}], True),
    ],
)
def test_only_what_is_the_same_twice_is_compared(
    before: object, after: object, again: list[object], differs: bool
) -> None:
    records = [{**_RECORD, "result": tree} for tree in (before, after, *again)]
    assert bool(list(differences(records[0], records[1], records[2:], True))) is differs


def test_a_type_that_changed_is_seen_beside_a_value_by_chance() -> None:
    """A coroutine in place of a token is no token."""
    before, again = ({**_RECORD, "result": {"type": "dict", "items": [["'t'", token]]}} for token in ("1", "2"))
    after = {**_RECORD, "result": {"type": "dict", "items": [["'t'", {"type": "coroutine", "name": "make"}]]}}
    assert list(differences(before, after, [again], True))
