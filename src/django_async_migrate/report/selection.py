"""Which rules are asked for: ``--select``, ``--ignore`` and ``per-file-ignores``."""

from __future__ import annotations

from django_async_migrate.syntax.ignore import Patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Selection:
    """Decides whether a rule is reported for a file. The longest code or prefix that names it wins."""

    def __init__(
        self,
        select: Sequence[str],
        ignore: Sequence[str],
        per_file: Sequence[tuple[str, tuple[str, ...]]] = (),
    ) -> None:
        self._select = tuple(select)
        self._ignore = tuple(ignore)
        self._per_file = tuple((Patterns((pattern,)), codes) for pattern, codes in per_file)

    def wants(self, code: str, path: str) -> bool:
        """Tell whether findings of a rule are reported for ``path``, relative to the project root."""
        chosen = _longest(code, self._select) if self._select else 0
        if chosen < 0 or _longest(code, self._ignore) >= chosen:
            return False
        return not any(_longest(code, codes) >= 0 and patterns.matches(path) for patterns, codes in self._per_file)


def _longest(code: str, prefixes: Sequence[str]) -> int:
    """Return the length of the longest prefix of ``code`` among ``prefixes``, -1 when there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)
