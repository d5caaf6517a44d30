"""Every rule is documented, has cases, and its cases hold both what it finds and what it leaves alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from django_async_migrate.checks.base import FactRule
from django_async_migrate.checks.registry import FACT_FAMILIES, all_rules, fact_rules
from django_async_migrate.report.rules import explain
from harness.cases import OPTIONS, Case, load_cases

_REPOSITORY = Path(__file__).resolve().parents[2]
_CASES = _REPOSITORY / "tests" / "cases"
_RULES = tuple(all_rules())
_SECTIONS = ("## What it does", "## Why it is bad", "## Example", "## Use instead", "## Fix safety")


def _cases(code: str) -> list[Case]:
    return [case for case in load_cases(_CASES) if case.source.startswith(f"{code}/")]


def _coroutine_lines(text: str) -> list[range]:
    return [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.AsyncFunctionDef)
    ]


def _near_misses(case: Case) -> int:
    """Count the coroutines of a case that hold no annotation about a finding."""
    annotated = {(item.path, item.line) for item in case.annotations() if item.kind != "value"}
    return sum(
        not any((path, line) in annotated for line in lines)
        for path, text in case.files.items()
        if path.endswith(".py")
        for lines in _coroutine_lines(text)
    )


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in _RULES}) == len({rule.name for rule in _RULES}) == len(_RULES) > 0


def test_rules_that_ask_the_index_are_of_the_families_that_are_asked() -> None:
    asking = tuple(rule for rule in _RULES if rule.find is not None)
    assert fact_rules() == asking
    assert {rule.code[3] for rule in asking} == FACT_FAMILIES


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_page(rule: object) -> None:
    code, name = getattr(rule, "code", ""), getattr(rule, "name", "")
    page = (_REPOSITORY / "docs" / "rules" / f"{code}.md").read_text("utf-8")
    assert page.startswith(f"# {code}: {name}\n")
    assert [section for section in _SECTIONS if f"\n{section}\n" not in page] == []


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.code)
def test_no_page_shows_the_options_of_its_examples(rule: object) -> None:
    shown = explain(getattr(rule, "code", ""))
    assert re.findall(rf"^(?:<!-- )?(?:{'|'.join(sorted(OPTIONS))}): .*", shown, re.MULTILINE) == []


def test_every_page_is_about_a_rule() -> None:
    pages = {path.stem for path in (_REPOSITORY / "docs" / "rules").glob("DAM*.md")}
    assert pages == {rule.code for rule in _RULES}


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_hit_and_a_near_miss(rule: object) -> None:
    code = getattr(rule, "code", "")
    cases = _cases(code)
    assert any(item.kind == "E" and item.text == code for case in cases for item in case.annotations())
    if isinstance(rule, FactRule):  # it has to do with declarations: a whole case is silent
        assert any(all(item.text != code for item in case.annotations()) for case in cases)
    else:
        assert any(_near_misses(case) for case in cases)
