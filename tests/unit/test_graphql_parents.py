"""Plain strawberry types over Django models; strawberry need not be installed."""

from __future__ import annotations

import textwrap

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = """
    from django.db import models

    class Club(models.Model):
        name = models.CharField(max_length=50)

    class Team(models.Model):
        name = models.CharField(max_length=50)
        club = models.ForeignKey(Club, models.CASCADE)
"""
_NODES = """
    import strawberry

    @strawberry.type
    class TeamNode:
        name: str

        @strawberry.field
        def club_name(self) -> str:
            return self.club.name  # DAM201

        @strawberry.field
        def rank(self) -> int:
            return len(self.name)

        @strawberry.field
        async def club_again(self) -> str:
            return self.club.name  # DAM201
"""
_QUERIES = """
    import strawberry
    from strawberry.django.views import AsyncGraphQLView
    from asgiref.sync import sync_to_async
    from teams.models import Team
    from teams.nodes import TeamNode

    @strawberry.type
    class Query:
        @strawberry.field
        async def team(self, pk: int) -> TeamNode | None:
            return {one}

        @strawberry.field
        async def teams(self) -> list[TeamNode]:
            return {many}

    view = AsyncGraphQLView.as_view(schema=strawberry.Schema(Query))
"""


def _found(one: str, many: str) -> list[tuple[str, int, str]]:
    files = {
        "/p/teams/models.py": _MODELS,
        "/p/teams/nodes.py": _NODES,
        "/p/teams/queries.py": _QUERIES.format(one=one, many=many),
    }
    held = {path: textwrap.dedent(text) for path, text in files.items()}
    report = scan(ScanOptions(paths=("/p",), project="/p"), MemoryFileSystem(held), cwd="/p")
    return [(found.span.path, found.span.line, found.code) for found in report.findings]


def test_self_is_what_the_resolver_gave() -> None:
    lines = textwrap.dedent(_NODES).splitlines()
    wanted = [("teams/nodes.py", number, line[-6:]) for number, line in enumerate(lines, 1) if "# DAM" in line]
    assert _found("await Team.objects.aget(pk=pk)", "[team async for team in Team.objects.all()]") == wanted


def test_what_every_resolver_loads_is_loaded() -> None:
    rows = 'Team.objects.select_related("club")'
    assert _found(f"await {rows}.aget(pk=pk)", f"await sync_to_async(list)({rows})") == []


def test_an_object_made_for_the_type_is_no_model() -> None:
    assert _found('TeamNode(name="a")', "[team async for team in Team.objects.all()]") == []
