"""Text from the scanned project, made harmless: names of files and code are data wherever they are printed."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return text in one line that a terminal shows and does not obey: what cannot be printed is escaped."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def uri(path: str) -> str:
    """Return a relative path as the reference of a URI; bytes that are no UTF-8 are kept."""
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
