"""Stands in for bcrypt, which the tests do without: hashing takes long."""

from __future__ import annotations

import time


def gensalt(rounds: int = 12) -> bytes:
    return b"salt"


def hashpw(password: bytes, salt: bytes) -> bytes:
    time.sleep(0.01)
    return b"hash"


def checkpw(password: bytes, hashed: bytes) -> bool:
    time.sleep(0.01)
    return True
