"""Turns what a function returned into JSON that is the same whenever the value means the same.

Objects become dicts with their type under ``"type"``. Memory addresses and the folder of the project are
left out of all text. Needs Django and the standard library alone, and a thread without an event loop: lazy
values are evaluated.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import inspect
import itertools
import json
import re
import types
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Field, Manager, Model, QuerySet  # type: ignore[import-untyped]
from django.db.models.options import Options  # type: ignore[import-untyped]
from django.db.models.query import RawQuerySet  # type: ignore[import-untyped]
from django.http import HttpRequest  # type: ignore[import-untyped]
from django.http.response import HttpResponseBase  # type: ignore[import-untyped]
from django.template.response import SimpleTemplateResponse  # type: ignore[import-untyped]
from django.utils.functional import Promise  # type: ignore[import-untyped]

Tree = Any
"""What ``json.dumps`` takes."""

_DEEPEST = 10
_DEEPEST_OBJECT = 3
_LONGEST = 1000
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
# Their attributes say how the machine ran, not what the code did.
_MACHINERY = ("asyncio.", "_asyncio.", "threading.", "_thread.", "logging.", "concurrent.", "contextvars.", "asgiref.")
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)


def plain_text(text: str, root: str) -> str:
    """Return text without memory addresses and without the folder the project happens to be in."""
    return _ADDRESS.sub("0x", text.replace(root, "<root>"))


async def drained(value: Any) -> Any:
    """Read what has to be read on an event loop: async generators and streamed responses."""
    if inspect.isasyncgen(value) or (isinstance(value, AsyncIterator) and not isinstance(value, QuerySet)):
        return {"type": type(value).__name__, "items": [item async for item in value]}
    if isinstance(value, HttpResponseBase) and getattr(value, "is_async", False):
        value._read = [part async for part in value.streaming_content]
    return value


class Snapshot:
    """Makes trees for one run; ``root`` is the folder of the project."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._around: list[int] = []

    def text(self, text: str) -> str:
        """Return text without what differs from run to run."""
        return plain_text(text, self._root)

    def error(self, error: BaseException) -> Tree:
        """Return type, message and cause of an exception."""
        tree = {"type": _name(type(error)), "message": self._guarded(lambda: self.text(str(error)))}
        if error.__cause__ is not None:
            tree["cause"] = self.error(error.__cause__)
        nested = getattr(error, "exceptions", ())
        if nested and isinstance(nested, (list, tuple)):
            tree["exceptions"] = [self.error(one) for one in nested if isinstance(one, BaseException)]
        return tree

    def of(self, value: Any, objects: int = 0) -> Tree:
        """Return the tree of a value; an exception while it is read is part of the tree.

        ``objects`` counts the objects around it whose attributes were followed.
        """
        if value is None or type(value) in (bool, int, float, complex):
            return repr(value)
        if type(value) in (str, bytes):
            return self.text(repr(value))
        if id(value) in self._around:
            return {"type": _name(type(value)), "again": len(self._around) - self._around.index(id(value))}
        if len(self._around) >= _DEEPEST:
            return {"type": _name(type(value)), "too deep": True}
        self._around.append(id(value))
        try:
            return self._guarded(lambda: self._of(value, objects))
        finally:
            self._around.pop()

    def _guarded(self, work: Callable[[], Tree]) -> Tree:
        try:
            return work()
        except Exception as error:
            return {"raises": _name(type(error)), "message": self.text(str(error))}

    def _of(self, value: Any, objects: int) -> Tree:
        kind = _name(type(value))
        follow = functools.partial(self.of, objects=objects)
        if isinstance(value, Model):
            return self._model(value, objects)
        if isinstance(value, (QuerySet, RawQuerySet)):
            return {"type": kind, "model": _model_name(value), "rows": [follow(row) for row in value]}
        if isinstance(value, Manager):
            return {"type": "Manager", "model": _model_name(value)}
        if isinstance(value, HttpResponseBase):
            return self._response(value, objects)
        if isinstance(value, BaseException):
            return self.error(value)
        if inspect.iscoroutine(value):
            value.close()
            return {"type": "coroutine", "name": value.__qualname__}
        if isinstance(value, _NAMED):
            return {"type": type(value).__name__, "name": _name(value)}
        if isinstance(value, HttpRequest):
            return {"type": kind, "method": value.method, "path": self.text(value.get_full_path())}
        if isinstance(value, (Options, Field)) or kind.startswith(_MACHINERY):
            return {"type": kind, "name": self.text(str(getattr(value, "name", "")))}
        if isinstance(value, enum.Enum):
            return {"type": kind, "value": repr(value.value)}
        if isinstance(value, Promise):
            return {"type": "lazy", "value": self.text(str(value))}
        if isinstance(value, functools.partial):
            return {"type": kind, "of": follow([value.func, value.args, value.keywords])}
        return self._container(value, kind, follow, objects)

    def _container(self, value: Any, kind: str, follow: Callable[[Any], Tree], objects: int) -> Tree:
        if isinstance(value, collections.defaultdict):
            kind = f"{kind}[{_name(value.default_factory)}]"
        if isinstance(value, Mapping):
            # In order: that is visible to whoever iterates.
            return {"type": kind, "items": [[follow(key), follow(item)] for key, item in value.items()]}
        if isinstance(value, (set, frozenset)):
            return {"type": kind, "items": sorted(map(follow, value), key=json.dumps)}
        if isinstance(value, (list, tuple, collections.deque, types.MappingProxyType)):
            return {"type": kind, "items": [follow(item) for item in value]}
        if dataclasses.is_dataclass(value) or isinstance(value, types.SimpleNamespace):
            return self._object(value, kind, objects)
        if isinstance(value, Iterator):
            items: Iterable[Any] = itertools.islice(value, _LONGEST)
            # What Python itself gives for reversed() or enumerate() depends on what it goes through.
            own = type(value).__module__ == "builtins" and not inspect.isgenerator(value)
            return {"type": "iterator" if own else kind, "items": [follow(item) for item in items]}
        plain: Any = object.__repr__
        if type(value).__repr__ is plain or hasattr(value, "__dict__"):
            return self._object(value, kind, objects)
        return {"type": kind, "value": self.text(repr(value))}

    def _model(self, value: Any, objects: int) -> Tree:
        loaded = value.__dict__
        names = [field.attname for field in value._meta.concrete_fields]
        caches = ("_state", "_prefetched_objects_cache")
        # Annotations, to_attr lists and cached properties live beside the fields.
        more = {name: item for name, item in loaded.items() if name not in (*names, *caches)}
        return {
            "type": value._meta.label,
            "pk": self.of(value.pk),
            "fields": {name: self.of(loaded[name], objects) for name in names if name in loaded},
            "more": {name: self.of(item, objects + 1) for name, item in sorted(more.items())},
        }

    def _response(self, value: Any, objects: int) -> Tree:
        tree = {"type": _name(type(value)), "status": value.status_code, "headers": self.of(dict(value.headers))}
        tree["cookies"] = self.text(value.cookies.output())
        if isinstance(value, SimpleTemplateResponse) and not value.is_rendered:
            tree["template"] = self.of(value.template_name, objects)
            tree["context"] = self.of(value.context_data, objects)
        elif hasattr(value, "_read"):
            tree["parts"] = self.of(value._read, objects)
        elif value.streaming:
            tree["parts"] = self.of(list(value.streaming_content), objects)
        else:
            tree["content"] = self.of(value.content)
        return tree

    def _object(self, value: Any, kind: str, objects: int) -> Tree:
        if objects >= _DEEPEST_OBJECT:
            return {"type": kind}
        slots = [name for owner in type(value).__mro__ for name in _slots(owner) if hasattr(value, name)]
        found = {**{name: getattr(value, name) for name in slots}, **getattr(value, "__dict__", {})}
        return {"type": kind, "vars": {name: self.of(found[name], objects + 1) for name in sorted(found)}}


def _slots(owner: type) -> tuple[str, ...]:
    slots = owner.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or type(value).__name__
    return name if module in (None, "builtins") else f"{module}.{name}"


def _model_name(value: Any) -> str:
    return value.model._meta.label if value.model is not None else "None"
