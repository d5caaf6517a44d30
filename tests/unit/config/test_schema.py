"""The schema for editors says what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from django_async_migrate.config.schema import SETTINGS, schema
from django_async_migrate.config.settings import _KINDS, check
from django_async_migrate.core.errors import UsageError

_REPOSITORY = Path(__file__).resolve().parents[3]
_VALUES: tuple[object, ...] = (
    *(True, 0, 1, 3, 5, 6, "", "x", "error", "never", "json", "sarif", "auto", "wrap"),
    *("4.2", "5.2.1", "3.2", "known.txt", "DAM1"),
    *([], ["DAM1"], ["dam101, DAM2"], ["E501"], ["a.b"], [1]),
    *({}, {"tests/**": ["DAM1"]}, {"a": "DAM1"}, {"a": ["x"]}),
)


def test_the_kept_schema_is_the_one_of_the_code() -> None:
    kept = json.loads((_REPOSITORY / "docs" / "django-async-migrate.schema.json").read_text("utf-8"))
    assert kept == schema(), "run scripts/write_schema.py"
    Draft7Validator.check_schema(kept)


def test_every_setting_is_in_the_schema_and_on_the_page() -> None:
    assert set(SETTINGS) == set(_KINDS)
    page = (_REPOSITORY / "docs" / "configuration.md").read_text("utf-8")
    assert [key for key in SETTINGS if f"`{key}`" not in page] == []


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_the_schema_takes_what_the_code_takes(key: str) -> None:
    validator = Draft7Validator(schema())
    taken = refused = 0
    for value in _VALUES:
        if key in ("loop-entry-points", "to-thread-functions") and value == ["DAM1"]:
            continue  # the code asks for a dot
        try:
            check(key, value)
        except UsageError:
            refused += 1
            if key in ("loop-entry-points", "to-thread-functions") and isinstance(value, list):
                continue
            assert not validator.is_valid({key: value}), value
        else:
            taken += 1
            assert validator.is_valid({key: value}), value
    assert taken and refused


def test_an_unknown_key_is_refused() -> None:
    assert not Draft7Validator(schema()).is_valid({"exlude": []})
