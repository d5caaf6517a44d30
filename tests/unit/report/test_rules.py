"""The ``rule`` command's texts."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from django_async_migrate.core.errors import UsageError
from django_async_migrate.report import rules


@dataclass(frozen=True)
class Rule:
    code: str
    name: str
    severity: str
    summary: str


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("django_async_migrate.checks.registry")
    known = (
        Rule("DAM201", "lazy-foreign-key", "error", "A foreign key is loaded on the event loop."),
        Rule("DAM101", "sync-orm-call", "error", "A query runs on the event loop."),
        Rule("DAM999", "no-page", "info", "Has no page."),
    )
    module.all_rules = lambda: known  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_the_list() -> None:
    assert rules.listing() == (
        "DAM101  sync-orm-call     error    A query runs on the event loop.\n"
        "DAM201  lazy-foreign-key  error    A foreign key is loaded on the event loop.\n"
        "DAM999  no-page           info     Has no page.\n"
    )


def test_the_page_is_found_in_the_package_or_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "src" / "django_async_migrate"
    monkeypatch.setattr(rules, "__file__", str(package / "report" / "rules.py"))
    checkout = tmp_path / "docs" / "rules"
    checkout.mkdir(parents=True)
    (checkout / "DAM101.md").write_text("# From the checkout", encoding="utf-8")
    assert rules.explain("dam101") == "# From the checkout\n"
    assert rules.explain("sync-orm-call") == "# From the checkout\n"
    (package / "docs").mkdir(parents=True)
    (package / "docs" / "DAM101.md").write_text("# From the package\n", encoding="utf-8")
    assert rules.explain("DAM101") == "# From the package\n"


def test_what_is_for_those_who_run_the_examples_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "__file__", str(tmp_path / "report" / "rules.py"))
    (tmp_path / "docs").mkdir()
    page = "# DAM101: sync-orm-call\n<!-- django: >=5.1 -->\n\n## Example\n<!-- fails: bad_page -->\n"
    (tmp_path / "docs" / "DAM101.md").write_text(page, encoding="utf-8")
    assert rules.explain("DAM101") == "# DAM101: sync-orm-call\n\n## Example\n"


def test_a_rule_without_a_page_is_explained_by_its_summary() -> None:
    assert rules.explain("DAM999") == "DAM999 no-page (info)\n\nHas no page.\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("DAM102", r"there is no rule DAM102; did you mean DAM101 \(sync-orm-call\)\?"),
        ("DAM10", r"did you mean DAM101"),
        ("lazy-foreing-key", r"did you mean DAM201 \(lazy-foreign-key\)\?"),
        ("xyz", r"there is no rule xyz; without CODE, rule lists all$"),
    ],
)
def test_an_unknown_rule_names_the_nearest(code: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rules.explain(code)
