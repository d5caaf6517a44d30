"""Stands in for openai, which the tests do without: requests of OpenAI wait, those of AsyncOpenAI do not."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any


def _create(**kwargs: Any) -> str:
    time.sleep(0.01)
    return ""


async def _acreate(**kwargs: Any) -> str:
    return ""


class OpenAI:
    """A client that blocks."""

    def __init__(self, **kwargs: Any) -> None:
        self.timeout = 1
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=_create))

    def with_options(self, **kwargs: Any) -> OpenAI:
        return self


class AsyncOpenAI:
    """A client that awaits."""

    def __init__(self, **kwargs: Any) -> None:
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=_acreate))
