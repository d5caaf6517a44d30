"""Entry points of ``common`` and of the project package itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from project.shop import Shop


def partner_cookie(shop: Shop) -> Awaitable[object]:
    from common.middleware import PartnerCookieMiddleware
    from django.http import HttpResponse  # type: ignore[import-untyped]
    from django.test import AsyncRequestFactory  # type: ignore[import-untyped]

    async def get_response(request: Any) -> Any:
        return HttpResponse("ok")

    return PartnerCookieMiddleware(get_response)(AsyncRequestFactory().get("/?partner=owl"))


def last_seen_without_user(shop: Shop) -> Awaitable[object]:
    from common.middleware import LastSeenMiddleware
    from django.http import HttpResponse
    from django.test import AsyncRequestFactory

    async def get_response(request: Any) -> Any:
        return HttpResponse("ok")

    return LastSeenMiddleware(get_response)(AsyncRequestFactory().get("/"))


def request_id(shop: Shop) -> Awaitable[object]:
    from common.middleware import request_id_middleware
    from django.http import HttpResponse
    from django.test import AsyncRequestFactory

    async def get_response(request: Any) -> Any:
        return HttpResponse("ok")

    return request_id_middleware(get_response)(AsyncRequestFactory().get("/"))


def unknown_socket(shop: Shop) -> Awaitable[object]:
    from paperleaf.asgi import application

    async def send(message: Any) -> None:
        assert message["code"] == 4404

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    return application({"type": "websocket", "path": "/ws/other/"}, receive, send)


def plain_page(shop: Shop) -> Awaitable[object]:
    """A page through the whole ASGI application, middleware included."""
    from paperleaf.asgi import application

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    received: list[dict[str, Any]] = [{"type": "http.request", "body": b""}]

    async def receive() -> Any:
        if received:
            return received.pop()
        await asyncio.sleep(3600)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/api/v1/ping/",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }
    return application(scope, receive, send)
