"""Model factories of factory_boy, which need not be installed."""

from __future__ import annotations

import textwrap

from django_async_migrate.api import scan
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_FILES = {
    "/p/shop/models.py": """
        from django.db import models

        class Item(models.Model):
            name = models.CharField(max_length=50)
    """,
    "/p/shop/factories.py": """
        from factory.django import DjangoModelFactory
        from shop.models import Item

        class ItemFactory(DjangoModelFactory):
            class Meta:
                model = Item
    """,
    "/p/shop/tests.py": """
        from asgiref.sync import sync_to_async
        from shop.factories import ItemFactory

        class Tests:
            def setUp(self):
                self.item = ItemFactory()

            async def test_saved(self):
                self.item.save()  # DAM109

        async def test_made():
            return ItemFactory(name="y")  # DAM101

        async def test_batch():
            for item in ItemFactory.create_batch(2):  # DAM101
                item.delete()  # DAM109

        async def test_threads():
            item = ItemFactory.build()
            await item.asave()
            return await sync_to_async(ItemFactory.create_batch)(2)
    """,
}


def test_a_factory_saves_an_instance() -> None:
    files = {path: textwrap.dedent(text) for path, text in _FILES.items()}
    report = scan(ScanOptions(paths=("/p",), project="/p"), MemoryFileSystem(files), cwd="/p")
    lines = files["/p/shop/tests.py"].splitlines()
    wanted = [(number, line[-6:]) for number, line in enumerate(lines, 1) if "# DAM" in line]
    assert [(found.span.line, found.code) for found in report.findings] == wanted
