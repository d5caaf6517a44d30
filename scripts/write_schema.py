"""Writes ``docs/django-async-migrate.schema.json``: ``python scripts/write_schema.py``."""

from __future__ import annotations

import json
from pathlib import Path

from django_async_migrate.config.schema import schema

TARGET = Path(__file__).resolve().parents[1] / "docs" / "django-async-migrate.schema.json"


def text() -> str:
    """Return the schema as it is kept."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
