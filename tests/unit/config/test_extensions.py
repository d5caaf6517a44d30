"""What a project may say about itself: functions on the loop, bridges to threads, rows about its libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from django_async_migrate.api import scan
from django_async_migrate.core.errors import UsageError
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n"


def found(files: dict[str, str], **options: object) -> list[str]:
    """Return the codes and places of what is found in a project."""
    whole = {"shop/__init__.py": "", "shop/models.py": _MODELS, **files}
    filesystem = MemoryFileSystem({f"/p/{path}": text for path, text in whole.items()})
    settings = ScanOptions(paths=("/p",), project="/p", target_version="5.2", **options)  # type: ignore[arg-type]
    report = scan(settings, filesystem, "/p")
    assert report.problems == ()
    return [f"{finding.code} {finding.span.path}:{finding.span.line}" for finding in report.findings]


_BOT = """\
from lib import Handler, Router, command
from shop.models import Book

router = Router()

@command("/count")
def count(update):
    return Book.objects.count()

@router.message(text="x")
def message(update):
    return titles()

class Greeter(Handler):
    def on_message(self, update):
        return Book.objects.first()

    def other(self):
        return Book.objects.first()

def titles():
    return list(Book.objects.all())
"""


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("shop.bot.count", [8]),
        ("shop.bot.Greeter.on_*", [16]),
        ("shop.bot.*", [8, 12, 16, 19, 22]),
        ("lib.command", [8]),
        ("lib.Router.message", [12]),
        ("router.message", [12]),
        ("lib.Handler.on_message", [16]),
        ("lib.Handler.*", [16, 19]),
        ("lib.nothing", []),
    ],
)
def test_sync_functions_may_run_on_the_loop(pattern: str, lines: list[int]) -> None:
    places = found({"shop/bot.py": _BOT}, loop_entry_points=(pattern,))
    assert [place.partition(" ")[2] for place in places] == [f"shop/bot.py:{line}" for line in lines]


def test_without_the_setting_they_do_not() -> None:
    assert found({"shop/bot.py": _BOT}) == []


_TOOLS = """\
import functools

def run(function, *args):
    return make_awaitable(functools.partial(function, *args))
"""
_VIEWS = """\
from shop.models import Book
from shop.tools import run

def titles(number):
    return list(Book.objects.all())[:number]

@run
def first():
    return Book.objects.first()

async def view(request):
    rows = await run(titles, 3)
    one = await first()
    two = await run(Book.objects.first)()
    three = await run(lambda: Book.objects.count())
    return rows, one, two, three

async def wrong(request):
    return titles(3)
"""


def test_functions_of_the_project_may_be_bridges() -> None:
    files = {"shop/tools.py": _TOOLS, "shop/views.py": _VIEWS}
    assert found(files, to_thread_functions=("shop.tools.run",)) == ["DAM110 shop/views.py:19"]


def test_functions_of_a_library_may_be_bridges() -> None:
    files = {"shop/views.py": _VIEWS.replace("from shop.tools", "from somelib.aio")}
    assert found(files, to_thread_functions=("somelib.aio.run",)) == ["DAM110 shop/views.py:19"]


_ROWS = """\
[[function]]
api = "shop.tools.cached"
effect = "none"

[[function]]
api = "somelib.refresh"
effect = "query"
returns = "int"

[[bridge]]
api = "somelib.threaded"
kind = "to-thread-decorator"

[[blocking]]
module = "somelib"
names = ["wait"]
rule = "DAM501"
instead = "await somelib.await_()"
"""
_USES = """\
import somelib
from shop.models import Book
from shop.tools import cached

@somelib.threaded
def titles():
    return list(Book.objects.all())

async def view(request):
    somelib.refresh()
    somelib.wait()
    cached()
    return await titles()
"""


def test_a_project_may_have_rows_of_its_own() -> None:
    tools = "from shop.models import Book\n\ndef cached():\n    return Book.objects.count()\n"
    files = {"shop/tools.py": tools, "shop/views.py": _USES, "rules/own.toml": _ROWS}
    assert found(files, extra_rules=("rules/own.toml",)) == ["DAM101 shop/views.py:10", "DAM501 shop/views.py:11"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[function]\n", "rows.toml:1: not valid TOML: "),
        ("\n[[funktion]]\napi = 'a.b'\n", 'rows.toml:2: "funktion" is no table of rows; there are [[function]]'),
        ("function = 1\n", 'rows.toml:1: "function" is no table of rows'),
        (
            "[[function]]\napi = 'a.b'\neffect = 'query'\n\n[[function]]\napi = 'a.c'\nefect = 'query'\n",
            'rows.toml:7: unknown key "efect" in [[function]]; did you mean "effect"?',
        ),
        ("[[function]]\napi = 'a.b'\n", 'rows.toml:1: "effect" is missing from this [[function]]'),
        ("[[function]]\neffect = 'query'\n", 'rows.toml:1: "api" is missing from this [[function]]'),
        (
            "[[function]]\napi = 'a.b'\neffect = 'queries'\n",
            'rows.toml:3: "effect" must be one of query, none, ',
        ),
        ("[[function]]\napi = 'refresh'\neffect = 'query'\n", 'rows.toml:2: "api" must be a dotted name'),
        ("[[function]]\napi = 'a.b'\neffect = 'query'\nasync = 'yes'\n", 'rows.toml:4: "async" must be true or false'),
        ("[[function]]\napi = 'a.b'\neffect = 'query'\nsince = 5\n", 'rows.toml:4: "since" must be a release'),
        (
            "[[function]]\napi = 'a.b'\neffect = 'query'\nrule = 'X1'\n",
            'rows.toml:4: "rule" must be the code of a rule',
        ),
        ("[[bridge]]\napi = 'a.b'\nkind = 'thread'\n", 'rows.toml:3: "kind" must be one of to-thread, '),
        ("[[bridge]]\napi = 'a.b'\nkind = 'executor-method'\n", 'rows.toml:2: "api" must be the name of a method'),
        (
            "[[bridge]]\napi = 'a.b'\nkind = 'to-thread'\n[[bridge]]\napi = 'a.b'\nkind = 'to-thread'\n",
            'rows.toml:5: two rows for "a.b"',
        ),
        ("[[blocking]]\nmodule = 'a'\nnames = 'x'\n", 'rows.toml:3: "names" must be a list of strings'),
        ("[[blocking]]\nmodule = 'a'\nrule = 'DAM101'\n", 'rows.toml:3: "rule" must be one of DAM'),
        ("[[blocking]]\nrule = 'DAM501'\ninstead = 'x'\n", 'rows.toml:1: "module" is missing from this [[blocking]]'),
    ],
)
def test_wrong_rows(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        found({"shop/views.py": "async def f(): pass\n", "rows.toml": text}, extra_rules=("rows.toml",))
    assert message in str(caught.value)


def test_the_example_of_the_page() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "custom-rows.md").read_text("utf-8")
    rows = next(block for block in re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S) if "[[function]]" in block)
    text = """\
import billing.api, threads, warehouse
from shop.cache import cached_total

async def view(request):
    billing.api.current_plan()
    warehouse.Client().stock(1)
    cached_total()
    await threads.submit(None, billing.api.current_plan)
"""
    cache = "from shop.models import Book\n\ndef cached_total():\n    return Book.objects.count()\n"
    files = {"shop/views.py": text, "shop/cache.py": cache, "async_rules.toml": rows}
    expected = ["DAM101 shop/views.py:5", "DAM507 shop/views.py:6"]
    assert found(files, extra_rules=("async_rules.toml",)) == expected


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"extra-rules: cannot read no\.toml: No such file or directory"):
        found({}, extra_rules=("no.toml",))
