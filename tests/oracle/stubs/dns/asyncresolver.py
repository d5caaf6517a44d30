"""Stands in for dns.asyncresolver."""

from __future__ import annotations


async def resolve(name: str, kind: str = "A") -> list[str]:
    return []
