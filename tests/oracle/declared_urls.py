"""The URLs of a case about middleware that has none: an async view and a sync one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]


async def _asynchronous(request: Any) -> Any:
    return HttpResponse("asynchronous")


def _synchronous(request: Any) -> Any:
    return HttpResponse("synchronous")


urlpatterns = [path("", _asynchronous), path("sync/", _synchronous)]
