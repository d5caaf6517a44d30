"""Stands in for langchain-openai, which the tests do without."""

from __future__ import annotations

import time
from typing import Any


class ChatOpenAI:
    """A model."""

    def __init__(self, model: str) -> None:
        self.model = model

    def bind_tools(self, tools: list[Any]) -> ChatOpenAI:
        return self

    def invoke(self, messages: Any) -> str:
        time.sleep(0.01)
        return ""

    async def ainvoke(self, messages: Any) -> str:
        return ""
