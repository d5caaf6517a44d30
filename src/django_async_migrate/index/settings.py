"""Settings modules of a project, read without running them.

A settings module is a list of assignments, star imports and changes to lists. What an environment variable, a call or
a loop decides is unknown.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from .modules import Import, ModuleRef, import_bindings
from .settings_values import Environment, Item, Items, Origin, Plain, Table, Unknown, Value, joined
from .survey import is_test

if TYPE_CHECKING:
    from .modules import ModuleInfo
    from .project import Project

_NAMED = re.compile(rb"""DJANGO_SETTINGS_MODULE["']?\s*(?:,|=|:|\]\s*=)\s*["']([\w.]+)["']""")
#: Settings that nearly only a settings module sets: any of them makes a module one.
_NAMES = ("MIDDLEWARE", "INSTALLED_APPS", "DATABASES", "ROOT_URLCONF", "CACHES", "SESSION_ENGINE", "WSGI_APPLICATION")
_MARKS = tuple(name.encode() for name in _NAMES)
_DEFINES = re.compile(rb"^[ \t]*(?:" + b"|".join(_MARKS) + rb")\b[^\n=]*\+?=[^=]", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What one settings module comes to: its names after the last line."""

    module: ModuleInfo
    names: Environment

    def get(self, name: str) -> Value | None:
        """Return a setting, None where it is not set."""
        return self.names.names.get(name)

    def text(self, name: str) -> str | None:
        """Return a setting that is a text, else None."""
        found = self.get(name)
        return found.value if isinstance(found, Plain) and isinstance(found.value, str) else None

    def is_true(self, name: str) -> bool:
        """Whether a setting is certainly True."""
        found = self.get(name)
        return isinstance(found, Plain) and found.value is True


class ProjectSettings:
    """Finds and reads the settings modules of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._read: dict[str, Environment | None] = {}

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The settings modules that ``DJANGO_SETTINGS_MODULE`` names in Python files: that of asgi.py first."""
        survey = self._project.survey
        found: dict[str, int] = {}
        for path in survey.mentioning(b"DJANGO_SETTINGS_MODULE"):
            name = path.rpartition("/")[2]
            rank = {"asgi.py": 0, "wsgi.py": 1, "manage.py": 2}.get(name, 3)
            for dotted in _NAMED.findall(survey.data(path)):
                module = self._project.paths.find(dotted.decode(), path)
                if module is not None and not module.endswith("/"):
                    found[module] = min(rank, found.get(module, rank))
        return tuple(sorted(found, key=lambda module: (is_test(module), found[module], module)))

    @cached_property
    def modules(self) -> tuple[Settings, ...]:
        """Every settings module that none of the others builds on, those first that a project is started with."""
        survey = self._project.survey
        candidates = [path for path in survey.mentioning(*_MARKS) if _DEFINES.search(survey.data(path))]
        paths = dict.fromkeys([*self.named, *candidates])
        used: set[str] = set()
        found: list[Settings] = []
        for path in paths:
            module = self._project.module(path)
            if module is None or not looks_like_settings(module):
                continue
            for star in module.stars:
                target = self._target(module, star)
                if target is not None and target != path:
                    used.add(target)
        for path in paths:
            module = self._project.module(path)
            if module is None or (path in used and path not in self.named) or not looks_like_settings(module):
                continue
            names = self._environment(path)
            if names is not None:
                found.append(Settings(module, names))
        return tuple(found)

    @property
    def served(self) -> tuple[Settings, ...]:
        """The settings modules that a server runs with: what asgi.py or manage.py names, else all outside tests."""
        named = self.named
        started = [found for found in self.modules if found.module.path in named]
        found = started[:1] or [found for found in self.modules if not is_test(found.module.path)]
        return tuple(found)

    def _target(self, module: ModuleInfo, binding: Import) -> str | None:
        paths = self._project.paths
        if binding.level:
            return paths.relative(module.path, binding.level, binding.module)
        return paths.find(binding.module, module.path)

    def _environment(self, path: str) -> Environment | None:
        if path not in self._read:
            self._read[path] = None  # a circle of star imports ends here
            module = self._project.module(path)
            if module is not None:
                environment = Environment()
                _Reader(self, module, environment).run(module.parsed.tree.body)
                self._read[path] = environment
        return self._read[path]

    def star(self, module: ModuleInfo, binding: Import) -> Environment | None:
        """Return what a star import brings: None where nobody can tell."""
        target = self._target(module, binding)
        return self._environment(target) if target is not None and not target.endswith("/") else None

    def imported(self, module: ModuleInfo, binding: Import) -> Value | Environment | None:
        """Return what an imported name stands for: a setting of another module, or that module."""
        for definition in self._project.follow(module, binding):
            if isinstance(definition, ModuleRef) and not definition.path.endswith("/"):
                return self._environment(definition.path)
        if binding.attr is None:
            return None
        other = self.star(module, replace(binding, attr=None))
        return other.names.get(binding.attr) if other is not None else None


def looks_like_settings(module: ModuleInfo) -> bool:
    """Whether a module is one of settings: its top level sets one of Django's best-known settings, or imports all."""
    names = set(_NAMES)
    return bool(names & module.bindings.keys() or module.stars or _changes(module, names))


def _changes(module: ModuleInfo, names: set[str]) -> bool:
    return any(
        isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in names
        for node in module.parsed.tree.body
    )


class _Reader:
    """Follows the statements of one settings module."""

    def __init__(self, settings: ProjectSettings, module: ModuleInfo, names: Environment) -> None:
        self._settings = settings
        self._module = module
        self._names = names
        self._modules: dict[str, Environment] = {}

    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements in order."""
        for node in body:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        names = self._names.names
        if isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._assign(target, value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign(node.target, self._value(node.value))
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
                old = names.get(node.target.id, Unknown())
                names[node.target.id] = self._sum(old, self._value(node.value), node)
            else:
                self._assign(node.target, Unknown())
        elif isinstance(node, ast.If):
            self._branches(node.body, node.orelse)
        elif isinstance(node, ast.Try):
            self._try(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            self.run(node.body)
        elif isinstance(node, (ast.For, ast.While)):
            self._branches(node.body, [])
            self._forget(node.body)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self._call(node.value)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self._assign(target, Unknown())
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self._branches(case.body, [])

    def _branches(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        before = self._names.names
        outcomes: list[dict[str, Value]] = []
        for part in (body, orelse):
            self._names.names = dict(before)
            self.run(part)
            outcomes.append(self._names.names)
        one, other = outcomes
        self._names.names = {name: joined(one.get(name), other.get(name)) for name in dict.fromkeys([*one, *other])}

    def _try(self, node: ast.Try) -> None:
        if all(isinstance(part, (ast.Import, ast.ImportFrom)) for part in node.body):
            self.run(node.body)  # local settings that are in the project are read; others add nothing anybody knows
        else:
            self._branches([*node.body, *node.orelse], [])
        self.run(node.finalbody)

    def _forget(self, body: list[ast.stmt]) -> None:
        for node in ast.walk(ast.Module(body, [])):
            if isinstance(node, ast.Name) and node.id in self._names.names:
                old = self._names.names[node.id]
                changed = replace(old, complete=False) if isinstance(old, (Items, Table)) else Unknown()
                self._names.names[node.id] = changed

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, binding in import_bindings(node):
            if name == "*":
                found = self._settings.star(self._module, binding)
                if found is not None:
                    self._names.names.update(found.names)
                continue
            value = self._settings.imported(self._module, binding)
            if isinstance(value, Environment):
                self._modules[name] = value
            else:
                self._names.names[name] = value if value is not None else Unknown()

    def _assign(self, target: ast.expr, value: Value) -> None:
        names = self._names.names
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._assign(part, Unknown())
        elif isinstance(target, ast.Subscript):
            name, keys = _path(target)
            if name in names:
                names[name] = self._stored(names[name], keys, value)

    def _stored(self, old: Value, keys: list[ast.expr], value: Value) -> Value:
        if not keys:
            return value
        key = keys[0].value if isinstance(keys[0], ast.Constant) else None
        if isinstance(old, Table):
            if not isinstance(key, str):
                return replace(old, complete=False, entries={})
            inner = old.entries.get(key, Unknown())
            return replace(old, entries={**old.entries, key: self._stored(inner, keys[1:], value)})
        if isinstance(old, Items):
            return replace(old, complete=False)
        # Into something unknown: what is stored is known, what else is there is not.
        if isinstance(key, str) and len(keys) == 1:
            origin = value.origin if not isinstance(value, Unknown) else None
            if origin is not None:
                return Table({key: value}, origin, complete=False)
        return Unknown()

    # -- expressions -----------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Value:
        origin = Origin(self._module, node)
        if isinstance(node, ast.Constant):
            return Plain(node.value, origin)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self._items(node, origin)
        if isinstance(node, ast.Dict):
            return self._table(node, origin)
        if isinstance(node, ast.Name):
            return self._names.names.get(node.id) or Unknown(origin)
        if isinstance(node, ast.Attribute):
            module = self._modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
            return (module.names.get(node.attr) if module is not None else None) or Unknown(origin)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(self._value(node.left), self._value(node.right), node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return self._product(node, origin)
        if isinstance(node, ast.IfExp):
            return joined(self._value(node.body), self._value(node.orelse))
        if isinstance(node, ast.Subscript):
            found = self._value(node.value)
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(found, Table) and isinstance(key, str) and key in found.entries:
                return found.entries[key]
        if isinstance(node, ast.Call):
            return self._called(node, origin)
        return Unknown(origin)

    def _items(self, node: ast.List | ast.Tuple | ast.Set, origin: Origin) -> Items:
        found: list[Item] = []
        complete = True
        for part in node.elts:
            if isinstance(part, ast.Starred):
                inner = self._value(part.value)
                if isinstance(inner, Items):
                    found.extend(inner.items)
                    complete = complete and inner.complete
                else:
                    complete = False
            else:
                found.append(Item(self._value(part)))
        return Items(tuple(found), origin, complete)

    def _table(self, node: ast.Dict, origin: Origin) -> Table:
        entries: dict[str, Value] = {}
        complete = True
        for key, part in zip(node.keys, node.values, strict=True):
            value = self._value(part)
            if key is None:
                if isinstance(value, Table):
                    entries.update(value.entries)
                    complete = complete and value.complete
                else:
                    entries = {}
                    complete = False
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                entries[key.value] = value
            else:
                complete = False
        return Table(entries, origin, complete)

    def _sum(self, left: Value, right: Value, node: ast.expr | ast.stmt) -> Value:
        origin = Origin(self._module, node)
        if isinstance(left, Items) and isinstance(right, Items):
            return Items((*left.items, *right.items), left.origin, left.complete and right.complete)
        known = next((part for part in (left, right) if isinstance(part, Items)), None)
        if known is not None:
            return replace(known, complete=False)
        if isinstance(left, Plain) and isinstance(right, Plain):
            one, other = left.value, right.value
            if isinstance(one, str) and isinstance(other, str):
                return Plain(one + other, origin)
        return Unknown(origin)

    def _product(self, node: ast.BinOp, origin: Origin) -> Value:
        left, right = self._value(node.left), self._value(node.right)
        if isinstance(left, Plain) and isinstance(right, Plain):
            one, other = left.value, right.value
            if type(one) is int and type(other) is int and abs(one) < 10**6 and abs(other) < 10**6:
                return Plain(one * other, origin)
        return Unknown(origin)

    def _called(self, node: ast.Call, origin: Origin) -> Value:
        name = ast.unparse(node.func)
        if name in {"list", "tuple"} and len(node.args) == 1:
            return self._value(node.args[0])
        if name == "dict" and not node.args:
            entries = {word.arg: self._value(word.value) for word in node.keywords if word.arg is not None}
            return Table(entries, origin, len(entries) == len(node.keywords))
        if name.startswith("dj_database_url."):
            entries = {
                word.arg.upper(): self._value(word.value) for word in node.keywords if word.arg == "conn_max_age"
            }
            return Table(entries, origin, complete=False)
        return Unknown(origin)

    def _call(self, call: ast.Call) -> None:
        """Follow a method that changes a list or a dict in place."""
        func = call.func
        if not isinstance(func, ast.Attribute):
            return
        name, keys = _path(func.value)
        if name not in self._names.names:
            return
        old = self._names.names[name]
        inner: Value = old
        for key in keys:
            text = key.value if isinstance(key, ast.Constant) else None
            inner = inner.entries.get(str(text), Unknown()) if isinstance(inner, Table) else Unknown()
        if isinstance(inner, Items):
            self._names.names[name] = self._stored(old, keys, self._changed(inner, func.attr, call))
        elif isinstance(inner, Table) and func.attr in {"update", "setdefault", "pop"}:
            self._names.names[name] = self._stored(old, keys, self._updated(inner, func.attr, call))

    def _changed(self, items: Items, method: str, call: ast.Call) -> Value:
        given = [self._value(arg) for arg in call.args]
        if method == "append" and len(given) == 1:
            return replace(items, items=(*items.items, Item(given[0])))
        if method == "extend" and len(given) == 1:
            return self._sum(items, given[0], call)
        if method == "remove" and len(given) == 1 and isinstance(given[0], Plain):
            place = items.index(given[0].value)
            if place is not None:
                return replace(items, items=items.items[:place] + items.items[place + 1 :])
        if method == "insert" and len(given) == 2:
            place = self._place(items, call.args[0])
            if place is not None:
                return replace(items, items=(*items.items[:place], Item(given[1]), *items.items[place:]))
        return replace(items, complete=False)

    def _updated(self, table: Table, method: str, call: ast.Call) -> Value:
        if method == "update" and len(call.args) <= 1:
            given = self._value(call.args[0]) if call.args else Table({}, table.origin)
            words = {word.arg: self._value(word.value) for word in call.keywords if word.arg is not None}
            if isinstance(given, Table):
                return replace(table, entries={**table.entries, **given.entries, **words}, complete=False)
        return replace(table, entries={}, complete=False)

    def _place(self, items: Items, node: ast.expr) -> int | None:
        """Return the place that an index means: a number, or ``X.index("...")``, with one added or not."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            place = node.value if node.value >= 0 else max(len(items.items) + node.value, 0)
            return min(place, len(items.items))
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            left = self._place(items, node.left)
            right = node.right.value if isinstance(node.right, ast.Constant) else None
            if left is not None and isinstance(right, int):
                return left + right if isinstance(node.op, ast.Add) else left - right
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "index"
            and len(node.args) == 1
            and isinstance(node.args[0], ast.Constant)
        ):
            return items.index(node.args[0].value)
        return None


def _path(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the name at the start of subscripts, and the keys that follow."""
    keys: list[ast.expr] = []
    while isinstance(node, ast.Subscript):
        keys.insert(0, node.slice)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else ""), keys
