"""Classes of libraries, rewritten in the few lines that matter: ``rules/doubles/MODULE.py``.

Where what a class does with a queryset depends on what it was given and on what was called before, no row can say it.
A double is Python code that the interpreter follows as if the project had written it, so that subclasses of the project
fit in. Its own lines are in no trace: what it does counts as done where it is called, under the rule it names.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django_async_migrate.syntax.parse import ParsedFile, parse

from .classes import ClassInfo
from .functions import FunctionInfo
from .modules import Assigned, ModuleInfo

if TYPE_CHECKING:
    from .project import Project


class Doubles:
    """Reads doubles, each at the first question."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._modules: dict[str, ModuleInfo] = {}

    def find(self, api: str) -> ClassInfo | None:
        """Return the double of a class by its dotted name; None where there is none."""
        found = self._definition(api)
        return found if isinstance(found, ClassInfo) else None

    def function(self, api: str) -> FunctionInfo | None:
        """Return the double of a function by its dotted name; None where there is none."""
        found = self._definition(api)
        return found if isinstance(found, FunctionInfo) else None

    def _definition(self, api: str) -> object:
        name, _, own = api.rpartition(".")
        if name not in self._project.catalog.doubles:
            owner = self._definition(name) if name.count(".") > 1 else None
            return owner.members.get(own) if isinstance(owner, ClassInfo) else None
        return next(iter(self._module(name).bindings.get(own, ())), None)

    def _module(self, name: str) -> ModuleInfo:
        if name not in self._modules:
            text = self._project.catalog.doubles[name].read_text("utf-8")
            module = ModuleInfo(self._project, ParsedFile(f"{name}.py", text, parse(name, text)), name)
            rule = module.bindings.get("RULE", [None])[0]
            if not isinstance(rule, Assigned) or not isinstance(rule.value, ast.Constant):
                raise ValueError(f"{name}: a double names its rule")
            module.path = f"<{rule.value.value!s} {name}>"
            self._modules[name] = module
        return self._modules[name]


def rule_of(path: str) -> str:
    """Return the rule of a double, by the path of its module; empty for any other path."""
    return path[1:7] if path.startswith("<") else ""
