"""The target Django decides what is found and what a fix may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from django_async_migrate.api import scan
from django_async_migrate.catalog import load, rules_folder
from django_async_migrate.catalog.releases import releases
from django_async_migrate.core.edits import Before, Rename, Template
from django_async_migrate.core.findings import Finding
from django_async_migrate.core.options import ScanOptions
from harness.cases import all_cases
from harness.versions import LINES
from project.source import ROOT
from project.targets import MODELS, assert_said, by_function, findings, number

_VIEWS = """
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core import paginator
from django.db.models import prefetch_related_objects
from django.dispatch import Signal
from django.http import HttpRequest
from django.shortcuts import get_list_or_404, get_object_or_404
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from .models import Author, Book

sold = Signal()


async def count():
    return Book.objects.count()


async def save():
    book = await Book.objects.aget(pk=1)
    book.save()


async def add():
    author = await Author.objects.aget(pk=1)
    book = await Book.objects.aget(pk=1)
    author.book_set.add(book)


async def relation():
    book = await Book.objects.aget(pk=1)
    return book.author.name


async def shortcut():
    return get_object_or_404(Book, pk=1)


async def shortcut_list():
    return get_list_or_404(Book, pk=1)


async def prefetch():
    book = await Book.objects.aget(pk=1)
    prefetch_related_objects([book], "author")


async def auth(request: HttpRequest):
    return authenticate(request, username="ann")


async def enter(request: HttpRequest):
    user = await User.objects.aget(pk=1)
    login(request, user)


async def leave(request: HttpRequest):
    logout(request)


async def rehash(request: HttpRequest):
    user = await User.objects.aget(pk=1)
    update_session_auth_hash(request, user)


async def permission():
    user = await User.objects.aget(pk=1)
    return user.has_perm("shop.buy")


async def create_user():
    return User.objects.create_user("ann")


async def natural_key():
    return User.objects.get_by_natural_key("ann")


async def session(request: HttpRequest):
    return request.session.get("cart")


async def request_user(request: HttpRequest):
    return request.user.is_staff


async def new_user(request: HttpRequest):
    return await request.auser()


async def new_shortcut():
    from django.shortcuts import aget_object_or_404

    return await aget_object_or_404(Book, pk=1)


async def new_signal():
    return await sold.asend(sender=Book)


async def new_password():
    user = await User.objects.aget(pk=1)
    return await user.acheck_password("secret")


async def new_session(request: HttpRequest):
    return await request.session.aget("cart")


async def new_permission():
    user = await User.objects.aget(pk=1)
    return await user.ahas_perm("shop.buy")


async def new_create_user():
    return await User.objects.acreate_user("ann")


async def new_paginator():
    return await paginator.AsyncPaginator(Book.objects.order_by("pk"), 5).apage(1)


async def never():
    return [book async for book in Book.objects.aall()]


@login_required
async def needs_login(request):
    return None


@permission_required("shop.buy")
async def needs_permission(request):
    return None


@csrf_exempt
async def without_token(request):
    return None


@never_cache
async def uncached(request):
    return None


class Page(View):
    @method_decorator(login_required)
    async def get(self, request):
        return None
"""
_URLS = """
from django.urls import path

from . import views

urlpatterns = [
    path("login", views.needs_login),
    path("permission", views.needs_permission),
    path("token", views.without_token),
    path("uncached", views.uncached),
    path("page", views.Page.as_view()),
]
"""
_SITE = {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/views.py": _VIEWS, "shop/urls.py": _URLS}

_THREAD = "await sync_to_async({})(...)"
#: Function -> code, and what is said from which release on: a part of the fix, or nothing where there is no finding.
_EXPECTED: dict[str, tuple[str, dict[str, str | None]]] = {
    "count": ("DAM101", {"4.2": "acount"}),
    "save": ("DAM109", {"4.2": "asave"}),
    "add": ("DAM108", {"4.2": "aadd"}),
    "relation": ("DAM201", {"4.2": "select_related"}),
    "shortcut": ("DAM406", {"4.2": _THREAD.format("get_object_or_404"), "5.0": "await aget_object_or_404(...)"}),
    "shortcut_list": ("DAM406", {"4.2": _THREAD.format("get_list_or_404"), "5.0": "await aget_list_or_404(...)"}),
    "prefetch": (
        "DAM101",
        {"4.2": _THREAD.format("prefetch_related_objects"), "5.0": "await aprefetch_related_objects(...)"},
    ),
    "auth": ("DAM403", {"4.2": _THREAD.format("authenticate"), "6.1": "await aauthenticate(...)"}),
    "enter": ("DAM403", {"4.2": _THREAD.format("login"), "5.0": "await alogin(...)"}),
    "leave": ("DAM403", {"4.2": _THREAD.format("logout"), "5.0": "await alogout(...)"}),
    "rehash": (
        "DAM403",
        {"4.2": _THREAD.format("update_session_auth_hash"), "6.0": "await aupdate_session_auth_hash(...)"},
    ),
    "session": ("DAM402", {"4.2": _THREAD.format("request.session.get"), "5.1": "await request.session.aget(...)"}),
    "permission": ("DAM404", {"4.2": _THREAD.format("user.has_perm"), "5.2": "await user.ahas_perm(...)"}),
    "create_user": (
        "DAM101",
        {"4.2": _THREAD.format("User.objects.create_user"), "5.2": "await User.objects.acreate_user(...)"},
    ),
    "natural_key": (
        "DAM101",
        {
            "4.2": _THREAD.format("User.objects.get_by_natural_key"),
            "5.2": "await User.objects.aget_by_natural_key(...)",
        },
    ),
    "new_user": ("DAM605", {"4.2": "in a thread", "5.0": None}),
    "new_shortcut": ("DAM605", {"4.2": _THREAD.format("get_object_or_404"), "5.0": None}),
    "new_signal": ("DAM605", {"4.2": _THREAD.format("send"), "5.0": None}),
    "new_password": ("DAM605", {"4.2": _THREAD.format("check_password"), "5.0": None}),
    "new_session": ("DAM605", {"4.2": _THREAD.format("get"), "5.1": None}),
    "new_permission": ("DAM605", {"4.2": _THREAD.format("has_perm"), "5.2": None}),
    "new_create_user": ("DAM605", {"4.2": _THREAD.format("create_user"), "5.2": None}),
    "new_paginator": ("DAM605", {"4.2": "Paginator", "6.0": None}),
    "never": ("DAM604", {"4.2": "all(...)"}),
    "needs_login": ("DAM803", {"4.2": "", "5.1": None}),
    "needs_permission": ("DAM803", {"4.2": "", "5.1": None}),
    "without_token": ("DAM803", {"4.2": "", "5.0": None}),
    "uncached": ("DAM803", {"4.2": "", "5.0": None}),
    "Page.get": ("DAM803", {"4.2": "", "5.2": None}),
}


@cache
def _site(version: str) -> dict[tuple[str, str], Finding]:
    return by_function(_SITE, version)


@pytest.mark.parametrize("version", LINES)
@pytest.mark.parametrize("function", _EXPECTED)
def test_a_scan_says_what_the_target_has(function: str, version: str) -> None:
    code, changes = _EXPECTED[function]
    assert_said(_site(version).get((function, code)), changes, version)


@pytest.mark.parametrize("version", LINES)
def test_the_user_of_a_request_is_awaited_where_it_can_be(version: str) -> None:
    finding = _site(version)[("request_user", "DAM401")]
    awaited = any("auser" in text for text in _texts(finding))
    assert awaited == (number(version) >= (5, 0))


# -- what fixes name ----------------------------------------------------------------------------------------

_WORD = re.compile(r"(?:(\w+)\s*\.\s*)?\b([aA][A-Za-z_0-9]+)\b")


#: Their messages quote the name that the target lacks: that is what they are about.
_QUOTING = frozenset({"DAM604", "DAM605"})


def _texts(finding: Finding) -> Iterator[str]:
    """Yield all that a finding says, and what its fixes say and write."""
    if finding.code not in _QUOTING:
        yield finding.message
    yield from (step.message for step in finding.trace)
    if finding.fix is not None:
        yield finding.fix.title
    for plan in finding.plans:
        yield plan.title
        for edit in plan.edits:
            if isinstance(edit, Rename):
                yield edit.name
            elif isinstance(edit, (Template, Before)):
                yield edit.source
        yield from (f"{entry.name}" for entry in plan.imports)


@cache
def _dates() -> dict[str, tuple[int, int]]:
    """Map each async name of Django to the first release in which anything goes by it."""
    found: dict[str, tuple[int, int]] = {}
    for path, row in releases(rules_folder()).coroutines.items():
        name = path.rpartition(".")[2]
        found[name] = min(found.get(name, (99, 0)), row.since or (4, 2))
    return found


@cache
def _sync_names() -> frozenset[str]:
    catalog = load()
    names = {path.rpartition(".")[2] for path in catalog.functions if path.startswith("django.")}
    return frozenset(names) | frozenset(catalog.queryset_methods) | frozenset(catalog.model_methods)


def _lacking(finding: Finding, version: str, project: str) -> Iterator[str]:
    """Yield the async names in the fixes of a finding that the target does not have."""
    for text in _texts(finding):
        for owner, name in _WORD.findall(text):
            since = _dates().get(name)
            if since is None:
                known = name in _sync_names() or name[1:] not in _sync_names()
                if not known and not re.search(rf"\b{name}\b", project):
                    yield f"{finding.code} at {finding.span.line}: no Django has {name}: {text}"
            elif since > number(version) or (owner == "session" and number(version) < (5, 1)):
                if not re.search(rf"\b{name}\b", project):
                    yield f"{finding.code} at {finding.span.line}: {version} has no {name}: {text}"


def test_the_check_sees_names_that_are_not_there() -> None:
    finding = _site("5.2")[("permission", "DAM404")]
    assert list(_lacking(finding, "5.2", "")) == []
    assert any("has no ahas_perm" in message for message in _lacking(finding, "5.1", ""))
    finding = _site("6.1")[("session", "DAM402")]
    assert any("has no aget" in message for message in _lacking(finding, "5.0", ""))


@pytest.mark.parametrize("version", ["4.2", "5.0", "5.1", "5.2"])
def test_no_fix_of_a_case_names_what_the_target_lacks(version: str) -> None:
    wrong = []
    for case in all_cases():
        files = case.project()
        text = "\n".join(files.values())
        for finding in findings(files, version):
            wrong += [f"{case.name}: {message}" for message in _lacking(finding, version, text)]
    assert wrong == []


@pytest.mark.parametrize("version", ["4.2", "5.0", "5.2", "6.1"])
def test_no_fix_of_the_legacy_project_names_what_the_target_lacks(version: str) -> None:
    report = scan(ScanOptions(paths=(".",), target_version=version), cwd=str(ROOT))
    wrong = [message for finding in report.findings for message in _lacking(finding, version, "")]
    assert wrong == []
