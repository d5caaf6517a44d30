"""``str.format``: a template reads attributes of what it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence as Seq
from string import Formatter
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Dict
from django_async_migrate.values.types import SCALAR, Const, Pattern, Scalar, Value

if TYPE_CHECKING:
    from .machine import Machine


_CONVERSION = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(?:\*|\d+)?(?:\.\d+)?[hlL]?([a-zA-Z%])")


def joined(parts: Seq[str | None]) -> Value:
    """Return the text that parts make; None stands for one that is not known."""
    if all(isinstance(part, str) for part in parts):
        return Const("".join(part for part in parts if part is not None))
    first, last = (parts[0], parts[-1]) if parts else (None, None)
    prefix = first if isinstance(first, str) else ""
    suffix = last if isinstance(last, str) and len(parts) > 1 else ""
    if prefix or suffix:
        return Pattern(prefix, suffix)
    return Scalar("str")


def folded(value: str, name: str, args: Seq[Value]) -> Value | None:
    """Return what a text method gives where that is known."""
    given = [arg.value for arg in args if isinstance(arg, Const)]
    if name not in _FOLDED or len(given) != len(args):
        return None
    try:
        found = getattr(value, name)(*given)
    except (TypeError, ValueError):
        return None
    return Const(found) if isinstance(found, (str, bool)) else None


def given(receiver: Value, name: str) -> Value:
    """Return what a method of a text gives: often another text."""
    is_text = isinstance(receiver, Pattern) or receiver == Scalar("str")
    if not is_text and not (isinstance(receiver, Const) and isinstance(receiver.value, str)):
        return SCALAR
    return Scalar("str") if name in _FOLDED or name in {"format", "join"} else SCALAR


_FOLDED = frozenset(
    {"lower", "upper", "title", "capitalize", "replace", "strip", "removeprefix", "removesuffix", "casefold"}
)


def percent(m: Machine, template: Value, items: Seq[Value], node: ast.AST) -> None:
    """Make text of what ``template % items`` or a logging call shows."""
    kinds: list[str] = []
    if isinstance(template, Const) and isinstance(template.value, str):
        kinds = [kind for kind in _CONVERSION.findall(template.value) if kind != "%"]
    for number, item in enumerate(items):
        kind = kinds[number] if number < len(kinds) else "s"
        m.stringify(item, node, "repr" if kind in "ra" else "str")


def formatted(m: Machine, template: Value, args: Seq[Value], kwargs: Seq[tuple[str, Value]], node: ast.AST) -> None:
    """Make text of the arguments of ``template.format(...)``, as far as the template reads them."""
    names = dict(kwargs)
    mapping = m.state(args[0]) if args else None
    if isinstance(mapping, Dict):
        names = {**{str(key): value for key, value in mapping.items.items()}, **names}
    if not isinstance(template, Const) or not isinstance(template.value, str):
        for value in (*args, *names.values()):
            m.stringify(value, node, "format")
        return
    try:
        fields = list(Formatter().parse(template.value))
    except ValueError:
        return
    position = 0
    for _, field, _, conversion in fields:
        if field is None:
            continue
        head, *path = field.replace("[", ".").replace("]", "").split(".")
        if not head or head.isdigit():
            number = int(head) if head else position
            position += 1
            given = args[number] if number < len(args) else None
        else:
            given = names.get(head)
        if given is None:
            continue
        value = given
        for name in path:
            value = m.attribute(value, name, node)
        m.stringify(value, node, "repr" if conversion == "r" else "format")
