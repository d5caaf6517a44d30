"""Stands in for argon2-cffi, which the tests do without: hashing takes long."""

from __future__ import annotations

import time


class PasswordHasher:
    """A hasher."""

    def hash(self, password: str) -> str:
        time.sleep(0.01)
        return "hash"

    def check_needs_rehash(self, hashed: str) -> bool:
        return False
