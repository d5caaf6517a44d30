"""Stands in for requests, which the tests do without: each request waits, and gets an answer."""

from __future__ import annotations

import time
from typing import Any, ClassVar


class RequestException(OSError):
    """What the real package raises."""


class Response:
    """An answer."""

    status_code = 200
    ok = True
    text = "{}"
    content = b"{}"

    def json(self) -> dict[str, Any]:
        return {}

    def raise_for_status(self) -> None:
        return None


class Session:
    """A session."""

    headers: ClassVar[dict[str, str]] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def request(self, method: str, url: str, **kwargs: Any) -> Response:
        time.sleep(0.01)
        return Response()

    def get(self, url: str, **kwargs: Any) -> Response:
        return self.request("GET", url, **kwargs)

    def post(self, url: str, **kwargs: Any) -> Response:
        return self.request("POST", url, **kwargs)

    def close(self) -> None:
        return None


def session() -> Session:
    return Session()


def request(method: str, url: str, **kwargs: Any) -> Response:
    return Session().request(method, url, **kwargs)


def get(url: str, **kwargs: Any) -> Response:
    return request("GET", url, **kwargs)


def post(url: str, **kwargs: Any) -> Response:
    return request("POST", url, **kwargs)
