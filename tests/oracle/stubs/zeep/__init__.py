"""Stands in for zeep, which the tests do without: loading a WSDL and calling an operation wait."""

from __future__ import annotations

import time
from typing import Any


class _Service:
    def Add(self, first: int, second: int) -> int:
        time.sleep(0.01)
        return first + second


class _AsyncService:
    async def Add(self, first: int, second: int) -> int:
        return first + second


class Client:
    """A client that loads the WSDL."""

    service: Any = _Service()

    def __init__(self, wsdl: str) -> None:
        time.sleep(0.01)

    def get_type(self, name: str) -> str:
        return name


class AsyncClient(Client):
    """A client whose operations are awaited."""

    service = _AsyncService()
