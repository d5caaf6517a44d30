"""What each release of Django brought, family by family: findings and fixes change where it did."""

from __future__ import annotations

from functools import cache

import pytest

from django_async_migrate.core.findings import Finding
from harness.versions import LINES
from project.targets import MODELS, assert_said, by_function

_VIEWS = """
from django.contrib import auth
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_POST
from django.views.decorators.vary import vary_on_cookie

from .models import Book

moved = Signal()
heard = Signal()


@receiver(moved)
def on_moved(sender, **kwargs):
    Book.objects.count()


@receiver(heard)
async def on_heard(sender, **kwargs):
    await Book.objects.acount()


async def chunks():
    for book in Book.objects.prefetch_related("author").iterator(chunk_size=10):
        print(book.title)


async def signal():
    moved.send(sender=Book)


async def robust_signal():
    moved.send_robust(sender=Book)


async def heard_signal():
    heard.send(sender=Book)


async def auth_user(request: HttpRequest):
    return auth.get_user(request)


async def password():
    user = await User.objects.aget(pk=1)
    return user.check_password("secret")


async def session_pop(request: HttpRequest):
    return request.session.pop("cart")


async def session_flush(request: HttpRequest):
    request.session.flush()


async def permissions():
    user = await User.objects.aget(pk=1)
    return user.has_perms(["shop.buy"])


async def module_permissions():
    user = await User.objects.aget(pk=1)
    return user.has_module_perms("shop")


async def all_permissions():
    user = await User.objects.aget(pk=1)
    return user.get_all_permissions()


async def create_superuser():
    return User.objects.create_superuser("ann", "a@example.org", "x")


async def page():
    return Paginator(Book.objects.order_by("pk"), 5).get_page(1)


async def refresh():
    book = await Book.objects.aget(pk=1)
    book.refresh_from_db()


async def new_authenticate(request: HttpRequest):
    return await auth.aauthenticate(request, username="ann")


async def new_login(request: HttpRequest):
    user = await User.objects.aget(pk=1)
    await auth.alogin(request, user)


async def new_aget_user(request: HttpRequest):
    return await auth.aget_user(request)


async def new_robust():
    return await moved.asend_robust(sender=Book)


async def new_prefetch():
    from django.db.models import aprefetch_related_objects

    book = await Book.objects.aget(pk=1)
    await aprefetch_related_objects([book], "author")


async def new_session_pop(request: HttpRequest):
    return await request.session.apop("cart")


async def new_permissions():
    user = await User.objects.aget(pk=1)
    return await user.ahas_perms(["shop.buy"])


async def new_superuser():
    return await User.objects.acreate_superuser("ann", "a@example.org", "x")


async def new_page():
    from django.core.paginator import AsyncPaginator

    return await AsyncPaginator(Book.objects.order_by("pk"), 5).aget_page(1)


async def new_tasks():
    from django.tasks import task

    return task


@staff_member_required
async def needs_staff(request):
    return None


@user_passes_test(lambda user: user.is_active)
async def needs_test(request):
    return None
"""
#: Decorators that know coroutine functions since 5.0, each on a view of its name.
_DECORATORS = {
    "cached": "cache_page(60)",
    "private": "cache_control(private=True)",
    "framed": "xframe_options_deny",
    "protected": "csrf_protect",
    "cookie": "ensure_csrf_cookie",
    "sensitive": "sensitive_variables()",
    "zipped": "gzip_page",
    "tagged": "etag(lambda request: '')",
    "posted": "require_POST",
    "varied": "vary_on_cookie",
}
_VIEWS += "".join(
    f"\n\n@{decorator}\nasync def {name}(request):\n    return None\n" for name, decorator in _DECORATORS.items()
)
_TESTS = """
from django.test import TestCase


class PageTest(TestCase):
    async def test_page(self):
        self.async_client.force_login(None)
"""
_NAMES = ("needs_staff", "needs_test", *_DECORATORS)
_URLS = "from django.urls import path\n\nfrom . import views\n\nurlpatterns = [\n"
_URLS += "".join(f'    path("{name}", views.{name}),\n' for name in _NAMES) + "]\n"
_SITE = {
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/views.py": _VIEWS,
    "shop/urls.py": _URLS,
    "shop/tests.py": _TESTS,
}

_THREAD = "await sync_to_async({})(...)"
#: Function -> code, and what the fix says from which release on; None: no finding.
_EXPECTED: dict[str, tuple[str, dict[str, str | None]]] = {
    "PageTest.test_page": ("DAM811", {"4.2": "sync_to_async", "5.0": "await aforce_login(...)"}),
    "chunks": ("DAM102", {"4.2": "await sync_to_async(list)(", "5.0": "aiterator("}),
    "signal": ("DAM411", {"4.2": _THREAD.format("moved.send"), "5.0": "await moved.asend(...)"}),
    "robust_signal": ("DAM411", {"4.2": _THREAD.format("moved.send_robust"), "5.0": "await moved.asend_robust(...)"}),
    "heard_signal": ("DAM411", {"4.2": "sync_to_async", "5.0": "await heard.asend(...)"}),
    "auth_user": ("DAM403", {"4.2": _THREAD.format("auth.get_user"), "5.0": "await auth.aget_user(...)"}),
    "password": ("DAM509", {"4.2": "sync_to_async", "6.0": "await user.acheck_password(...)"}),
    "session_pop": ("DAM402", {"4.2": _THREAD.format("request.session.pop"), "5.1": "await request.session.apop(...)"}),
    "session_flush": (
        "DAM402",
        {"4.2": _THREAD.format("request.session.flush"), "5.1": "aflush(...)"},
    ),
    "permissions": ("DAM404", {"4.2": _THREAD.format("user.has_perms"), "5.2": "await user.ahas_perms(...)"}),
    "module_permissions": (
        "DAM404",
        {"4.2": _THREAD.format("user.has_module_perms"), "5.2": "ahas_module_perms(...)"},
    ),
    "all_permissions": (
        "DAM404",
        {"4.2": _THREAD.format("user.get_all_permissions"), "5.2": "aget_all_permissions(...)"},
    ),
    "create_superuser": (
        "DAM101",
        {"4.2": _THREAD.format("User.objects.create_superuser"), "5.2": "acreate_superuser(...)"},
    ),
    "refresh": ("DAM109", {"4.2": "await book.arefresh_from_db(...)"}),
    "page": ("DAM409", {"4.2": "get_page)(...)"}),
    "new_authenticate": ("DAM605", {"4.2": _THREAD.format("authenticate"), "5.0": None}),
    "new_login": ("DAM605", {"4.2": _THREAD.format("login"), "5.0": None}),
    "new_aget_user": ("DAM605", {"4.2": _THREAD.format("get_user"), "5.0": None}),
    "new_robust": ("DAM605", {"4.2": _THREAD.format("send_robust"), "5.0": None}),
    "new_prefetch": ("DAM605", {"4.2": _THREAD.format("prefetch_related_objects"), "5.0": None}),
    "new_session_pop": ("DAM605", {"4.2": _THREAD.format("pop"), "5.1": None}),
    "new_permissions": ("DAM605", {"4.2": _THREAD.format("has_perms"), "5.2": None}),
    "new_superuser": ("DAM605", {"4.2": _THREAD.format("create_superuser"), "5.2": None}),
    "new_page": ("DAM605", {"4.2": "Paginator", "6.0": None}),
    "new_tasks": ("DAM605", {"4.2": "django-tasks", "6.0": None}),
    "needs_staff": ("DAM803", {"4.2": "", "5.1": None}),
    "needs_test": ("DAM803", {"4.2": "", "5.1": None}),
    **{name: ("DAM803", {"4.2": "", "5.0": None}) for name in _DECORATORS},
}


@cache
def _found(version: str) -> dict[tuple[str, str], Finding]:
    return by_function(_SITE, version)


@pytest.mark.parametrize("version", LINES)
@pytest.mark.parametrize("function", _EXPECTED)
def test_a_release_changes_what_is_said(function: str, version: str) -> None:
    code, changes = _EXPECTED[function]
    assert_said(_found(version).get((function, code)), changes, version)


@pytest.mark.parametrize("version", LINES)
def test_nothing_else_is_found(version: str) -> None:
    known = {(function, code) for function, (code, _) in _EXPECTED.items()}
    assert sorted(set(_found(version)) - known) == []
