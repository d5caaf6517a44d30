"""Paths, addresses and unless: whether what a function is given stands for something outside the process.

``zipfile.ZipFile("a.zip")`` reads a file, ``zipfile.ZipFile(io.BytesIO(data))`` does not. What nobody knows counts as
a buffer: nothing is said of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from collections.abc import Sequence as Seq
from typing import TYPE_CHECKING

from django_async_migrate.values.types import (
    NONE,
    Client,
    Const,
    External,
    ExternalObject,
    Method,
    Pattern,
    Scalar,
    Value,
    alternatives,
)

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import Blocking

    from .machine import Machine

Kwargs = Seq[tuple[str, Value]]

PATH = "pathlib.Path"
_SETTING = re.compile(r"django\.conf\.settings\.\w*_(?:DIR|DIRECTORY|FILE|FILENAME|PATH|ROOT)")
_ADDRESS_SETTING = re.compile(r"django\.conf\.settings\.\w*_(?:URL|URI|ENDPOINT|HOST)")
#: What gives a path as text.
_GIVE_PATHS = frozenset(
    {
        "django.utils._os.safe_join",
        "os.PathLike",
        "os.fspath",
        "os.getcwd",
        "os.path.abspath",
        "os.path.dirname",
        "os.path.expanduser",
        "os.path.expandvars",
        "os.path.join",
        "os.path.normpath",
        "os.path.realpath",
        "os.path.relpath",
        "tempfile.gettempdir",
        "tempfile.mkdtemp",
        "tempfile.mktemp",
    }
)
#: Attributes that are paths, by what has them.
_PATH_ATTRIBUTES = frozenset(
    {
        ("django.db.models.fields.files.FieldFile", "path"),
        ("tempfile.NamedTemporaryFile", "name"),
        ("tempfile.TemporaryDirectory", "name"),
    }
)
#: What rows call the making of an object.
MAKING = "__init__"
#: Databases that are no files.
_MEMORY = Const(":memory:")
_IN_MEMORY = (":memory:", "file::memory:")


def waits(m: Machine, row: Blocking, name: str, args: Seq[Value], kwargs: Kwargs, node: ast.AST) -> bool:
    """Whether a call has to do with a file or an address, where its row says that this is what it blocks on."""
    given = dict(kwargs)
    if any(given.get(other, NONE) != NONE for other in row.unless):
        return False
    if name == MAKING and any(value == _MEMORY for value in (*args, *given.values())):
        return False
    if name in row.urls:
        value = args[0] if args else given.get(row.urls[name])
        return value is not None and (_all(m, value, is_address) or _is_called_address(node, row.urls[name]))
    if name not in row.paths:
        return True
    value = args[0] if args else given.get(row.paths[name])
    return value is not None and _all(m, value, is_path)


def is_path(value: Value) -> bool:
    """Whether a value is certainly a path."""
    if isinstance(value, Const):
        return isinstance(value.value, str) and bool(value.value) and not value.value.startswith(_IN_MEMORY)
    if isinstance(value, Scalar):
        return value.is_text
    if isinstance(value, External):
        return is_folder_setting(value.api)
    if isinstance(value, Method) and isinstance(value.receiver, ExternalObject):
        return (value.receiver.api, value.name) in _PATH_ATTRIBUTES
    if isinstance(value, ExternalObject):
        return value.api in _GIVE_PATHS or value.api == PATH
    return isinstance(value, Pattern)


def is_address(value: Value) -> bool:
    """Whether a value is certainly an address on the network."""
    if isinstance(value, Const):
        return isinstance(value.value, str) and value.value.startswith(_SCHEMES)
    if isinstance(value, External):
        return _ADDRESS_SETTING.fullmatch(value.api) is not None
    return isinstance(value, Pattern) and value.prefix.startswith(_SCHEMES)


def is_folder_setting(api: str) -> bool:
    """Whether a setting is a path by its name: ``settings.MEDIA_ROOT``, ``settings.BASE_DIR``."""
    return _SETTING.fullmatch(api) is not None


def below(left: Value, right: Value) -> Client | None:
    """Return ``left / right`` where that is a path below a path; None for anything else."""
    if isinstance(left, External) and is_folder_setting(left.api) and (is_path(right) or isinstance(right, Scalar)):
        return Client(PATH)
    return Client(PATH) if right == Client(PATH) and is_path(left) else None


_SCHEMES = ("http://", "https://", "ftp://")


def _all(m: Machine, value: Value, asked: Callable[[Value], bool]) -> bool:
    parts = [part for part in alternatives(value) if part != NONE]
    return bool(parts) and all(m.state(part) is None and asked(part) for part in parts)


def _is_called_address(node: ast.AST, keyword: str) -> bool:
    """Whether code calls the first argument an address: ``parse(feed.url)``."""
    if not isinstance(node, ast.Call):
        return False
    given = node.args[0] if node.args else next((word.value for word in node.keywords if word.arg == keyword), None)
    name = given.id if isinstance(given, ast.Name) else given.attr if isinstance(given, ast.Attribute) else ""
    return name.lower().rpartition("_")[2] in {"url", "uri", "wsdl"}
