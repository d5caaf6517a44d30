"""All models of a project: made on demand, one for each class, with the searches that cross files."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import TYPE_CHECKING

from .classes import ClassInfo
from .models import ManagerDef, Model, is_manager_class, is_model_class
from .modules import Assigned, ExternalRef, ModuleInfo
from .relations import REVERSE_KIND, Relation

if TYPE_CHECKING:
    from .project import Project

_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)
_USER_MODEL = re.compile(rb"""^[ \t]*AUTH_USER_MODEL\s*(?::[^=\n]*)?=\s*["']([\w.]+)["']""", re.MULTILINE)


#: Libraries whose classes have a manager called ``objects`` too, without being Django's.
_OTHER_ORMS = (
    "mongoengine.",
    "tortoise.",
    "ormar.",
    "peewee.",
    "odmantic.",
    "beanie.",
    "sqlalchemy.",
    "edgy.",
)


class Models:
    """Finds models by class, by dotted name, by Django label and by reverse accessor."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._by_class: dict[ClassInfo, Model | None] = {}
        self._by_api: dict[str, Model | None] = {}
        self._by_label: dict[tuple[str, str], Model | None] = {}
        self._kinds: dict[tuple[str, str, int], str | None] = {}
        self._links: dict[tuple[Model, Model], Relation] = {}

    # -- models by name ------------------------------------------------------------------------------------

    def of_class(self, cls: ClassInfo) -> Model | None:
        """Return the model a project class is, or None."""
        if cls not in self._by_class:
            self._by_class[cls] = None  # a class that derives from itself in a circle is no model
            if is_model_class(cls, self.project):
                self._by_class[cls] = Model(self, cls.qualname, cls, None)
        return self._by_class[cls]

    def of_api(self, api: str) -> Model | None:
        """Return the stock model behind a dotted name, or None when the catalogue has no row for it."""
        if api not in self._by_api:
            row = self.project.catalog.models.get(api)
            self._by_api[api] = self.of_api(row.api) if row and row.api != api else None
            if row is not None and row.api == api:
                self._by_api[api] = Model(self, row.api, None, row)
        return self._by_api[api]

    def foreign(self, api: str) -> Model | None:
        """Return a model of which only the dotted name is known; None for classes of other ORMs."""
        if api.startswith(_OTHER_ORMS):
            return None
        known = self.of_api(api)
        if known is None:
            known = self._by_api[api] = Model(self, api, None, None)
        return known

    @cached_property
    def _user_label(self) -> str | None:
        for path in self.project.tree.containing(b"AUTH_USER_MODEL"):
            found = _USER_MODEL.search(self.project.tree.data(path) or b"")
            if found is not None:
                return found.group(1).decode()
        return None

    def user_model(self) -> Model | None:
        """Return the model ``AUTH_USER_MODEL`` names in any settings module, else Django's own ``User``."""
        if self._user_label is not None:
            app, _, name = self._user_label.rpartition(".")
            return self.by_label(app, name)
        return self.of_api("django.contrib.auth.models.User")

    def by_label(self, app: str, name: str, near: str = "") -> Model | None:
        """Return the model with a Django label; ``app`` may be empty for the importing module's own app."""
        key = (app or near, name)
        if key not in self._by_label:
            self._by_label[key] = self._search_label(app, name, near)
        return self._by_label[key]

    def _search_label(self, app: str, name: str, near: str) -> Model | None:
        label = app.rpartition(".")[2]
        found: list[Model] = []
        for cls in self.classes_named(name):
            model = self.of_class(cls)
            if model is not None:
                found.append(model)
        exact = [model for model in found if label and model.app_label.lower() == label.lower()]
        if not exact and label:
            exact = [model for model in found if label in (model.cls.module.path if model.cls else "").split("/")]
        if not exact and not label and near:
            folder = near.rpartition("/")[0]
            exact = [m for m in found if m.cls is not None and m.cls.module.path.startswith(folder)]
        if exact:
            return exact[0]
        if label:
            for row in self.project.catalog.models.values():
                if row.app_label == label and row.api.endswith(f".{name}"):
                    return self.of_api(row.api)
        return found[0] if len(found) == 1 else None

    def classes_named(self, name: str) -> list[ClassInfo]:
        """Return the top-level classes of that name anywhere in the project, in path order."""
        found: list[ClassInfo] = []
        for path in self.project.tree.class_paths(name):
            module = self.project.module(path)
            for binding in module.bindings.get(name, ()) if module is not None else ():
                if isinstance(binding, ClassInfo):
                    found.append(binding)
        return found

    # -- fields --------------------------------------------------------------------------------------------

    def field_kind(self, module: ModuleInfo, func: ast.expr, scope: ClassInfo) -> str | None:
        """Return the kind of field a class-level call makes; None when it makes none."""
        fields = self.project.catalog.fields
        definitions = self.project.resolve(module, func, scope)
        for definition in definitions:
            if isinstance(definition, ExternalRef):
                row = fields.get(definition.api)
                if row is not None:
                    return row.kind
                last = definition.api.rpartition(".")[2]
                return "scalar" if last.endswith("Field") else None
            if isinstance(definition, ClassInfo):
                for base in definition.externals:
                    row = fields.get(base)
                    if row is not None:
                        return row.kind
                if any(base.rpartition(".")[2].endswith("Field") for base in definition.externals):
                    return "scalar"
            if isinstance(definition, Assigned) and definition.value is not None:
                return self.field_kind(definition.module, definition.value, scope)
        if not definitions:
            last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if last.endswith("Field") and last not in {"ManyToManyField", "OneToOneField"}:
                return "scalar"
        return None

    def manager_def(self, name: str, assigned: Assigned, scope: ClassInfo) -> ManagerDef | None:
        """Return the manager a class-level call makes; None when it makes none."""
        call = assigned.value
        if not isinstance(call, ast.Call):
            return None
        project, module, func = self.project, assigned.module, call.func
        if isinstance(func, ast.Attribute) and func.attr == "as_manager":
            bases = project.class_bases(module, func.value, scope)
            cls = bases[0] if isinstance(bases[0], ClassInfo) else None
            return ManagerDef(name, cls)
        if isinstance(func, ast.Call):  # Manager.from_queryset(QuerySet)()
            bases = project.class_bases(module, func, scope)
            if isinstance(func.func, ast.Attribute) and func.func.attr == "from_queryset":
                return ManagerDef(name, project.synthetic_class(module, "from_queryset", bases))
            return None
        bases = project.class_bases(module, func, scope)
        base = bases[0]
        managers = project.catalog.managers
        if isinstance(base, ClassInfo):
            if len(bases) > 1:
                return ManagerDef(name, project.synthetic_class(module, "from_queryset", bases))
            return ManagerDef(name, base) if is_manager_class(base, managers) else None
        last = base.rpartition(".")[2] or (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", ""))
        if base in managers or last.endswith("Manager"):
            return ManagerDef(name, None, base or None)
        return None

    def relation(self, model: Model, name: str, kind: str, assigned: Assigned, call: ast.Call) -> Relation:
        """Return the forward relation a field declares."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        target: ast.expr | None = keywords.get("to") or (call.args[0] if call.args else None)
        if kind == "generic-foreign-key":
            target = None
        related = keywords.get("related_name")
        related_name = related.value if isinstance(related, ast.Constant) else None
        if related is None:
            default = model.meta("default_related_name")
            if isinstance(default, ast.Constant):
                related_name = default.value
        null = keywords.get("null")
        to_field = keywords.get("to_field")
        relation = Relation(
            name,
            kind,
            model,
            target_expr=target,
            module=assigned.module,
            scope=model.cls,
            related_name=str(related_name) if related_name is not None else None,
            null=isinstance(null, ast.Constant) and bool(null.value),
            to_field=str(to_field.value) if isinstance(to_field, ast.Constant) else None,
            parent_link="parent_link" in keywords,
            constrained="db_constraint" not in keywords,
            through_expr=keywords.get("through"),
        )
        if kind == "generic-foreign-key":
            relation.to_fields = (
                _text(keywords.get("ct_field") or (call.args[0] if call.args else None)) or "content_type",
                _text(keywords.get("fk_field") or (call.args[1] if len(call.args) > 1 else None)) or "object_id",
            )
        relation.back = relation.accessor(model.name, model.app_label)
        return relation

    def target_of(self, relation: Relation) -> Model | None:
        """Resolve the target expression of a relation."""
        expr, module = relation.target_expr, relation.module
        if module is None or expr is None:
            return None
        if isinstance(expr, ast.Constant) and isinstance(expr.value, str):
            return self.by_text(expr.value, relation.source, module)
        if isinstance(expr, ast.Call):
            name = expr.func.attr if isinstance(expr.func, ast.Attribute) else getattr(expr.func, "id", "")
            if name == "get_user_model":
                return self.user_model()
            if name == "get_model" and expr.args:
                parts = [_text(arg) or "" for arg in expr.args]
                return self.by_text(".".join(parts), relation.source, module)
            return None
        if isinstance(expr, ast.Attribute) and expr.attr == "AUTH_USER_MODEL":
            return self.user_model()
        for definition in self.project.resolve(module, expr, relation.scope):
            model = self.project.model_of(definition)
            if model is not None:
                return model
            if isinstance(definition, Assigned) and definition.value is not None:
                inner = Relation(relation.name, relation.kind, relation.source, definition.value, definition.module)
                return self.target_of(inner)
        return None

    def by_text(self, text: str, source: Model, module: ModuleInfo) -> Model | None:
        """Resolve a string reference as a field of ``source`` may hold it."""
        if text == "self":
            return source
        if text == "settings.AUTH_USER_MODEL":
            return self.user_model()
        app, _, name = text.rpartition(".")
        if not app:
            for definition in self.project.lookup(module, name):
                model = self.project.model_of(definition)
                if model is not None:
                    return model
            return self.by_label(source.app_label, name, module.path) or self.by_label("", name, module.path)
        return self.by_label(app, name, module.path)

    def parent_link(self, child: Model, parent: Model) -> Relation:
        """Return the implicit one-to-one from a multi-table child to its parent."""
        key = (child, parent)
        if key not in self._links:
            self._links[key] = Relation(
                f"{parent.name.lower()}_ptr", "one-to-one", child, target_model=parent, parent_link=True
            )
        return self._links[key]

    # -- reverse accessors ---------------------------------------------------------------------------------

    @cached_property
    def _class_files(self) -> dict[str, list[tuple[str, str]]]:
        table: dict[str, list[tuple[str, str]]] = {}
        for path in self.project.tree.model_paths():
            for found in _CLASS.finditer(self.project.tree.data(path) or b""):
                name = found.group(1).decode()
                table.setdefault(name.lower(), []).append((name, path))
        return table

    def _models_in(self, path: str) -> list[Model]:
        module = self.project.module(path)
        found = []
        for bindings in module.bindings.values() if module is not None else ():
            for binding in bindings:
                model = self.of_class(binding) if isinstance(binding, ClassInfo) else None
                if model is not None:
                    found.append(model)
        return found

    def _lower_named(self, lower: str) -> list[Model]:
        found = []
        for name, path in self._class_files.get(lower, ()):
            module = self.project.module(path)
            for binding in module.bindings.get(name, ()) if module is not None else ():
                model = self.of_class(binding) if isinstance(binding, ClassInfo) else None
                if model is not None:
                    found.append(model)
        return found

    def find_reverse(self, model: Model, name: str) -> Relation | None:
        """Return the reverse accessor ``name`` on ``model``: declared by a relation that points at it."""
        if name.startswith("_"):
            return None
        family = (model, *model.bases)
        row_hit = self._row_reverse(model, family, name)
        if row_hit is not None:
            return row_hit
        candidates: list[Model] = []
        lower = name[:-4] if name.endswith("_set") else name
        candidates += self._lower_named(lower)
        quoted = (b'"' + name.encode() + b'"', b"'" + name.encode() + b"'")
        for path in self.project.tree.model_paths():
            data = self.project.tree.data(path) or b""
            if any(needle in data for needle in quoted):
                candidates += self._models_in(path)
            elif b"%(class)s" in data or b"%(model_name)s" in data or b"%(app_label)s" in data:
                candidates += self._children_for(path, name)
        for candidate in candidates:
            if candidate.abstract:
                continue
            for relation in candidate.relations().values():
                kind = REVERSE_KIND.get(relation.kind)
                if kind is None or relation.target not in family:
                    continue
                if relation.accessor(candidate.name, candidate.app_label) == name:
                    return Relation(name, kind, model, target_model=candidate, back=relation.name, null=True)
            for parent in candidate.bases:
                if parent in family and not parent.abstract and candidate.name.lower() == name:
                    link = self.parent_link(candidate, parent)
                    return Relation(
                        name, "reverse-one-to-one", model, target_model=candidate, back=link.name, null=True
                    )
        return None

    def _children_for(self, path: str, name: str) -> list[Model]:
        """Return concrete models whose name fits a ``%(class)s`` pattern declared in ``path``."""
        found: list[Model] = []
        for base in self._models_in(path):
            for relation in base.own.values():
                pattern = relation.related_name if isinstance(relation, Relation) else None
                if not pattern or "%(" not in pattern:
                    continue
                regex = re.escape(pattern)
                for key in ("class", "model_name"):
                    regex = regex.replace(re.escape(f"%({key})s"), r"(?P<cls>\w+)", 1)
                regex = regex.replace(re.escape("%(app_label)s"), r"\w+?")
                try:
                    match = re.fullmatch(regex, name)
                except re.error:
                    continue
                if match and "cls" in match.groupdict():
                    found += self._lower_named(match.group("cls"))
                    found += [
                        m
                        for m in self._by_class.values()
                        if m is not None and m.name.lower() == match.group("cls") and m not in found
                    ]
        return found

    def _row_reverse(self, model: Model, family: tuple[Model, ...], name: str) -> Relation | None:
        if all(entry.row is None for entry in family):
            return None
        for row in self.project.catalog.models.values():
            if row.abstract:
                continue
            source = self.of_api(row.api)
            for relation in source.relations().values() if source is not None else ():
                if relation.target in family and relation.kind in REVERSE_KIND and source is not None:
                    if relation.accessor(source.name, source.app_label) == name:
                        return Relation(
                            name,
                            REVERSE_KIND[relation.kind],
                            model,
                            target_model=source,
                            back=relation.name,
                            null=True,
                        )
        return None


def _text(expr: ast.expr | None) -> str | None:
    return expr.value if isinstance(expr, ast.Constant) and isinstance(expr.value, str) else None
