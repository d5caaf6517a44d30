"""The oracle itself: it notices every way in which a case can be wrong."""

from __future__ import annotations

import pytest

from harness.cases import Case, parse_cases
from oracle.runner import Judged, judge
from oracle.verdict import disagreements

_MODELS = """\
`shop/models.py`
```py
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
```
"""

# Title, code, and the start of each message expected.
_WRONG: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("agrees", "async def bad():\n    Tag.objects.count()  # E: DAM101\n", ()),
    (
        "finding without an event",
        "async def ok():\n    await Tag.objects.acount()  # E: DAM101\n",
        ("shop/views.py:3 has an E",),
    ),
    (
        "event without a finding",
        "async def entry():\n    Tag.objects.count()\n",
        ("entry: shop/views.py:3 reaches a query and has no E",),
    ),
    (
        "ok is bad",
        "async def ok():\n    Tag.objects.count()  # E: DAM101\n",
        ("ok: is not ok",),
    ),
    ("bad is ok", "async def bad():\n    pass\n", ("bad: is not bad",)),
    (
        "swallowed",
        "async def bad():\n    try:\n        Tag.objects.count()  # E: DAM101\n    except Exception:\n        pass\n",
        ("bad: does not raise; if it catches the error",),
    ),
    (
        "other error",
        "async def ok():\n    return 1 / 0\n",
        ("ok: fails although queries are let through:\nshop/views.py:3 return 1 / 0\nZeroDivisionError",),
    ),
    ("nothing to run", "async def helper():\n    pass\n", ("no function to run",)),
    ("does not import", "import no_such_module\n", ("Traceback",)),
    (
        "unknown argument",
        "async def ok(colour):\n    pass\n",
        ("ok: fails although queries are let through:\nTraceback",),
    ),
    (
        "known arguments, methods, async generators",
        "class Shop:\n"
        "    async def bad_method(self, request, pk):\n"
        "        Tag.objects.get(pk=pk)  # E: DAM101\n"
        "    async def bad_generator(self):\n"
        "        yield Tag.objects.first()  # E: DAM101\n"
        "class Closed:\n"
        "    def __init__(self, key):\n"
        "        pass\n"
        "    async def bad_not_reached(self):\n"
        "        pass\n",
        (),
    ),
    (
        "the innermost coroutine counts",
        "async def inner():\n    Tag.objects.count()  # E: DAM101\n"
        "async def bad():\n    await inner()\n"
        "def helper():\n    Tag.objects.count()\n"
        "async def bad_helper():\n    helper()  # E: DAM110\n",
        (),
    ),
    (
        "any line of the expression, and no line beside it",
        "async def bad():\n"
        "    (Tag.objects\n"
        "        .filter(pk=1)\n"
        "        .get())  # E: DAM101\n"
        "    len(  # E: DAM103\n"
        "        Tag.objects.all()\n"
        "    )\n"
        "    x = [\n"
        "        1,\n"
        "        Tag.objects.filter(pk=1)  # E: DAM101\n"
        "        .first()\n"
        "    ]\n",
        (),
    ),
    (
        "heads of statements and comprehensions",
        "async def bad():\n"
        "    for tag in Tag.objects.all():  # E: DAM102\n"
        "        print(tag)\n"
        "    if Tag.objects.all():  # E: DAM104\n"
        "        print(1)\n"
        "    [\n"
        "        Tag.objects.get(pk=number)  # E: DAM101\n"
        "        for number in (1, 2)\n"
        "    ]\n"
        "    any(\n"
        "        tag.parent is None  # E: DAM201\n"
        "        for tag in [tag async for tag in Tag.objects.all()]\n"
        "    )\n",
        (),
    ),
    (
        "what blocks raises nothing",
        "import asyncio, time\n"
        "async def bad_sleep():\n    time.sleep(1)  # E: DAM502\n"
        "async def ok_thread():\n    await asyncio.to_thread(time.sleep, 1)\n",
        (),
    ),
    (
        "blocking without a finding",
        "async def entry():\n    open(__file__).close()\n",
        ("entry: shop/views.py:3 blocks and has no E",),
    ),
    (
        "finding that blocks nothing",
        "import time\nasync def ok_clock():\n    time.time()  # E: DAM502\n",
        ("shop/views.py:4 has an E",),
    ),
    (
        "a fresh state for each function",
        "KEPT = []\n"
        "async def bad_first():\n    Tag.objects.all().delete()  # E: DAM101\n    KEPT.append(1)\n"
        "async def ok_second():\n    assert await Tag.objects.acount() == 3 and not KEPT\n",
        (),
    ),
)


def _case(title: str, code: str) -> Case:
    text = f"# {title}\n{_MODELS}`shop/views.py`\n```py\nfrom shop.models import Tag\n{code}```\n"
    return parse_cases(text, "some.md")[0]


_CASES = {title: _case(title, code) for title, code, _ in _WRONG}


@pytest.fixture(scope="module")
def judged() -> dict[str, Judged]:
    """Judge all of them in one worker."""
    return judge(_CASES.values())


@pytest.mark.parametrize(("title", "messages"), [(title, messages) for title, _, messages in _WRONG])
def test_disagreements(title: str, messages: tuple[str, ...], judged: dict[str, Judged]) -> None:
    """Every message expected comes, in order, and no other."""
    case = _CASES[title]
    found = disagreements(case, judged[case.name])
    assert len(found) == len(messages), found
    assert all(text.startswith(start) for text, start in zip(found, messages, strict=True)), found


def test_settings_of_the_case_are_used() -> None:
    """A user model of its own, and rows that the case makes itself."""
    text = """\
# Own user
`config/settings.py`
```py
AUTH_USER_MODEL = "people.Member"
```
`people/models.py`
```py
from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    nick = models.CharField(max_length=20)
```
`seed.py`
```py
from people.models import Member


def seed():
    Member.objects.create(username="ada", nick="countess")
```
`people/views.py`
```py
from django.contrib.auth import get_user_model


async def ok():
    assert (await get_user_model().objects.aget()).nick == "countess"


async def bad():
    get_user_model().objects.get()  # E: DAM101
```
"""
    (case,) = parse_cases(text, "some.md")
    assert disagreements(case, judge([case])[case.name]) == []
