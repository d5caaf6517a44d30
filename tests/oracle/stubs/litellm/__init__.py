"""Stands in for litellm, which the tests do without."""

from __future__ import annotations

import time
from typing import Any


def completion(model: str, messages: list[Any]) -> dict[str, Any]:
    time.sleep(0.01)
    return {}


async def acompletion(model: str, messages: list[Any]) -> dict[str, Any]:
    return {}


def get_max_tokens(model: str) -> int:
    return 1
