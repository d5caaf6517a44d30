"""Stands in for dns.resolver: resolving waits."""

from __future__ import annotations

import time


class Resolver:
    """A resolver."""

    def resolve(self, name: str, kind: str = "A") -> list[str]:
        time.sleep(0.01)
        return []


def resolve(name: str, kind: str = "A") -> list[str]:
    return Resolver().resolve(name, kind)
