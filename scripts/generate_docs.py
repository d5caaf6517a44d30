"""Writes the generated parts of the documentation: the index of the rules, and the first lines of each rule's page.

``python scripts/generate_docs.py`` writes them, ``--check`` only says which are out of step.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from django_async_migrate.checks.registry import all_rules

_RULES = Path(__file__).resolve().parents[1] / "docs" / "rules"
_FAMILIES = {
    "DAM0": "The tool itself",
    "DAM1": "Queries on the event loop",
    "DAM2": "Lazy loading",
    "DAM3": "Middleware",
    "DAM4": "Django's own APIs",
    "DAM5": "Other blocking calls",
    "DAM6": "Coroutines and bridges",
    "DAM7": "Transactions and connections",
    "DAM8": "Entry points",
    "DAM9": "Settings and deployment",
}
_MEANING = {
    "error": "it raises, or silently does the wrong thing, when the line runs",
    "warning": "it blocks the event loop, leaks, or costs a thread hop",
    "info": "advice",
}
#: The title, options of the page's example, and what was generated before.
_HEADER = re.compile(r"\A# DAM\d{3}: \S+\n((?:<!-- [^\n]* -->\n)*)\n(?:\*\*\w+\*\*: [^\n]*\n\n)?")


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated page with the text it should have."""
    rules = all_rules()
    yield _RULES / "index.md", _index()
    for rule in rules:
        path = _RULES / f"{rule.code}.md"
        text = path.read_text("utf-8")
        found = _HEADER.match(text)
        options, rest = (found[1], text[found.end() :]) if found else ("", text)
        meaning = _MEANING[rule.severity]
        yield path, f"# {rule.code}: {rule.name}\n{options}\n**{rule.severity}**: {meaning}.\n\n{rest}"


def _index() -> str:
    rules = all_rules()
    parts = ["# The rules\n"]
    for prefix, title in _FAMILIES.items():
        family = [rule for rule in rules if rule.code.startswith(prefix)]
        if not family:
            continue
        parts.append(f"\n## {title}\n\n| code | name | severity | what it finds |\n|---|---|---|---|\n")
        parts += [
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {rule.summary} |\n" for rule in family
        ]
    parts.append("\n```{toctree}\n:hidden:\n\n")
    parts += [f"{rule.code}\n" for rule in rules]
    parts.append("```\n")
    return "".join(parts)


def main() -> int:
    """Write or check the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    stale = [(path, text) for path, text in generated() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in stale:
        print(f"{'out of step' if check else 'written'}: {path.name}")
        if not check:
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
