"""Imports of names that are not there, in files without coroutines."""

from __future__ import annotations

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_VIEWS = "async def view(request):\n    return 1\n"


def _codes(files: dict[str, str], version: str = "5.2", paths: tuple[str, ...] = ("/project",)) -> list[str]:
    tree = MemoryFileSystem({f"/project/{path}": text for path, text in files.items()})
    found = scan(ScanOptions(paths=paths, project="/project", target_version=version), tree, cwd="/project")
    return [f"{finding.span.path}:{finding.span.line} {finding.code}" for finding in found.findings]


def test_a_bridge_that_asgiref_does_not_have() -> None:
    bridging = "from asgiref.sync import database_sync_to_async\n\n\n@database_sync_to_async\ndef load(): ...\n"
    files = {"web/views.py": _VIEWS, "web/bridging.py": bridging}
    assert _codes(files) == ["web/bridging.py:1 DAM604"]
    assert _codes(files, paths=("/project/web/bridging.py",)) == ["web/bridging.py:1 DAM604"]


def test_the_bridge_of_channels() -> None:
    bridging = "from channels.db import database_sync_to_async\n"
    assert _codes({"web/views.py": _VIEWS, "web/bridging.py": bridging}) == []


def test_tasks_before_their_release() -> None:
    files = {"web/views.py": _VIEWS, "web/tasks.py": "from django.tasks import task\n"}
    assert _codes(files) == ["web/tasks.py:1 DAM605"]
    assert _codes(files, "6.0") == []


def test_tasks_that_may_be_missing() -> None:
    tried = "try:\n    from django.tasks import task\nexcept ImportError:\n    task = None\n"
    assert _codes({"web/views.py": _VIEWS, "web/tasks.py": tried}) == []
