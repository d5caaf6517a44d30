"""Classes of the project: bases, method resolution order and members."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from django_async_migrate.syntax.nodes import nodes_in

from .functions import FunctionInfo

if TYPE_CHECKING:
    from .models import Model
    from .modules import Assigned, ModuleInfo

    Member: TypeAlias = "FunctionInfo | Assigned | ClassInfo"


@dataclass(frozen=True)
class Made:
    """What a factory of Django's was told to make a form or formset class of.

    ``fields`` and ``exclude`` name fields, None where they are not given; ``computed``: nobody knows how they were.
    ``without``: relations to this model are no fields, since an inline formset fills them.
    """

    model: Model | None
    fields: frozenset[str] | None = None
    exclude: frozenset[str] | None = None
    computed: bool = False
    without: Model | None = None
    form: ClassInfo | None = None


class ClassInfo:
    """One ``class`` statement, or a class made by ``from_queryset`` (then ``node`` is None)."""

    def __init__(
        self,
        module: ModuleInfo,
        node: ast.ClassDef | None,
        parent: FunctionInfo | ClassInfo | None = None,
        *,
        name: str = "",
        bases: tuple[ClassInfo | str, ...] | None = None,
    ) -> None:
        self.module = module
        self.node = node
        self.parent = parent
        self.name = node.name if node is not None else name
        self._given_bases = bases
        self.made: Made | None = None

    @classmethod
    def bare(cls, name: str) -> ClassInfo:
        """Return a class without source, bases or members."""
        return cls(None, None, None, name=name, bases=())  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<ClassInfo {self.qualname}>"

    @cached_property
    def qualname(self) -> str:
        """Dotted name with module."""
        if self.module is None:
            return self.name
        prefix = self.parent.qualname if self.parent is not None else self.module.name
        return f"{prefix}.{self.name}"

    @cached_property
    def bases(self) -> tuple[ClassInfo | str, ...]:
        """Base classes: project ones as ``ClassInfo``, others by dotted name (empty when not resolved)."""
        if self._given_bases is not None:
            return self._given_bases
        if self.node is None:
            return ()
        scope = self.parent
        found: list[ClassInfo | str] = []
        for base in self.node.bases:
            found.extend(self.module.project.class_bases(self.module, base, scope, self))
        return tuple(found)

    @cached_property
    def mro(self) -> tuple[ClassInfo, ...]:
        """Project classes in method resolution order (C3 where it exists, depth first otherwise)."""
        return tuple(entry for entry in self._linear(frozenset()) if isinstance(entry, ClassInfo))

    @cached_property
    def externals(self) -> tuple[str, ...]:
        """Dotted names of the bases outside the project, doubles too, in method resolution order."""
        entries = (entry if isinstance(entry, str) else entry.stands_for for entry in self._linear(frozenset()))
        return tuple(entry for entry in entries if entry is not None)

    @property
    def stands_for(self) -> str | None:
        """The name of the library's class that this one is a double of."""
        is_double = self.module is not None and self.module.path.startswith("<")
        return f"{self.module.name}.{self.name}" if is_double else None

    def _linear(self, seen: frozenset[ClassInfo]) -> list[ClassInfo | str]:
        if self in seen:
            return []
        parents: list[list[ClassInfo | str]] = [
            base._linear(seen | {self}) if isinstance(base, ClassInfo) else [base] for base in self.bases
        ]
        rows = [*parents, list(self.bases)]
        result: list[ClassInfo | str] = [self]
        while rows := [row for row in rows if row]:
            for row in rows:
                head = row[0]
                if not any(head in other[1:] for other in rows):
                    break
            else:
                head = rows[0][0]
            if head not in result:
                result.append(head)
            rows = [[entry for entry in row if entry != head] for row in rows]
        return result

    @cached_property
    def primed_in_threads(self) -> frozenset[str]:
        """Names that functions nested in its coroutines read: carried to a thread, to have the values ready."""
        nested = [
            inner
            for method in self.members.values()
            if isinstance(method, FunctionInfo) and method.is_async
            for inner in nodes_in(method.node)
            if isinstance(inner, (ast.FunctionDef, ast.Lambda))
        ]
        return frozenset(n.attr for inner in nested for n in nodes_in(inner) if isinstance(n, ast.Attribute))

    @cached_property
    def members(self) -> dict[str, Member]:
        """Names bound in the class body; the last binding wins, as at run time."""
        from .modules import assigned_names

        found: dict[str, Member] = {}

        def collect(body: list[ast.stmt]) -> None:
            for node in body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    if _is_accessor_of(node, ("setter", "deleter")):
                        continue
                    if not _is_overload(node):
                        found[node.name] = self.module.function(node, self)
                elif isinstance(node, ast.ClassDef):
                    found[node.name] = self.module.class_(node, self)
                elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                    for name, assigned in assigned_names(self.module, node):
                        if assigned.value is not None or name not in found:
                            found[name] = assigned
                elif isinstance(node, ast.If):
                    for branch in self.module.live_branches(node):
                        collect(branch)
                elif isinstance(node, (ast.Try, ast.With)):
                    for part in ("body", "orelse", "finalbody"):
                        collect(getattr(node, part, None) or [])

        if self.node is not None:
            collect(self.node.body)
        return found

    @cached_property
    def setters(self) -> dict[str, FunctionInfo]:
        """Setters of this class's properties, by property name."""
        return {
            node.name: self.module.function(node, self)
            for node in (self.node.body if self.node is not None else ())
            if isinstance(node, ast.FunctionDef) and _is_accessor_of(node, ("setter",))
        }

    def find(self, name: str) -> tuple[ClassInfo, Member] | None:
        """Return the class in the MRO that binds ``name``, and what it binds it to; None when none does."""
        for cls in self.mro:
            member = cls.members.get(name)
            if member is not None:
                return cls, member
        return None

    def find_after(self, start: ClassInfo, name: str) -> tuple[ClassInfo, Member] | None:
        """Like ``find``, but only behind ``start`` in the MRO, as ``super()`` looks it up."""
        behind = False
        for cls in self.mro:
            if behind:
                member = cls.members.get(name)
                if member is not None:
                    return cls, member
            if cls is start:
                behind = True
        return None

    def derives_from(self, other: ClassInfo) -> bool:
        """Whether ``other`` is this class or one of its bases."""
        return other in self.mro

    @cached_property
    def self_stores(self) -> dict[str, list[FunctionInfo]]:
        """Methods of this class's body that assign ``self.<name>``, by name."""
        found: dict[str, list[FunctionInfo]] = {}
        for member in self.members.values():
            if not isinstance(member, FunctionInfo) or not member.params:
                continue
            receiver = member.params[0].arg
            for node in nodes_in(member.node):
                if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                    node = node.value  # self.scope["player"] = ... changes what self.scope holds
                    if not isinstance(node, ast.Attribute):
                        continue
                    node = ast.Attribute(node.value, node.attr, ast.Store())
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.ctx, ast.Store)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == receiver
                ):
                    methods = found.setdefault(node.attr, [])
                    if member not in methods:
                        methods.append(member)
        return found

    @cached_property
    def has_annotated_fields(self) -> bool:
        """Whether the class body is annotated fields, as a decorator like ``dataclass`` wants it."""
        from .modules import Assigned

        return any(isinstance(m, Assigned) and m.annotation is not None for m in self.members.values())

    @cached_property
    def is_dataclass(self) -> bool:
        """Whether ``__init__`` is made from the annotated names (dataclass, attrs, NamedTuple, pydantic...)."""
        for cls in self.mro:
            for decorator in cls.node.decorator_list if cls.node is not None else []:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                if name in {"dataclass", "define", "frozen", "attrs", "s", "mutable"}:
                    return True
        return any(
            base.rpartition(".")[2] in {"NamedTuple", "BaseModel", "Schema", "Struct", "BaseSettings"}
            for base in self.externals
        )


def _is_accessor_of(node: ast.FunctionDef | ast.AsyncFunctionDef, kinds: tuple[str, ...]) -> bool:
    return any(isinstance(d, ast.Attribute) and d.attr in kinds for d in node.decorator_list)


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for decorator in node.decorator_list:
        name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        if name == "overload":
            return True
    return False
