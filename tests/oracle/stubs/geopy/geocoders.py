"""Stands in for the geocoders of geopy: each request waits, unless an async adapter makes it."""

from __future__ import annotations

import time
from typing import Any


class Nominatim:
    """A geocoder."""

    def __init__(self, user_agent: str, adapter_factory: Any = None) -> None:
        self.waits = adapter_factory is None

    def geocode(self, query: str) -> Any:
        if self.waits:
            time.sleep(0.01)
            return None
        return self._found(query)

    async def _found(self, query: str) -> None:
        return None
