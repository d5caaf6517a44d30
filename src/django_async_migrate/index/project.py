"""Name resolution over the whole project, lazy and memoised."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import TYPE_CHECKING

from .classes import ClassInfo, Made
from .doubles import Doubles
from .functions import FunctionInfo
from .modules import (
    Assigned,
    Binding,
    Definition,
    ExternalRef,
    Import,
    ModuleInfo,
    ModuleRef,
    import_bindings,
)
from .paths import ModulePaths
from .registrations import Registrations
from .templates import Templates

if TYPE_CHECKING:
    from django_async_migrate.catalog import Catalog
    from django_async_migrate.syntax.tree import SourceTree

    from .chain import ProjectMiddleware
    from .models import Model
    from .receivers import Receivers
    from .registry import Models
    from .settings import ProjectSettings
    from .survey import Survey

Scope = FunctionInfo | ClassInfo | None


class Project:
    """Answers "what does this name mean here" without executing anything."""

    def __init__(self, tree: SourceTree, catalog: Catalog, version: tuple[int, int] | None = None) -> None:
        """``version``: the target Django, where tests of its version are to be decided."""
        self.tree = tree
        self.catalog = catalog
        self.version = version
        root_name = tree.root.rstrip("/").rpartition("/")[2]
        self.paths = ModulePaths(tree.paths, root_name, "__init__.py" in tree.paths)
        self._modules: dict[str, ModuleInfo | None] = {}
        self._lookups: dict[tuple[str, str], list[Definition]] = {}
        self._models: Models | None = None
        self.registrations = Registrations(self)
        self.templates = Templates(self)
        self.doubles = Doubles(self)
        self._made: dict[tuple[ClassInfo, Made], ClassInfo] = {}

    @property
    def models(self) -> Models:
        """The project's models."""
        if self._models is None:
            from .registry import Models

            self._models = Models(self)
        return self._models

    @cached_property
    def survey(self) -> Survey:
        """What the bytes of the project's files tell about settings and middleware."""
        from .survey import Survey

        return Survey(self.tree)

    @cached_property
    def receivers(self) -> Receivers:
        """The receivers of the project's own signals."""
        from .receivers import Receivers

        return Receivers(self)

    @cached_property
    def settings(self) -> ProjectSettings:
        """The project's settings modules."""
        from .settings import ProjectSettings

        return ProjectSettings(self)

    @cached_property
    def middleware(self) -> ProjectMiddleware:
        """The project's middleware."""
        from .chain import ProjectMiddleware

        return ProjectMiddleware(self)

    @cached_property
    def stores_scope_user(self) -> bool:
        """Whether project code puts a user into an ASGI scope by itself."""
        stores = re.compile(
            rb"""scope\[["']user["']\]\s*=[^=]|\bscope\b[^\n]*\buser\s*=|["']user["']\s*:[^\n]*\bscope\b"""
        )
        paths = self.tree.containing(b"scope")
        return any(stores.search(self.tree.data(path) or b"") for path in paths)

    def module(self, path: str) -> ModuleInfo | None:
        """Return the module of a file, parsed at the first question; None where it cannot be parsed."""
        if path not in self._modules:
            parsed = None if path.endswith("/") else self.tree.parse(path)
            self._modules[path] = ModuleInfo(self, parsed, self.paths.name(path)) if parsed else None
        return self._modules[path]

    # -- names ---------------------------------------------------------------------------------------------

    def lookup(self, module: ModuleInfo, name: str) -> list[Definition]:
        """Return what a top-level name of a module may mean, imports followed; empty when it is not bound."""
        key = (module.path, name)
        known = self._lookups.get(key)
        if known is not None:
            return known
        self._lookups[key] = []  # an import cycle finds nothing on its way round
        found: list[Definition] = []
        bindings = module.bindings.get(name, ())
        for binding in bindings:
            for definition in self.follow(module, binding):
                if definition not in found:
                    found.append(definition)
        if len(found) > 1 and not any(isinstance(b, Import) for b in bindings):
            found = _last_unless_conditional(found, module)
        if not found and not bindings:
            found = self._from_stars(module, name)
        if self.catalog.own:
            # A row of the project tells what its function does: its code is not looked at.
            dotted = f"{module.name}.{name}"
            if dotted in self.catalog.own and found:
                found = [ExternalRef(dotted)]
        self._lookups[key] = found
        return found

    def _from_stars(self, module: ModuleInfo, name: str) -> list[Definition]:
        if name.startswith("_"):
            return []
        outside: list[Definition] = []
        catalog = self.catalog
        for star in module.stars:
            path = self._import_path(module, star)
            target = self.module(path) if path else None
            if target is not None and target is not module:
                found = self.lookup(target, name)
                if found:
                    return found
            elif path is None and not star.level:
                api = f"{star.module}.{name}"
                if any(api in rows for rows in (catalog.fields, catalog.models, catalog.bridges, catalog.functions)):
                    outside.append(ExternalRef(api))
        # Which of several foreign star imports binds the name, if any does, cannot be known.
        return outside if len(outside) == 1 else []

    def follow(self, module: ModuleInfo, binding: Binding) -> list[Definition]:
        """Return what a binding leads to."""
        if not isinstance(binding, Import):
            return [binding]
        path = self._import_path(module, binding)
        dotted = binding.module
        if path is None:
            if binding.level:
                return []
            return [ExternalRef(f"{dotted}.{binding.attr}" if binding.attr else dotted)]
        if binding.attr is None:
            return [ModuleRef(path)]
        return self.attribute(ModuleRef(path), binding.attr)

    def outside(self, module: ModuleInfo, binding: Import) -> str | None:
        """Return the dotted name of an import from outside the project; None for another. No file is parsed."""
        if binding.level or self.paths.find(binding.module, module.path) is not None:
            return None
        return f"{binding.module}.{binding.attr}" if binding.attr else binding.module

    def _import_path(self, module: ModuleInfo, binding: Import) -> str | None:
        if binding.level:
            return self.paths.relative(module.path, binding.level, binding.module)
        return self.paths.find(binding.module, module.path)

    def attribute(self, ref: ModuleRef | ExternalRef, name: str) -> list[Definition]:
        """Return what ``module.name`` means."""
        if isinstance(ref, ExternalRef):
            return [ExternalRef(f"{ref.api}.{name}")]
        target = self.module(ref.path)
        if target is not None:
            found = self.lookup(target, name)
            if found:
                return found
        sub = self.paths.submodule(ref.path, name)
        return [ModuleRef(sub)] if sub else []

    def resolve(self, module: ModuleInfo, expr: ast.expr, scope: Scope = None) -> list[Definition]:
        """Return what a name or dotted expression means in a module (or inside a function or class of it)."""
        if isinstance(expr, ast.Constant) and isinstance(expr.value, str):
            try:
                return self.resolve(module, ast.parse(expr.value, mode="eval").body, scope)
            except SyntaxError:
                return []
        if isinstance(expr, ast.Name):
            local = self._in_scope(module, expr.id, scope)
            return local if local else self.lookup(module, expr.id)
        if isinstance(expr, ast.Attribute):
            found: list[Definition] = []
            for base in self.resolve(module, expr.value, scope):
                if isinstance(base, (ModuleRef, ExternalRef)):
                    found.extend(self.attribute(base, expr.attr))
                elif isinstance(base, ClassInfo):
                    member = base.find(expr.attr)
                    if member is not None:
                        found.append(member[1])
            return found
        if isinstance(expr, ast.Subscript):
            return self.resolve(module, expr.value, scope)
        return []

    def _in_scope(self, module: ModuleInfo, name: str, scope: Scope) -> list[Definition]:
        """Look a name up in the functions around a class or function: local classes and imports."""
        current: Scope = scope
        while current is not None:
            if isinstance(current, ClassInfo):
                member = current.members.get(name) if current is scope else None
                if member is not None and isinstance(member, ClassInfo):
                    return [member]
                current = current.parent
                continue
            node = current.local_definitions.get(name)
            if isinstance(node, ast.ClassDef):
                return [module.class_(node, current)]
            for bound, binding in import_bindings(node) if node is not None else ():
                if bound == name:
                    return self.follow(module, binding)
            current = current.parent or current.cls
        return []

    def external_name(self, module: ModuleInfo, expr: ast.expr, scope: Scope = None) -> str | None:
        """Return the dotted name an expression has outside the project, or None."""
        for definition in self.resolve(module, expr, scope):
            if isinstance(definition, ExternalRef):
                return definition.api
        return None

    # -- classes -------------------------------------------------------------------------------------------

    def class_bases(
        self, module: ModuleInfo, expr: ast.expr, scope: Scope, child: ClassInfo | None = None, depth: int = 0
    ) -> list[ClassInfo | str]:
        """Return the classes an expression in a base list stands for; unresolved ones as an empty string."""
        if depth > 10:
            return [""]
        if isinstance(expr, ast.Call):
            return self._called_base(module, expr, scope, depth)
        found: list[ClassInfo | str] = []
        for definition in self.resolve(module, expr, scope):
            if definition is child:
                continue
            if isinstance(definition, ClassInfo):
                found.append(definition)
            elif isinstance(definition, ExternalRef):
                found.append(self.doubles.find(definition.api) or definition.api)
            elif isinstance(definition, Assigned) and definition.value is not None and not definition.path:
                if isinstance(definition.value, ast.Call):  # several: what from_queryset() makes
                    return self.class_bases(definition.module, definition.value, None, child, depth + 1)
                found.extend(self.class_bases(definition.module, definition.value, None, child, depth + 1))
        found.sort(key=lambda entry: not isinstance(entry, ClassInfo))  # what can be read comes first
        return found[:1] or [""]

    def _called_base(self, module: ModuleInfo, call: ast.Call, scope: Scope, depth: int) -> list[ClassInfo | str]:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "from_queryset" and call.args:
            manager = self.class_bases(module, func.value, scope, None, depth + 1)
            queryset = self.class_bases(module, call.args[0], scope, None, depth + 1)
            return [*queryset, *manager]
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if name == "get_user_model":
            model = self.models.user_model()
            if model is not None:
                return [model.cls or model.key]
        if name == "with_metaclass":
            return [base for arg in call.args[1:] for base in self.class_bases(module, arg, scope, None, depth + 1)]
        return [""]

    def synthetic_class(self, module: ModuleInfo, name: str, bases: list[ClassInfo | str]) -> ClassInfo:
        """Return a class that has no ``class`` statement: what ``Manager.from_queryset(...)`` makes."""
        return ClassInfo(module, None, None, name=name, bases=tuple(bases))

    def class_made(self, name: str, base: ClassInfo, made: Made) -> ClassInfo:
        """Return the class that a factory makes of a base class, the same one for the same arguments."""
        known = self._made.get((base, made))
        if known is None:
            known = self._made[base, made] = self.synthetic_class(base.module, name, [base])
            known.made = made
        return known

    def model_of(self, definition: object) -> Model | None:
        """Return the model a class definition is, or None when it is no model."""
        if isinstance(definition, ClassInfo):
            return self.models.of_class(definition)
        if isinstance(definition, ExternalRef):
            return self.models.of_api(definition.api)
        return None


def _last_unless_conditional(found: list[Definition], module: ModuleInfo) -> list[Definition]:
    """Keep the last of several plain rebindings at the top level; keep all when some are under a condition."""
    top = {id(node) for node in module.parsed.tree.body}
    nodes = [getattr(d, "node", None) for d in found]
    if nodes[-1] is not None and id(nodes[-1]) in top:
        return found[-1:]
    values = {
        id(node.value): True
        for node in module.parsed.tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
    }
    last = found[-1]
    if isinstance(last, Assigned) and id(last.value) in values:
        return found[-1:]
    return found
