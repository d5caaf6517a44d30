"""Writes code bases of a known size and amount of async code, to see how the time of a scan grows."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.packages import Tree, measure

_MODELS = '''"""Models of app {number}."""

from django.db import models


class Owner(models.Model):
    name = models.CharField(max_length=80)

    def __str__(self):
        return self.name


class Item(models.Model):
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="items")
    title = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    @property
    def label(self):
        return f"{{self.owner.name}}: {{self.title}}"
'''
_SERVICES = '''"""Services of app {number}."""

from app{number}.models import Item, Owner


def find_{index}(pk):
    return Item.objects.select_related("owner").get(pk=pk)


def total_{index}(owner):
    return sum(item.price for item in owner.items.all())


def report_{index}(pk, rate=1):
    item = find_{index}(pk)
    rows = []
    for other in Item.objects.filter(owner=item.owner):
        rows.append((other.title, other.price * rate))
    return {{"label": item.label, "rows": rows, "total": total_{index}(item.owner)}}


class Basket{index}:
    def __init__(self, owner: Owner):
        self.owner = owner
        self.items = []

    def add(self, item: Item):
        if item.owner_id != self.owner.pk:
            raise ValueError(item.pk)
        self.items.append(item)
        return self

    def save(self):
        for item in self.items:
            item.save()
'''
_VIEWS = '''"""Views of app {number}."""

from django.http import JsonResponse

from app{number}.models import Item
from app{number}.services import report_0, report_1


{define}def detail(request, pk):
    item = {get}
    return JsonResponse({{"label": item.label, "report": report_0(pk)}})


{define}def listing(request):
    rows = [item.title {loop}for item in Item.objects.order_by("pk")[:20]]
    return JsonResponse({{"rows": rows, "report": report_1(1)}})
'''


def code_base(root: Path, apps: int, asynchronous: int) -> Tree:
    """Write ``apps`` apps below ``root``, the first ``asynchronous`` of them with async views."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / "manage.py").write_text("", "utf-8")
    for number in range(apps):
        folder = root / f"app{number}"
        folder.mkdir()
        is_async = number < asynchronous
        views = _VIEWS.format(
            number=number,
            define="async " if is_async else "",
            get="await Item.objects.aget(pk=pk)" if is_async else "Item.objects.get(pk=pk)",
            loop="async " if is_async else "",
        )
        services = [_SERVICES.format(number=number, index=index) for index in range(8)]
        (folder / "__init__.py").write_text("", "utf-8")
        (folder / "models.py").write_text(_MODELS.format(number=number), "utf-8")
        (folder / "services.py").write_text("\n\n".join(services), "utf-8")
        (folder / "views.py").write_text(views, "utf-8")
    return measure(f"{apps} apps, {asynchronous} async", root)
