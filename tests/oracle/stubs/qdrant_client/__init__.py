"""Stands in for qdrant-client, which the tests do without: each request to a server waits."""

from __future__ import annotations

import time
from typing import Any


class QdrantClient:
    """A client that blocks, or a store in memory."""

    def __init__(self, location: str | None = None, url: str | None = None) -> None:
        self.local = location == ":memory:"

    def query_points(self, name: str, **kwargs: Any) -> list[Any]:
        if not self.local:
            time.sleep(0.01)
        return []

    def close(self) -> None:
        return None


class AsyncQdrantClient:
    """A client that awaits."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url

    async def query_points(self, name: str, **kwargs: Any) -> list[Any]:
        return []
