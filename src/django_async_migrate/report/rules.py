"""The rules as text: a list of all, and the page of one."""

from __future__ import annotations

import os.path

from django_async_migrate.core.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Rule(Protocol):
        """What the registry knows about a rule."""

        @property
        def code(self) -> str: ...
        @property
        def name(self) -> str: ...
        @property
        def severity(self) -> str: ...
        @property
        def summary(self) -> str: ...


def _rules() -> Sequence[Rule]:
    from django_async_migrate.checks.registry import all_rules

    rules: Sequence[Rule] = all_rules()
    return rules


def listing() -> str:
    """Return all rules, one a line: code, name, severity and what each finds."""
    rules = sorted(_rules(), key=lambda rule: rule.code)
    width = max((len(rule.name) for rule in rules), default=0)
    return "".join(f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {rule.summary}\n" for rule in rules)


def explain(code: str) -> str:
    """Return the page of a rule, found by code or by name. Raises UsageError when there is no such rule."""
    rules = {rule.code: rule for rule in _rules()}
    names = {rule.name: rule.code for rule in rules.values()}
    known = names.get(code.lower(), code.upper())
    if known not in rules:
        from django_async_migrate.config.settings import nearest_word

        near = nearest_word(known, tuple(rules)) or names.get(nearest_word(code.lower(), tuple(names)) or "")
        hint = f"; did you mean {near} ({rules[near].name})?" if near else "; without CODE, rule lists all"
        raise UsageError(f"there is no rule {code}{hint}")
    rule = rules[known]
    page = _page(known)
    if page is None:
        return f"{rule.code} {rule.name} ({rule.severity})\n\n{rule.summary}\n"
    # Comments are for those who run the examples.
    lines = [line for line in page.splitlines() if not (line.startswith("<!-- ") and line.endswith(" -->"))]
    return "".join(f"{line}\n" for line in lines)


def _page(code: str) -> str | None:
    """Return the page of a rule: from the installed package, or from the checkout it was installed from."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    checkout = os.path.dirname(os.path.dirname(package))
    for folder in (os.path.join(package, "docs"), os.path.join(checkout, "docs", "rules")):
        try:
            with open(os.path.join(folder, f"{code}.md"), encoding="utf-8") as file:
                return file.read()
        except OSError:
            continue
    return None
