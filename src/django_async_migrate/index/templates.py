"""The templates of the project: which file a name means, and the tags and filters that the project adds.

Nothing is looked for before somebody renders a template.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from django_async_migrate.syntax.parse import ParsedFile
from django_async_migrate.templates.compiler import CustomTag, Loader, compile_template
from django_async_migrate.templates.expressions import TemplateError
from django_async_migrate.templates.parser import Source

from .functions import FunctionInfo
from .modules import Assigned, ModuleInfo
from .processors import processors_of

if TYPE_CHECKING:
    from .project import Project

_TAGS = frozenset({"simple_tag", "inclusion_tag", "simple_block_tag"})
#: What Django's own context processors give, by the setting that names them.
_STOCK = re.compile(rb"""["']django\.(?:template|contrib)\.[\w.]*context_processors\.\w+["']""")
_PROCESSORS = re.compile(rb"""["']context_processors["']\s*[:\]]""")
_OWN = re.compile(rb"""["'][\w.]*context_processors?\.\w+["']|context_processors["']\]?\s*(?:\+=|\.append|\.extend)""")


class Templates:
    """Finds and compiles templates, each once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sources: dict[str, Source | None] = {}
        self._names: dict[tuple[str, str], Source | None] = {}
        self._functions: dict[tuple[str, str], tuple[FunctionInfo, bool] | None] = {}
        self._libraries: dict[str, dict[str, CustomTag | FunctionInfo]] = {}
        self._loader = Loader(self.find, self._tag, self._filter)

    def function(self, name: str, near: str) -> tuple[FunctionInfo, bool] | None:
        """Return a template as a function of its variables, and whether it is doubtful what of it is shown.

        ``near``: the file that names it. None where it is not found, or is nothing that Django would compile.
        """
        source = self.find(name, near)
        return self._compiled(source) if source is not None else None

    def inline(self, text: str, near: str, line: int) -> tuple[FunctionInfo, bool] | None:
        """Return a template given as text: ``Template("...")``."""
        return self._compiled(Source(near, text, line))

    def _compiled(self, source: Source) -> tuple[FunctionInfo, bool] | None:
        key = (source.path, source.text if source.line else "")
        if key not in self._functions:
            self._functions[key] = self._compile(source)
        return self._functions[key]

    def _compile(self, source: Source) -> tuple[FunctionInfo, bool] | None:
        try:
            compiled = compile_template(source, self._loader)
        except (TemplateError, IndexError, RecursionError):
            return None
        names = [ast.arg(name) for name in compiled.names]
        none = ast.arguments(posonlyargs=[], args=[], kwonlyargs=names, kw_defaults=[None] * len(names), defaults=[])
        node = ast.FunctionDef(source.path.rpartition("/")[2], none, compiled.body or [ast.Return(None)], [])
        parsed = ParsedFile(source.path, source.text, ast.Module([], []))
        module = ModuleInfo(self._project, parsed, source.path)
        return module.function(node), compiled.doubtful

    # -- files ---------------------------------------------------------------------------------------------

    def find(self, name: str, near: str) -> Source | None:
        """Return the template of a name; of several, the one nearest to the file that names it."""
        key = (name, near.rpartition("/")[0])
        if key not in self._names:
            self._names[key] = self._find(name, near)
        return self._names[key]

    def _find(self, name: str, near: str) -> Source | None:
        if name.startswith(("/", ".")) or "\\" in name:
            name = _relative(name, near)
        found = [source for folder in self._folders if (source := self._source(f"{folder}{name}")) is not None]
        return max(found, key=lambda source: _shared(source.path, near)) if found and name else None

    def _source(self, path: str) -> Source | None:
        if path not in self._sources:
            data = self._project.tree.other_file(path)
            text = data.decode("utf-8", "replace") if data is not None else None
            self._sources[path] = Source(path, text) if text is not None else None
        return self._sources[path]

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        """The folders that hold templates, with a slash at the end."""
        tree = self._project.tree
        around: dict[str, None] = {"": None}
        for path in tree.paths:
            folder = path.rpartition("/")[0]
            while folder and folder + "/" not in around:
                around[folder + "/"] = None
                folder = folder.rpartition("/")[0]
        found = {f"{folder}templates/": None for folder in around if tree.folder_exists(f"{folder}templates")}
        for path in tree.containing(b"TEMPLATES"):
            for tail in self._named_folders(path):
                folder = path.rpartition("/")[0]
                while True:
                    candidate = f"{folder}/{tail}".lstrip("/")
                    if tree.folder_exists(candidate):
                        found[candidate.rstrip("/") + "/"] = None
                    if not folder:
                        break
                    folder = folder.rpartition("/")[0]
        return tuple(found)

    def _named_folders(self, path: str) -> Iterator[str]:
        """Yield the folders that ``DIRS`` of a settings file names, below an unknown base."""
        parsed = self._project.tree.parse(path)
        for node in ast.walk(parsed.tree) if parsed is not None else ():
            if not isinstance(node, ast.Dict):
                continue
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "DIRS" and isinstance(value, (ast.List, ast.Tuple)):
                    for entry in value.elts:
                        texts = [
                            part.value.strip("/")
                            for part in ast.walk(entry)
                            if isinstance(part, ast.Constant) and isinstance(part.value, str)
                        ]
                        if texts:
                            yield "/".join(reversed(texts) if isinstance(entry, ast.BinOp) else texts)

    # -- context processors --------------------------------------------------------------------------------

    @cached_property
    def processors(self) -> tuple[FunctionInfo, ...]:
        """The project's own context processors."""
        return processors_of(self._project)

    @cached_property
    def knows_context(self) -> bool:
        """Whether a request adds to a context only what Django's own context processors do."""
        tree = self._project.tree
        for path in tree.containing(b"context_processor"):
            data = _STOCK.sub(b"", tree.data(path) or b"")
            if _OWN.search(data):
                return False
        return True

    @cached_property
    def gives_user(self) -> bool:
        """Whether templates rendered with a request have its user: so it is in every project that Django starts."""
        tree = self._project.tree
        settings = [
            path for path in tree.containing(b"context_processors") if _PROCESSORS.search(tree.data(path) or b"")
        ]
        return all(b"contrib.auth.context_processors.auth" in (tree.data(path) or b"") for path in settings)

    # -- tags and filters ----------------------------------------------------------------------------------

    def _tag(self, source: Source, name: str) -> CustomTag | None:
        found = self._member(source, name, "tag ")
        return found if isinstance(found, CustomTag) else None

    def _filter(self, source: Source, name: str) -> object | None:
        found = self._member(source, name, "filter ")
        return found if isinstance(found, FunctionInfo) else None

    def _member(self, source: Source, name: str, kind: str) -> CustomTag | FunctionInfo | None:
        for library in reversed(source.libraries):
            found = self._library(library).get(kind + name)
            if found is not None:
                return found
        return None

    def _library(self, name: str) -> dict[str, CustomTag | FunctionInfo]:
        if name not in self._libraries:
            found: dict[str, CustomTag | FunctionInfo] = {}
            self._libraries[name] = found
            end = f"templatetags/{name}.py"
            paths = [path for path in self._project.tree.paths if path == end or path.endswith(f"/{end}")]
            module = self._project.module(paths[0]) if len(paths) == 1 else None
            for bindings in list(module.bindings.values()) if module is not None else []:
                for binding in bindings:
                    if isinstance(binding, FunctionInfo):
                        _register(binding, found)
            for node in module.parsed.tree.body if module is not None else ():
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and module is not None:
                    self._registered(module, node.value, found)
        return self._libraries[name]

    def _registered(self, module: ModuleInfo, call: ast.Call, found: dict[str, CustomTag | FunctionInfo]) -> None:
        """``register.filter("name", function)``, or with the function alone."""
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in {*_TAGS, "filter"} or not call.args:
            return
        name = _text(call.args[0])
        for definition in self._project.resolve(module, call.args[-1]):
            if isinstance(definition, FunctionInfo):
                if call.func.attr == "filter":
                    found["filter " + (name or definition.name)] = definition
                elif call.func.attr == "simple_tag":
                    found["tag " + (_keyword(call, "name") or definition.name)] = CustomTag(
                        definition, _is_true(call, "takes_context")
                    )
            elif isinstance(definition, Assigned):
                return


def _register(fn: FunctionInfo, found: dict[str, CustomTag | FunctionInfo]) -> None:
    for decorator in fn.decorators:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call is not None else decorator
        if not isinstance(target, ast.Attribute):
            continue
        given = _keyword(call, "name")
        first = _text(call.args[0]) if call is not None and call.args else None
        if target.attr == "filter":
            found[f"filter {given or first or fn.name}"] = fn
        elif target.attr in _TAGS:
            inclusion = target.attr == "inclusion_tag"
            template = (first or _keyword(call, "filename")) if inclusion else None
            if not inclusion or template:
                found[f"tag {given or (first if not inclusion else None) or fn.name}"] = CustomTag(
                    fn, _is_true(call, "takes_context"), template, target.attr == "simple_block_tag"
                )


def _keyword(call: ast.Call | None, name: str) -> str | None:
    for keyword in call.keywords if call is not None else ():
        if keyword.arg == name:
            return _text(keyword.value)
    return None


def _is_true(call: ast.Call | None, name: str) -> bool:
    return call is not None and any(
        keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _relative(name: str, near: str) -> str:
    """Return what ``./other.html`` in a template means; empty where that is not known."""
    if "/templates/" not in f"/{near}" or not name.startswith("."):
        return ""
    parts = f"/{near}".partition("/templates/")[2].split("/")[:-1]
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _shared(one: str, other: str) -> int:
    """Return how many folders two paths share from the top."""
    count = 0
    for first, second in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if first != second:
            break
        count += 1
    return count
