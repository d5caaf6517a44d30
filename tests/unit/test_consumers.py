"""Consumers of Channels, which need not be installed: the user in their scope has nothing related loaded."""

from __future__ import annotations

import textwrap

import pytest

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_FILES = {
    "/p/settings.py": 'AUTH_USER_MODEL = "people.User"',
    "/p/people/models.py": """
        from django.contrib.auth.models import AbstractUser
        from django.db import models

        class User(AbstractUser):
            boss = models.ForeignKey("self", models.CASCADE, null=True)
    """,
    "/p/people/consumers.py": """
        from channels.generic.websocket import AsyncJsonWebsocketConsumer

        class Chat(AsyncJsonWebsocketConsumer):
            async def connect(self):
                user = self.scope["user"]
                if user.is_anonymous:
                    return
                print(user.username, user.boss_id, self.scope["url_route"]["kwargs"])
                print(user.groups.count())  # DAM108

            async def receive_json(self, content):
                print(self.scope["user"].boss.username)  # DAM201
                print(self.scope["user"].boss.username)
                async for group in self.scope["user"].groups.all():
                    print(group.name)
    """,
}
_MIDDLEWARE = """
    class TokenMiddleware:
        async def __call__(self, scope, receive, send):
            scope["user"] = await user_of(scope)
"""


def _found(files: dict[str, str]) -> list[tuple[int, str]]:
    held = {path: textwrap.dedent(text) for path, text in files.items()}
    report = scan(ScanOptions(paths=("/p",), project="/p"), MemoryFileSystem(held), cwd="/p")
    return [(found.span.line, found.code) for found in report.findings]


def test_what_is_related_to_the_user_is_not_loaded() -> None:
    lines = textwrap.dedent(_FILES["/p/people/consumers.py"]).splitlines()
    assert _found(_FILES) == [(number, line[-6:]) for number, line in enumerate(lines, 1) if "# DAM" in line]


@pytest.mark.parametrize("middleware", [_MIDDLEWARE, "def wrap(scope):\n    return dict(scope, user=find(scope))\n"])
def test_nothing_is_known_of_a_user_the_project_puts_there(middleware: str) -> None:
    assert _found({**_FILES, "/p/people/middleware.py": middleware}) == []


_LAYERS = """
    from asgiref.sync import async_to_sync
    from channels.generic.websocket import AsyncJsonWebsocketConsumer, WebsocketConsumer
    from channels.layers import get_channel_layer


    class Chat(WebsocketConsumer):
        def connect(self):
            self.channel_layer.group_add("chat", self.channel_name)  # DAM601
            async_to_sync(self.channel_layer.group_add)("all", self.channel_name)
            self.accept()

        def receive(self, text_data=None, bytes_data=None):
            layer = get_channel_layer()
            layer.group_send("chat", {"type": "tell"})  # DAM601
            self.send("ok")


    class AsyncChat(AsyncJsonWebsocketConsumer):
        async def connect(self):
            self.accept()  # DAM601
            await self.channel_layer.group_add("chat", self.channel_name)
            self.send_json({})  # DAM601

        async def tell(self, event):
            self.channel_layer.send("other", event)  # DAM601
            await self.send_json(event)
            await self.close()


    def notify():
        get_channel_layer().group_send("chat", {"type": "tell"})  # DAM601
        async_to_sync(get_channel_layer().group_send)("chat", {"type": "tell"})
"""


def test_messages_that_are_never_sent() -> None:
    lines = textwrap.dedent(_LAYERS).splitlines()
    found = _found({"/p/chat/consumers.py": _LAYERS})
    assert found == [(number, line[-6:]) for number, line in enumerate(lines, 1) if "# DAM" in line]
