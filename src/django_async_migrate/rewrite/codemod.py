"""The rewrites as a LibCST codemod, for those who run theirs with ``python -m libcst.tool codemod``.

``python -m libcst.tool codemod -x django_async_migrate.rewrite.codemod.FixAsyncHazards --no-format PATHS``; with
``--unsafe-fixes`` also those that may change behaviour. Without ``-x``, for a command ``codemod.FixAsyncHazards``, name
``django_async_migrate.rewrite`` among the ``modules`` of ``.libcst.codemod.yaml``.

LibCST hands over one file at a time and writes it before the next, so only rewrites that stay within the file are made.
A helper that becomes a coroutine together with its callers in other files is for ``scan --fix``.
"""

from __future__ import annotations

import argparse

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from django_async_migrate.api import fix, working_directory
from django_async_migrate.config.settings import load_settings, scan_options
from django_async_migrate.core.errors import UsageError
from django_async_migrate.syntax.discovery import locate
from django_async_migrate.syntax.filesystem import RealFileSystem
from django_async_migrate.syntax.paths import absolute, relative

from .overlay import Overlay


class FixAsyncHazards(CodemodCommand):
    """Fixes async hazards of Django code: queries and lazy loads on the event loop."""

    DESCRIPTION = "Fix what django-async-migrate finds: queries and lazy loads on the event loop."

    def __init__(self, context: CodemodContext, unsafe_fixes: bool = False) -> None:
        super().__init__(context)
        self._unsafe = unsafe_fixes

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Add the codemod's own option."""
        arg_parser.add_argument(
            "--unsafe-fixes", action="store_true", help="Also make rewrites that may change behaviour."
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Return the tree after the rewrites that the engine proved in the file's project."""
        name = self.context.filename
        if name is None:
            raise SkipFile("the file has no name, so its project is not known")
        before = tree.bytes
        if b"async" not in before:
            return tree
        cwd = working_directory()
        path = absolute(name, cwd)
        # Another codemod may have changed the tree: what is scanned is the tree, not the file.
        files = Overlay(RealFileSystem(), {path: before})
        try:
            root = locate((path,), None, files, cwd).root
            settings = load_settings(root, relative(f"{root}/pyproject.toml", cwd), files)
            options = scan_options((path,), None, settings)
            outcome = fix(options, self._unsafe, files, cwd, write=False, within=(path,))
        except UsageError as error:
            raise SkipFile(str(error)) from None
        for problem in outcome.report.problems:
            self.warn(f"line {problem.line}: {problem.message}")
        left = len(outcome.report.findings)
        if left:
            self.warn(f"{left} left to fix by hand, with --unsafe-fixes or across files: see django-async-migrate scan")
        after = next((change.after for change in outcome.changes), before)
        return cst.parse_module(after) if after != before else tree
