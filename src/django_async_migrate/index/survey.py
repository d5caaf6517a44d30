"""Which files of a project mention what the rules about settings and middleware ask for, found in one pass."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_async_migrate.syntax.tree import SourceTree

_WORDS = (
    b"DJANGO_SETTINGS_MODULE",
    b"MIDDLEWARE",
    b"INSTALLED_APPS",
    b"DATABASES",
    b"ROOT_URLCONF",
    b"CACHES",
    b"SESSION_ENGINE",
    b"get_response",
    b"MiddlewareMixin",
    b"ASGI_APPLICATION",
    b"asgi_application",
    b"WSGI_APPLICATION",
    b"wsgi_application",
    b"ProtocolTypeRouter",
    b"ALLOW_ASYNC_UNSAFE",
)
#: A coroutine function that takes a request, and no part of a middleware.
_VIEW = re.compile(rb"async def (?!__|process_|middleware\b)\w+\(\s*(?:self\s*,\s*)?(?:request|req)\b")
#: Frameworks whose handlers take a request as well.
_OTHERS = re.compile(
    rb"^\s*(?:from|import) (?:aiohttp|starlette|fastapi|sanic|quart|tornado|litestar|blacksheep)\b", re.M
)
_CONSUMER = re.compile(rb"class \w+\([^)]*Async\w*Consumer\b")
_MAIN = re.compile(rb"""^if __name__ == ["']__main__["']:""", re.M)
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|testproj\w*|test_\w+|conftest\.py|tests\.py|\w+_test(?=\.py$))(?:/|$|\.py$)"
)


class Survey:
    """Answers from the bytes of files alone."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree

    @cached_property
    def _mentions(self) -> dict[bytes, list[str]]:
        found: dict[bytes, list[str]] = {word: [] for word in _WORDS}
        tree = self._tree
        for path in tree.paths:
            data = tree.data(path) or b""
            for word in _WORDS:
                if word in data:
                    found[word].append(path)
        return found

    def mentioning(self, *words: bytes) -> tuple[str, ...]:
        """Return the files that mention one of the words, sorted; the words are known beforehand."""
        return tuple(sorted({path for word in words for path in self._mentions[word]}))

    def data(self, path: str) -> bytes:
        """Return the bytes of a file, none where it cannot be read."""
        return self._tree.data(path) or b""

    @cached_property
    def unsafe(self) -> bool:
        """Whether the project switches off, outside of its tests, the check that keeps queries from the event loop."""
        return not all(map(is_test, self.mentioning(b"ALLOW_ASYNC_UNSAFE")))

    def is_script(self, path: str) -> bool:
        """Whether a file is a program of its own, that runs its coroutines itself and has nothing to do with Django."""
        data = self.data(path)
        return b"asyncio.run(" in data and _MAIN.search(data) is not None and b"django" not in data.lower()

    @cached_property
    def async_views(self) -> tuple[str, ...]:
        """The files that seem to hold async views, tests left out."""
        paths = [path for path in self._tree.project_async_paths() if not is_test(path)]
        found = [path for path in paths if _VIEW.search(self.data(path))]
        return tuple(path for path in found if not _OTHERS.search(self.data(path)))

    @cached_property
    def consumers(self) -> tuple[str, ...]:
        """The files that hold async consumers, tests left out."""
        paths = self._tree.project_async_paths()
        return tuple(path for path in paths if not is_test(path) and _CONSUMER.search(self.data(path)))

    @cached_property
    def has_asgi(self) -> bool:
        """Whether the project says anything about ASGI."""
        return bool(self.mentioning(b"ASGI_APPLICATION", b"asgi_application", b"ProtocolTypeRouter"))

    @cached_property
    def has_wsgi(self) -> bool:
        """Whether the project says anything about WSGI."""
        return bool(self.mentioning(b"WSGI_APPLICATION", b"wsgi_application"))

    @property
    def serves_async(self) -> bool:
        """Whether async views or consumers are served, under ASGI as far as anybody can tell."""
        return bool(self.async_views or self.consumers) and (self.has_asgi or not self.has_wsgi)

    @property
    def serves_async_views(self) -> bool:
        """Whether async views are served, under ASGI as far as anybody can tell."""
        return bool(self.async_views) and (self.has_asgi or not self.has_wsgi)


def is_test(path: str) -> bool:
    """Whether a file belongs to tests, by its path."""
    return _TESTS.search(path) is not None
