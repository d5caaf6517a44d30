"""Patterns of ``match``: which values fit them, and what they bind."""

from __future__ import annotations

import ast

from django_async_migrate.semantics import containers
from django_async_migrate.values.types import Const, Unknown, Value

from .targets import Targets


class Patterns(Targets):
    """Matches values with patterns."""

    def fits(self, pattern: ast.pattern, subject: Value) -> bool | None:
        """Whether a constant fits a pattern; None when that cannot be told."""
        if isinstance(pattern, ast.MatchOr):
            answers = {self.fits(inner, subject) for inner in pattern.patterns}
            return True if True in answers else None if None in answers else False
        if not isinstance(subject, Const):
            return None
        if isinstance(pattern, ast.MatchSingleton):
            return subject.value is pattern.value
        if isinstance(pattern, ast.MatchValue):
            wanted = self.eval(pattern.value)
            return bool(subject.value == wanted.value) if isinstance(wanted, Const) else None
        return None

    def bind_pattern(self, pattern: ast.pattern, value: Value) -> None:
        """Bind the names of a pattern that a value fits."""
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                self.bind_pattern(pattern.pattern, value)
                if isinstance(pattern.pattern, ast.MatchClass):
                    value = self.instances_of(value, self.eval(pattern.pattern.cls))
            if pattern.name is not None:
                self.env.names[pattern.name] = value
        elif isinstance(pattern, ast.MatchClass):
            value = self.instances_of(value, self.eval(pattern.cls))
            for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
                self.bind_pattern(inner, self.attribute(value, name, pattern))
            for inner in pattern.patterns:
                self.bind_pattern(inner, Unknown("positional pattern"))
        elif isinstance(pattern, ast.MatchSequence):
            items = self.unpacked(value, pattern)
            for number, inner in enumerate(pattern.patterns):
                exact = len(items) == len(pattern.patterns)
                self.bind_pattern(inner, items[number] if exact else self.element_of(value))
        elif isinstance(pattern, ast.MatchMapping):
            for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
                self.bind_pattern(inner, containers.item(self, value, self.eval(key), pattern))
            if pattern.rest is not None:
                self.env.names[pattern.rest] = Unknown("rest of a mapping pattern")
        elif isinstance(pattern, ast.MatchOr):
            for inner in pattern.patterns:
                self.bind_pattern(inner, value)
        elif isinstance(pattern, ast.MatchStar) and pattern.name is not None:
            self.env.names[pattern.name] = Unknown("rest of a sequence pattern")

    def instances_of(self, value: Value, cls: Value) -> Value:
        """Return the alternatives of a value that may be instances of a class."""
        raise NotImplementedError


def matches_all(pattern: ast.pattern) -> bool:
    """Whether every value fits a pattern: a name, or ``_``."""
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
