"""Middleware gets an async path only where its code may certainly run on the event loop as it stands."""

from __future__ import annotations

import pytest

from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_SETTINGS = 'ROOT_URLCONF = "shop.urls"\nMIDDLEWARE = ["shop.middleware.Subject"]\n'
_VIEWS = "async def home(request):\n    return None\n"
_CLASS = """
class Subject:
    def __init__(self, get_response):
        self.get_response = get_response
        {init}

    def __call__(self, request):
        {before}
        response = self.get_response(request)
        {after}
        return response
"""


def _fixed(source: str, **more: str) -> str:
    files = {"settings.py": _SETTINGS, "shop/views.py": _VIEWS, "shop/middleware.py": source, **more}
    tree = {f"/project/{path}": text for path, text in files.items()}
    options = ScanOptions(paths=("/project",), project="/project", select=("DAM3",))
    outcome = fix(options, True, MemoryFileSystem(tree), cwd="/project", write=False)
    return next((change.after.decode() for change in outcome.changes if change.path == "shop/middleware.py"), source)


def _class(head: str = "", init: str = "pass", before: str = "pass", after: str = "pass") -> str:
    return head + _CLASS.format(init=init, before=before, after=after)


@pytest.mark.parametrize(
    "source",
    [
        _class("import time\n", before="time.sleep(1)"),
        _class("import requests\n", before="requests.get('https://example.com')"),
        _class("import threading\n\nstate = threading.local()\n", before="state.request = request"),
        _class("from django.core.cache import cache\n", before="cache.get('key')"),
        _class(
            "from django.core.cache import caches\n", init="self.cache = caches['default']", before="self.cache.get(1)"
        ),
        _class(before="request.user.save()"),
        _class(before="getattr(request, 'user', None)"),
        _class(before="request.session['seen'] = True"),
        _class(before="self.request = request"),
        _class("from shop.tools import helper\n", before="helper(request)"),
        _class(before="open('/tmp/log').close()"),
        _class(after="response.render()"),
        _class(after="response.streaming_content = []"),
        _class("hits = {}\n", after="hits[request.path] = 1"),
        _class("from django.db import transaction\n").replace(
            "        response = self.get_response(request)",
            "        with transaction.atomic():\n            response = self.get_response(request)",
        ),
        _class().replace("return response", "yield response"),
        _class(before="text = '''one\n        two'''"),
        _class().replace("class Subject:", "class Subject:\n    __slots__ = ('get_response',)\n"),
        _class(init="self.get_response = None"),
        _class().replace(
            "        self.get_response = get_response\n", "        if 1: self.get_response = get_response\n"
        ),
        _class().replace(
            "):\n        self.get_response = get_response\n        pass\n", "): self.get_response = get_response\n"
        ),
        "class Subject:\n    def __init__(self, get_response):\n        self.get_response = get_response\n\n"
        "    def __call__(self, request): return self.get_response(request)\n",
        _class()
        + "\n\nclass More(Subject):\n    def __call__(self, request):\n        return self.get_response(request)\n",
        _class("from shop.models import Book\n", after="response['X'] = self.number")
        + "\n    @property\n    def number(self):\n        return Book.objects.count()\n",
        _class() + "\n    def again(self, request):\n        return self.get_response(request)\n",
        _class().replace("class Subject:", "class Subject:\n    async_capable = False\n"),
    ],
)
def test_it_is_left_alone(source: str) -> None:
    assert _fixed(source) == source


@pytest.mark.parametrize(
    "source",
    [
        _class(),
        _class(
            '"""Of the shop."""\n\nimport time\n',
            before="started = time.monotonic()",
            after="response['X'] = str(started)",
        ),
        _class("import logging\n\nlogger = logging.getLogger(__name__)\n", before="logger.info('%s', request.path)"),
        _class(init="return"),
        _class("from django.conf import settings\n", init="if settings.DEBUG:\n            return"),
        _class("import re\n", init="self.bots = re.compile('bot')", before="self.bots.search(request.path)"),
        _class("from django.conf import settings\n", after="response['X'] = settings.VERSION"),
        _class(after="self._mark(response)") + "\n    def _mark(self, response):\n        response['X'] = '1'\n",
        _class("from django.conf import settings\n", after="response['X'] = self.number")
        + "\n    @property\n    def number(self):\n        return getattr(settings, 'NUMBER', '1')\n",
        _class("from django.http import HttpResponse\n").replace(
            "        pass\n", "        if request.GET.get('ping'):\n            return HttpResponse('pong')\n", 2
        ),
    ],
)
def test_it_gets_an_async_path(source: str) -> None:
    after = _fixed(source)
    assert "async def __acall__(self, request):" in after
    assert "await self.get_response(request)" in after
    assert _fixed(after) == after


def test_line_ends_and_comments_stay() -> None:
    source = _class(after="response['X'] = '1'  # said\n        # the end").replace("\n", "\r\n") + "    # footer\r\n"
    after = _fixed(source)
    assert after.count("\n") == after.count("\r\n")
    assert after.count("# said") == 2 and "# footer" in after


def test_comments_at_the_ends_of_functions_stay_there() -> None:
    """The mark follows the statement that keeps get_response, the copy what belongs to the function before it."""
    source = _class(init="# kept") + "        # last\n\n    # the end\n\n\n# after\nNUMBER = 1\n"
    after = _fixed(source)
    assert after.count("# last") == after.count("# the end") == after.count("# after") == 1
    assert (
        after.index("# last") < after.index("async def __acall__") < after.index("# the end") < after.index("# after")
    )
    assert "            markcoroutinefunction(self)\n        # kept" in after


def test_parentheses_only_where_they_are_needed() -> None:
    source = _class().replace(
        "response = self.get_response(request)",
        "if (found := self.get_response(request)).status_code == 200 or self.get_response(request)['X']:\n"
        "            return found\n        response = self.get_response(request) if request.GET else found",
    )
    after = _fixed(source)
    assert "if (found := await self.get_response(request)).status_code == 200 or (await self.get_response(" in after
    assert "response = await self.get_response(request) if request.GET else found" in after
