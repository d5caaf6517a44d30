"""Plain resolvers of strawberry, where nothing but an async resolver tells that the schema runs on an event loop."""

from __future__ import annotations

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = "from django.db import models\n\n\nclass Author(models.Model):\n    name = models.TextField()\n"
_SCHEMA = """import strawberry

from .models import Author


@strawberry.type
class Query:
    @strawberry.field
    def authors(self) -> list[str]:
        return [author.name for author in Author.objects.all()]

"""
_ASYNC = """    @strawberry.{kind}
    async def count(self) -> int:
        return await Author.objects.acount()
"""


def _lines(schema: str, **others: str) -> list[str]:
    files = {"blog/models.py": _MODELS, "blog/schema.py": schema, "blog/__init__.py": ""}
    files |= {f"blog/{name}.py": text for name, text in others.items()}
    tree = MemoryFileSystem({f"/project/{path}": text for path, text in files.items()})
    options = ScanOptions(paths=("/project",), project="/project", target_version="5.2")
    return [f"{found.span.line} {found.code}" for found in scan(options, tree, cwd="/project").findings]


def test_beside_an_async_resolver() -> None:
    assert _lines(_SCHEMA + _ASYNC.format(kind="field")) == ["10 DAM102"]


def test_a_subscription_tells_nothing() -> None:
    assert _lines(_SCHEMA + _ASYNC.format(kind="subscription")) == []


def test_a_synchronous_schema() -> None:
    urls = "from strawberry.django.views import GraphQLView\n\nview = GraphQLView.as_view()\n"
    assert _lines(_SCHEMA) == []
    assert _lines(_SCHEMA + _ASYNC.format(kind="field"), urls=urls) == []
