"""Stands in for httpx, which the tests do without: a Client waits, an AsyncClient does not."""

from __future__ import annotations

from typing import Any

from requests import Response, get, post, request

__all__ = ["AsyncClient", "Client", "Response", "get", "post", "request"]


class Client:
    """A client that blocks."""

    def __init__(self, **kwargs: Any) -> None:
        self.base_url = kwargs.get("base_url", "")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def get(self, url: str, **kwargs: Any) -> Response:
        return get(url)

    def post(self, url: str, **kwargs: Any) -> Response:
        return post(url)

    def build_request(self, method: str, url: str) -> str:
        return url


class AsyncClient:
    """A client that awaits."""

    def __init__(self, **kwargs: Any) -> None:
        self.base_url = kwargs.get("base_url", "")

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *args: object) -> None:
        return None

    async def get(self, url: str, **kwargs: Any) -> Response:
        return Response()

    async def post(self, url: str, **kwargs: Any) -> Response:
        return Response()
