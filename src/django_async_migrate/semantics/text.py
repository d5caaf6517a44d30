"""``str.format``: a template reads attributes of what it is given."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Seq
from string import Formatter
from typing import TYPE_CHECKING

from django_async_migrate.values.heap import Dict
from django_async_migrate.values.types import Const, Value

if TYPE_CHECKING:
    from .machine import Machine


def formatted(
    m: Machine, template: Value, args: Seq[Value], kwargs: Seq[tuple[str, Value]], node: ast.AST
) -> None:
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
            value = args[number] if number < len(args) else None
        else:
            value = names.get(head)
        if value is None:
            continue
        for name in path:
            value = m.attribute(value, name, node)
        m.stringify(value, node, "repr" if conversion == "r" else "format")
