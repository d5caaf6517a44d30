"""Django models: fields, relations, managers and members, from source or from catalogue rows."""

from __future__ import annotations

import ast
import sys
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.core.record import Record, record

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned, ExternalRef
from .relations import Relation

if TYPE_CHECKING:
    from django_async_migrate.catalog.rows import StockMember, StockModel

    from .project import Project
    from .registry import Models

_MODEL_ROOTS = frozenset(
    {
        "django.db.models.Model",
        "django.db.models.base.Model",
        "django.contrib.gis.db.models.Model",
    }
)
_STDLIB = sys.stdlib_module_names
MANAGER_ROOTS = (
    "django.db.models.Manager",
    "django.db.models.manager.Manager",
    "django.db.models.manager.BaseManager",
    "django.db.models.QuerySet",
    "django.db.models.query.QuerySet",
    "django.contrib.gis.db.models.Manager",
)


@record
class ManagerDef(Record):
    """A manager declared on a model; ``cls`` is its project class (or queryset class, for ``as_manager``)."""

    __slots__ = ()

    name: str
    cls: ClassInfo | None
    api: str | None = None


@record
class ScalarField(Record):
    """A field that holds a plain value; ``filled``: a text that its validation never leaves empty; ``file``: a file."""

    __slots__ = ()

    name: str
    filled: bool = False
    file: bool = False


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _declared(value: ast.expr | None) -> ast.Call | None:
    """Return the call that declares a field, also one that depends on a setting, or is cast for a type checker."""
    if isinstance(value, ast.IfExp):
        return _declared(value.body) or _declared(value.orelse)
    if isinstance(value, ast.Call) and _called(value) == "cast" and len(value.args) == 2:
        return _declared(value.args[1])
    return value if isinstance(value, ast.Call) else None


def _is_filled_text(call: ast.Call) -> bool:
    """Whether a field holds text that is neither null nor blank."""
    if _called(call) not in {"CharField", "TextField", "SlugField", "EmailField", "URLField", "UUIDField"}:
        return False
    return not any(keyword.arg in {"null", "blank", "default", None} for keyword in call.keywords)


@record
class ColumnOf(Record):
    """The column attribute of a forward relation: ``author_id``."""

    __slots__ = ()

    relation: Relation


@record
class ClassMember(Record):
    """Anything else bound in the class body: methods, properties, constants, descriptors."""

    __slots__ = ()

    owner: ClassInfo
    member: FunctionInfo | Assigned | ClassInfo


@record
class RowMember(Record):
    """A method or property that a catalogue row gives a stock model."""

    __slots__ = ()

    row: StockMember


ModelMember = Relation | ManagerDef | ScalarField | ColumnOf | ClassMember | RowMember


def is_model_class(cls: ClassInfo, project: Project) -> bool:
    """Whether a project class is a Django model (or an abstract base or mixin of one)."""
    for base in cls.externals:
        if base in _MODEL_ROOTS or base in project.catalog.models:
            return True
    if any(base.endswith(".Model") and "models" in base for base in cls.externals):
        return True
    # A base that could not be resolved may still be a model: declared fields give it away.
    return any(base == "" or ".models" in base for base in cls.externals) and any(
        _declares_fields(entry, project) for entry in cls.mro
    )


def _declares_fields(cls: ClassInfo, project: Project) -> bool:
    for member in cls.members.values():
        if isinstance(member, Assigned) and isinstance(member.value, ast.Call):
            api = project.external_name(member.module, member.value.func, cls)
            if api is not None and (api in project.catalog.fields or api.startswith("django.db.models.")):
                return True
    return False


def is_manager_class(cls: ClassInfo, catalog_managers: object) -> bool:
    """Whether a project class is a manager or queryset class."""
    for base in cls.externals:
        if base in MANAGER_ROOTS or base in catalog_managers:  # type: ignore[operator]
            return True
        last = base.rpartition(".")[2]
        if last.endswith(("QuerySet", "Queryset")):
            return True
        if last.endswith("Manager") and not last.endswith("ContextManager") and base.split(".")[0] not in _STDLIB:
            return True
    return False


class Model:
    """One model. Compared by identity: ``Models`` makes one for each class or row."""

    def __init__(self, models: Models, key: str, cls: ClassInfo | None, row: StockModel | None) -> None:
        self.models = models
        self.key = key
        self.cls = cls
        self.row = row
        self.name = cls.name if cls is not None else key.rpartition(".")[2]
        self._reverse: dict[str, Relation | None] = {}

    def __repr__(self) -> str:
        return f"<Model {self.key}>"

    @cached_property
    def app_label(self) -> str:
        """The app label, by Meta or by the package that holds the models module."""
        if self.cls is None:
            return (self.row.app_label if self.row else None) or self.key.split(".models")[0].rpartition(".")[2]
        explicit = self.meta("app_label")
        if isinstance(explicit, ast.Constant):
            return str(explicit.value)
        parts = self.cls.module.path.split("/")
        if "models" in parts:
            parts = parts[: parts.index("models")]
        else:
            parts = parts[:-1]
        return parts[-1] if parts else ""

    def meta(self, name: str) -> ast.expr | None:
        """Return the expression ``class Meta`` gives an option, looked up through the bases."""
        for cls in self.cls.mro if self.cls is not None else ():
            inner = cls.members.get("Meta")
            if isinstance(inner, ClassInfo):
                found = inner.find(name)
                if found is not None and isinstance(found[1], Assigned):
                    return found[1].value
        return None

    @cached_property
    def abstract(self) -> bool:
        """Whether ``class Meta`` of this very class says abstract."""
        if self.cls is None:
            return bool(self.row and self.row.abstract)
        inner = self.cls.members.get("Meta")
        value = inner.members.get("abstract") if isinstance(inner, ClassInfo) else None
        return isinstance(value, Assigned) and isinstance(value.value, ast.Constant) and value.value.value is True

    @cached_property
    def bases(self) -> tuple[Model, ...]:
        """Models this one inherits from, in method resolution order, itself excluded."""
        found: list[Model] = []
        if self.cls is not None:
            for cls in self.cls.mro[1:]:
                model = self.models.of_class(cls)
                if model is not None:
                    found.append(model)
            apis: tuple[str, ...] = self.cls.externals
        else:
            apis = self.row.bases if self.row else ()
        for api in apis:
            model = self.models.of_api(api)
            if model is not None and model not in found:
                found.append(model)
                found.extend(base for base in model.bases if base not in found)
        return tuple(found)

    @cached_property
    def own(self) -> dict[str, ModelMember]:
        """What this class's body (or row) declares, by attribute name."""
        if self.cls is not None:
            return {name: self._classify(self.cls, name, member) for name, member in self.cls.members.items()}
        found: dict[str, ModelMember] = {}
        row = self.row
        if row is not None:
            found.update({name: ScalarField(name) for name in row.scalars})
            for member in row.members:
                found[member.name] = RowMember(member)
            for manager in row.managers:
                found[manager.name] = ManagerDef(manager.name, None, manager.api)
            for relation in row.relations:
                found[relation.name] = Relation(
                    relation.name,
                    relation.kind,
                    self,
                    target_model=self if relation.to == "self" else self.models.of_api(relation.to),
                    related_name=relation.related_name,
                    null=relation.null,
                )
        return found

    @cached_property
    def _attnames(self) -> dict[str, Relation]:
        return {
            member.attname: member
            for member in self.own.values()
            if isinstance(member, Relation) and member.attname is not None
        }

    def _classify(self, cls: ClassInfo, name: str, member: FunctionInfo | Assigned | ClassInfo) -> ModelMember:
        field_call = _declared(member.value) if isinstance(member, Assigned) else None
        if not isinstance(member, Assigned) or field_call is None:
            return ClassMember(cls, member)
        kind = self.models.field_kind(member.module, field_call.func, cls)
        if kind is None:
            manager = self.models.manager_def(name, member, cls)
            return manager if manager is not None else ClassMember(cls, member)
        if kind == "scalar":
            return ScalarField(name, _is_filled_text(field_call), _called(field_call) in {"FileField", "ImageField"})
        return self.models.relation(self, name, kind, member, field_call)

    def member(self, name: str) -> ModelMember | None:
        """Return what attribute ``name`` of an instance is, reverse accessors included; None when unknown."""
        for model in (self, *self.bases):
            found = model.own.get(name)
            if found is not None:
                return found
            relation = model._attnames.get(name)
            if relation is not None:
                return ColumnOf(relation)
        if self.cls is not None:
            plain = self.cls.find(name)  # mixins that are no models themselves
            if plain is not None:
                return self._classify(plain[0], name, plain[1])
        if name.endswith(("_ptr", "_ptr_id")):
            parent = next((b for b in self.bases if b.name.lower() == name.split("_ptr")[0]), None)
            if parent is not None:
                link = self._parent_link(parent)
                return ColumnOf(link) if name.endswith("_id") else link
        return self.reverse(name)

    def _parent_link(self, parent: Model) -> Relation:
        return self.models.parent_link(self, parent)

    def reverse(self, name: str) -> Relation | None:
        """Return the reverse accessor ``name``, found among the project's relation declarations."""
        if name not in self._reverse:
            self._reverse[name] = self.models.find_reverse(self, name)
        return self._reverse[name]

    def relations(self) -> dict[str, Relation]:
        """Forward relations, inherited ones included."""
        found: dict[str, Relation] = {}
        for model in (*reversed(self.bases), self):
            for name, member in model.own.items():
                if isinstance(member, Relation):
                    found[name] = member
                else:
                    found.pop(name, None)
        return found

    def scalars(self) -> frozenset[str]:
        """Names of plain fields, inherited ones included."""
        return frozenset(
            name
            for model in (self, *self.bases)
            for name, member in model.own.items()
            if isinstance(member, ScalarField)
        )

    @cached_property
    def managers(self) -> dict[str, ManagerDef]:
        """Declared managers by name, in declaration order, nearest class first."""
        found: dict[str, ManagerDef] = {}
        for model in (self, *self.bases):
            for name, member in model.own.items():
                if isinstance(member, ManagerDef):
                    found.setdefault(name, member)
        if self.cls is not None:
            for cls in self.cls.mro:
                for name, assigned in cls.members.items():
                    if name not in found and isinstance(assigned, Assigned):
                        member = self._classify(cls, name, assigned)
                        if isinstance(member, ManagerDef):
                            found[name] = member
        return found

    @property
    def default_manager(self) -> ManagerDef:
        """The manager that related managers build on."""
        chosen = self.meta("default_manager_name")
        if isinstance(chosen, ast.Constant) and chosen.value in self.managers:
            return self.managers[str(chosen.value)]
        return next(iter(self.managers.values()), ManagerDef("objects", None))

    @cached_property
    def to_pk(self) -> frozenset[str]:
        """Names under which the primary key is read."""
        names = {"pk"}
        own = [name for name, member in self.own.items() if isinstance(member, (ScalarField, Relation))]
        explicit = False
        if self.cls is not None:
            for name in own:
                assigned = self.cls.members.get(name)
                if isinstance(assigned, Assigned) and isinstance(assigned.value, ast.Call):
                    for keyword in assigned.value.keywords:
                        if keyword.arg == "primary_key":
                            names.add(name)
                            explicit = True
        if not explicit:
            names.add("id")
        return frozenset(names)


def external_of(project: Project, definitions: list[object]) -> str | None:
    """Return the dotted name of the first definition outside the project."""
    for definition in definitions:
        if isinstance(definition, ExternalRef):
            return definition.api
    return None
