"""A stand-in for the analysis, so that everything around it is tested without it."""

from __future__ import annotations

import ast
import sys
import types
from dataclasses import dataclass

import pytest

from django_async_migrate.core.findings import Finding, Fix, Problem, Step, Target
from django_async_migrate.syntax.tree import SourceTree

MODULE = "django_async_migrate.checks.findings"


@dataclass(frozen=True)
class Analysis:
    """What the analysis returns."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    async_functions: int = 0
    unknown: tuple[tuple[str, int], ...] = ()


def analyze(tree: SourceTree, target: Target, *rewriting: object) -> Analysis:
    """Report each ``x.objects.get(...)`` in an async function (an error) and each ``.warn()`` (a warning).

    ``.info()`` is an info; ``.crash()`` an internal problem; ``.explode()`` an error of the program.
    """
    findings = []
    problems = []
    coroutines = 0
    for path in tree.async_paths:
        parsed = tree.parse(path)
        if parsed is None:
            continue
        for function in ast.walk(parsed.tree):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            coroutines += 1
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                    continue
                name = call.func.attr
                severity = {"get": "error", "warn": "warning", "info": "info"}.get(name)
                if severity is not None:
                    code = {"error": "DAM101", "warning": "DAM102", "info": "DAM201"}[severity]
                    findings.append(
                        Finding(
                            code,
                            {"DAM101": "sync-orm-call", "DAM102": "queryset-iteration"}.get(code, "lazy"),
                            severity,  # type: ignore[arg-type]
                            "likely" if name == "info" else "certain",
                            f"{ast.unparse(call.func)}() runs a query on the event loop",
                            parsed.span(call),
                            f"{path[:-3].replace('/', '.')}.{function.name}",
                            (Step(path, function.lineno, 1, "called here"),) if name == "warn" else (),
                            Fix("safe", f"await {ast.unparse(call.func.value)}.aget(...)") if name == "get" else None,
                        )
                    )
                elif name == "crash":
                    problems.append(Problem(path, call.lineno, "internal", f"crashed in {function.name}"))
                elif name == "explode":
                    raise RuntimeError("boom")
    return Analysis(tuple(findings), tuple(problems), coroutines, (("unknown call", 3),))


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where the pipeline imports the analysis from."""
    module = types.ModuleType(MODULE)
    module.analyze = analyze  # type: ignore[attr-defined]
    module.Analysis = Analysis  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, module)
