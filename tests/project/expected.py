"""Reads the golden file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).with_name("legacy_hazards.json")


@dataclass(frozen=True, order=True)
class Expected:
    """A hazard of the golden file; ``path`` is relative to the fixture."""

    path: str
    line: int
    kind: str
    function: str

    @property
    def in_scope(self) -> bool:
        """True for queries and lazy loads, False for what belongs to other rule families."""
        return self.kind.startswith(("DAM1", "DAM2"))

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind} in {self.function}"


def hazards() -> list[Expected]:
    """Return all hazards, sorted."""
    return sorted(
        Expected(entry["path"], hazard["line"], hazard["kind"], entry["function"])
        for entry in json.loads(GOLDEN.read_text("utf-8"))
        for hazard in entry["hazards"]
    )


def clean_functions() -> list[str]:
    """Return the async functions that never reach a query on the loop."""
    return [entry["function"] for entry in json.loads(GOLDEN.read_text("utf-8")) if not entry["hazards"]]
