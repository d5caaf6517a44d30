"""Says what is wrong with a file that does not parse."""

from __future__ import annotations


def explain(text: str, error: SyntaxError) -> str:
    """Return the message for a syntax error."""
    return f"syntax error: {error.msg}"
