"""TODO comments that a run with ``--insert-todos`` leaves above statements it could not fix."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "TODO(django-async-migrate)"
_TODO = re.compile(r"#\s*TODO\(django-async-migrate\):\s*(DAM\d{3})\b")


def todo_code(comment: str) -> str | None:
    """Return the rule code of a comment, None when it is not one of these."""
    found = _TODO.match(comment)
    return found.group(1) if found else None


def todo_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the rule code of each TODO comment of a file."""
    if MARK not in text:
        return
    from django_async_migrate.syntax.suppressions import comments

    for line, _, comment in comments(text):
        code = todo_code(comment)
        if code is not None:
            yield line, code
