"""The plain answers of GitIgnore agree with pathspec's, and the user's patterns mean what the docs say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from django_async_migrate.syntax.ignore import GitIgnore, Patterns

_NAMES = st.sampled_from(["a", "b.py", "ab.py", "build", "x.tmp.py", "[a]", "c d", "#e"])
_PARTS = st.sampled_from(["a", "b.py", "*.py", "*", "**", "?", "[ab]*", "build", "*.tmp.py", "x.tmp.py", "\\#e", "c d"])
_PATTERN = st.builds(
    lambda bang, start, parts, end: bang + start + "/".join(parts) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)


@given(st.lists(_PATTERN, max_size=5), st.lists(_NAMES, min_size=1, max_size=3), st.booleans())
def test_the_verdict_is_that_of_pathspec(lines: list[str], parts: list[str], folder: bool) -> None:
    """As asked by a walk: only about paths none of whose folders is ignored."""
    spec = GitIgnoreSpec.from_lines(lines)
    above = ["/".join(parts[:end]) + "/" for end in range(1, len(parts))]
    if any(spec.check_file(path).include for path in above):
        return
    path = "/".join(parts)
    expected = spec.check_file(path + "/" if folder else path).include
    assert bool(GitIgnore("\n".join(lines)).verdict(path, parts[-1], folder)) == bool(expected)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("tests", "tests/a.py", True),
        ("tests", "app/tests/a.py", True),
        ("tests", "app/tests.py", False),
        ("test_*.py", "app/test_a.py", True),
        ("app/legacy", "app/legacy/deep/a.py", True),
        ("app/legacy", "other/app/legacy/a.py", False),
        ("*/migrations/*", "a/b/migrations/0001.py", True),
        ("**/generated.py", "generated.py", True),
        ("**/generated.py", "a/b/generated.py", True),
        ("./app/", "app/a.py", True),
        ("/app", "app/a.py", True),
        ("/app", "x/app/a.py", False),
        ("app\\legacy", "app/legacy/a.py", True),
        ("a.py", "a.pyx", False),
        ("", "a.py", False),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert Patterns((pattern,)).matches(path) is expected


def test_no_patterns_are_false() -> None:
    assert not Patterns(())
    assert not Patterns(("",))
    assert Patterns(("a",))
