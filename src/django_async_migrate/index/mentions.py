"""What a function mentions, and whether anything it can reach by name may have to do with the database.

Most async code never touches a model. A function that mentions nothing of Django's ORM, directly or through the
project functions and classes it names, and is given nothing that comes from there, cannot run a query: it need
not be interpreted. The question is answered from names alone, once for each function.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.syntax.nodes import children

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned, ExternalRef, ModuleInfo, ModuleRef

if TYPE_CHECKING:
    from .project import Project

#: Attributes that only models and managers have.
_ORM_ATTRIBUTES = frozenset(
    {
        "objects",
        "_default_manager",
        "_base_manager",
        "get_queryset",
        "queryset",
        "get_model",
        "get_user_model",
        "scope",  # of a consumer: it holds the user
        # Not every Django has these.
        "auser",
        "asend",
        "asend_robust",
        "ais_valid",
        "apage",
        "aget_page",
    }
)
_ORM_MODULES = (
    "django.db",
    "django.contrib",
    "django.shortcuts",
    "django.template",
    "django.apps",
    "django.forms",
    "django.views.generic",
    "django.core.paginator",
    "django.core.serializers",
    "django.contrib.gis.db",
)


_GENERIC_VIEWS = ("django.views.generic.", "django.contrib.auth.mixins.")
#: Methods of generic views that may ask for rows.
_VIEW_METHODS = frozenset(
    {"form_valid", "get_context_data", "get_form", "get_object", "has_permission", "paginate_queryset", "post"}
)

#: What calls code of the project: receivers, commands.
_DISPATCHERS = frozenset(
    {
        "django.core.management.call_command",
        "django.dispatch.Signal",
        "django.dispatch.dispatcher.Signal",
    }
)
#: What requests load lazily.
_OF_REQUESTS = frozenset({"user", "session"})


def _is_request(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.endswith("request") or name == "req"


def _asks_request(node: ast.Call) -> bool:
    """Whether a call is ``getattr(request, "user", None)``, or makes a function that reads such an attribute."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name == "getattr":
        return len(node.args) > 1 and _is_request(node.args[0]) and _text(node.args[1]) in _OF_REQUESTS
    if name != "attrgetter":
        return False
    parts = {part for path in node.args for part in _text(path).split(".")}
    return not parts.isdisjoint(_OF_REQUESTS | _ORM_ATTRIBUTES)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


class Mentions:
    """The names one piece of code reads."""

    __slots__ = ("attributes", "hands_on", "names", "own")

    def __init__(self, nodes: list[ast.AST], receiver: str | None) -> None:
        # In the order they stand: the order in which files are asked for must not change from run to run.
        self.names: dict[str, None] = {}
        self.attributes: dict[tuple[str, tuple[str, ...]], None] = {}
        self.own: dict[str, None] = {}
        self.hands_on = False  # whether the receiver itself is passed on, compared, iterated...
        todo = list(nodes)
        while todo:
            node = todo.pop()
            kind = type(node)
            if kind is ast.Name:
                self.names[node.id] = None  # type: ignore[attr-defined]
                self.hands_on = self.hands_on or node.id == receiver  # type: ignore[attr-defined]
                continue
            if kind is ast.Attribute:
                attr = node.attr  # type: ignore[attr-defined]
                if attr in _ORM_ATTRIBUTES or (attr in _OF_REQUESTS and _is_request(node.value)):  # type: ignore[attr-defined]
                    self.own["objects"] = None
                base = node.value  # type: ignore[attr-defined]
                path = [attr]
                while type(base) is ast.Attribute:
                    if base.attr in _ORM_ATTRIBUTES or (base.attr in _OF_REQUESTS and _is_request(base.value)):
                        self.own["objects"] = None
                    path.append(base.attr)
                    base = base.value
                if type(base) is ast.Name:
                    if base.id == receiver:
                        self.own[path[-1]] = None
                    else:
                        self.attributes[(base.id, tuple(reversed(path)))] = None
                    self.names[base.id] = None
                else:
                    todo.append(base)
                continue
            if kind is ast.ImportFrom or kind is ast.Import:
                self.own[" import"] = None
            elif kind is ast.Call and _asks_request(node):  # type: ignore[arg-type]
                self.own["objects"] = None
            todo += children(node)


class Relevance:
    """Answers whether code may reach the ORM; remembers every answer."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._answers: dict[object, bool] = {}
        self._definitions: dict[tuple[str, str], bool] = {}
        self.mentions: dict[FunctionInfo, Mentions] = {}

    def function(self, fn: FunctionInfo, cls: ClassInfo | None = None) -> bool:
        """Whether calling a function (with ``self`` of a class) may reach the ORM by what it names."""
        return self._ask(fn, cls or _class_around(fn))

    def class_(self, cls: ClassInfo) -> bool:
        """Whether any method of a class may reach the ORM."""
        return self._ask(cls, None)

    def _ask(self, start: object, cls: ClassInfo | None) -> bool:
        """Search breadth first from one definition; all that a fruitless search saw is irrelevant too."""
        key = (start, cls)
        known = self._answers.get(key)
        if known is not None:
            return known
        seen: set[object] = {key}
        todo: list[tuple[object, ClassInfo | None]] = [(start, cls)]
        found = False
        while todo and not found:
            item, owner = todo.pop()
            answer = self._answers.get((item, owner))
            if answer is not None:
                found = found or answer
                continue
            reached = self._reaches(item, owner)
            if reached is None:
                found = True
                break
            for step in reached:
                if step not in seen:
                    seen.add(step)
                    todo.append(step)
        if found:
            self._answers[key] = True
        else:
            for entry in seen:
                self._answers[entry] = False
        return found

    def _reaches(self, item: object, owner: ClassInfo | None) -> list[tuple[object, ClassInfo | None]] | None:
        """Return the definitions that one definition names; None when it names something of the ORM."""
        if isinstance(item, FunctionInfo):
            return self._function_reaches(item, owner)
        if isinstance(item, ClassInfo):
            if self._is_wanted(item):
                return None
            return [
                (member, item if isinstance(member, FunctionInfo) else cls)
                for cls in item.mro
                for member in cls.members.values()
            ]
        if isinstance(item, Assigned):
            parts = [part for part in (item.value, item.annotation) if part is not None]
            mentions = Mentions(list(parts), None)
            found = None if self._mentions_wanted(mentions) else self._named(item.module, mentions, None)
            if found is not None:
                found += [(held, None) for held in self._project.registrations.definitions(item, owner)]
            if found is not None and owner is not None:  # in a class body the names of the class come first
                named = (owner.find(name) for name in mentions.names)
                found.extend((member[1], owner) for member in named if member is not None and member[1] is not item)
            return found
        if isinstance(item, ExternalRef):
            return None if self._external(item.api) else []
        return []

    def _is_wanted(self, cls: ClassInfo) -> bool:
        """Whether a class is one of the ORM's by itself, whatever its methods do."""
        if self._project.models.of_class(cls) is not None:
            return True
        return any(base.startswith(_ORM_MODULES) for base in cls.externals)

    def _mentions_wanted(self, mentions: Mentions) -> bool:
        """Whether names alone say that code reaches the ORM."""
        return "objects" in mentions.own

    def _external(self, api: str) -> bool:
        """Whether something outside the project belongs to the ORM."""
        catalog = self._project.catalog
        if api.startswith(_ORM_MODULES):
            return True
        if api.startswith("django.") and api.rpartition(".")[2].startswith("a"):
            return True  # perhaps no Django has it
        if api in catalog.models or api in catalog.managers:
            return True
        bridge = catalog.bridges.get(api)
        if bridge is not None and bridge.kind.startswith("to-loop"):
            return True  # on a running loop it raises
        row = catalog.functions.get(api)
        if api in _DISPATCHERS:
            return True
        return (row is not None and row.effect == "query") or ".models." in api

    def hands_on_receiver(self, fn: FunctionInfo) -> bool:
        """Whether a method uses ``self`` as a whole, not only its attributes."""
        return self._mentions_of(fn, True).hands_on

    def _mentions_of(self, fn: FunctionInfo, method: bool) -> Mentions:
        mentions = self.mentions.get(fn)
        if mentions is None:
            receiver = fn.params[0].arg if method and fn.params else None
            outer = fn
            while outer.parent is not None:
                outer = outer.parent
            mentions = self.mentions[fn] = Mentions([outer.node], receiver)
        return mentions

    def _function_reaches(
        self, fn: FunctionInfo, owner: ClassInfo | None
    ) -> list[tuple[object, ClassInfo | None]] | None:
        mentions = self._mentions_of(fn, owner is not None)
        if self._mentions_wanted(mentions):
            return None
        found = self._named(fn.module, mentions, fn)
        if found is None or owner is None:
            return found
        inherits = any(base.startswith(_GENERIC_VIEWS) for base in owner.externals)
        if inherits and "super" in mentions.names:
            return None
        for name in mentions.own:
            member = owner.find(name)
            if member is None and inherits and name in _VIEW_METHODS:
                return None
            if member is not None:
                found.append((member[1], owner if isinstance(member[1], FunctionInfo) else member[0]))
            for cls in owner.mro:
                for method in cls.self_stores.get(name, ()):
                    found.append((method, owner))
        if fn.cls is not None and ("super" in mentions.names or "__class__" in mentions.own):
            found.extend(
                (base.members[fn.name], owner) for base in owner.mro if base is not fn.cls and fn.name in base.members
            )
        return found

    def _named(
        self, module: ModuleInfo, mentions: Mentions, fn: FunctionInfo | None
    ) -> list[tuple[object, ClassInfo | None]] | None:
        found: list[tuple[object, ClassInfo | None]] = []
        project = self._project
        local_imports = " import" in mentions.own
        for name in mentions.names:
            definitions = project.lookup(module, name)
            if not definitions and local_imports and fn is not None:
                definitions = project.resolve(module, ast.Name(name), fn)
            for definition in definitions:
                if isinstance(definition, (ModuleRef, ExternalRef)):
                    for base, path in mentions.attributes:
                        if base == name:
                            found.extend((inner, None) for inner in self._follow(definition, path))
                    if isinstance(definition, ExternalRef):
                        found.append((definition, None))
                else:
                    found.append((definition, None))
        return found

    def _follow(self, start: ModuleRef | ExternalRef, path: tuple[str, ...]) -> list[object]:
        """Return what a dotted path leads to: through submodules, to the first thing that is no module."""
        current: list[object] = [start]
        for attr in path:
            following: list[object] = []
            for item in current:
                if isinstance(item, (ModuleRef, ExternalRef)):
                    following.extend(self._project.attribute(item, attr))
                else:
                    following.append(item)
            current = following
        return current


def _class_around(fn: FunctionInfo) -> ClassInfo | None:
    outer = fn
    while outer.parent is not None:
        outer = outer.parent
    return outer.cls
