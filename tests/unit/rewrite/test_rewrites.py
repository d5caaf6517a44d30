"""What single statements become; ``tests/rewrite`` proves with real Django that they are worth the same."""

from __future__ import annotations

import textwrap

import pytest

from django_async_migrate.api import fix
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_MODELS = """
    from django.db import models

    class Author(models.Model):
        name = models.CharField(max_length=50)

    class Tag(models.Model):
        name = models.CharField(max_length=50)

    class BookManager(models.Manager):
        def newest(self):
            return self.order_by("-pk").first()

    class Book(models.Model):
        title = models.CharField(max_length=50)
        author = models.ForeignKey(Author, models.CASCADE, related_name="books")
        editor = models.ForeignKey(Author, models.CASCADE, null=True, related_name="+")
        tags = models.ManyToManyField(Tag)
        objects = BookManager()

        def __str__(self):
            return f"{self.title} by {self.author.name}"

        @property
        def byline(self):
            return self.author.name
"""
_HEAD = "from library.models import Author, Book\n\n\n"


def fixed(body: str, unsafe: bool = False, version: str = "5.2", helpers: str = "", strategy: str = "auto") -> str:
    """Return the body of a coroutine after its fixes; imports that came are put before it, in brackets."""
    source = f"{_HEAD}{textwrap.dedent(helpers)}async def view(book, books, n):\n"
    source += textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
    files = {"/p/library/models.py": textwrap.dedent(_MODELS), "/p/library/views.py": source}
    options = ScanOptions(paths=("/p",), project="/p", target_version=version, helper_strategy=strategy)
    outcome = fix(options, unsafe, MemoryFileSystem(files), cwd="/p", write=False)
    changed = {change.path: change.after.decode() for change in outcome.changes}
    text = changed.get("library/views.py", source)
    return textwrap.dedent(text.split("async def view(book, books, n):\n")[1]).strip("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Book.objects.get(pk=1)", "await Book.objects.aget(pk=1)"),
        ("return Book.objects.get(pk=1).title", "return (await Book.objects.aget(pk=1)).title"),
        ("return Book.objects.filter(pk=1).count() + 1", "return await Book.objects.filter(pk=1).acount() + 1"),
        ("return not Book.objects.exists()", "return not await Book.objects.aexists()"),
        ("return f'{Book.objects.count()} books'", "return f'{await Book.objects.acount()} books'"),
        (
            "if (number := Book.objects.count()) > 3:\n    print(number)",
            "if (number := await Book.objects.acount()) > 3:\n    print(number)",
        ),
        (
            "return (\n    Book.objects.filter(pk=1)  # one\n    .first()\n)",
            "return (\n    await Book.objects.filter(pk=1)  # one\n    .afirst()\n)",
        ),
        (
            "return [Book.objects.get(pk=pk) for pk in n]",
            "return [await Book.objects.aget(pk=pk) for pk in n]",
        ),
        (
            "for row in Book.objects.all():\n    print(row.pk)",
            "async for row in Book.objects.all():\n    print(row.pk)",
        ),
        (
            "for row in Book.objects.iterator(chunk_size=5):\n    print(row.pk)",
            "async for row in Book.objects.aiterator(chunk_size=5):\n    print(row.pk)",
        ),
        ("return list(Book.objects.all())", "return [book async for book in Book.objects.all()]"),
        (
            "return sum(row.pk for row in Book.objects.all())",
            "return sum([row.pk async for row in Book.objects.all()])",
        ),
        (
            "return any(row.pk for row in Book.objects.all())",
            "return any(row.pk for row in [book async for book in Book.objects.all()])",
        ),
        (
            "return dict(Book.objects.values_list('pk', 'title'))",
            "return dict([row async for row in Book.objects.values_list('pk', 'title')])",
        ),
        ("first, *rest = Book.objects.all()", "first, *rest = [book async for book in Book.objects.all()]"),
        ("return len(Book.objects.all())", "return len([book async for book in Book.objects.all()])"),
        ("if Book.objects.filter(pk=1):\n    print(1)", "if await Book.objects.filter(pk=1).aexists():\n    print(1)"),
        (
            "rows = Book.objects.all()\nif rows:\n    return rows[0].pk",
            "rows = Book.objects.all()\nif [book async for book in rows]:\n    return rows[0].pk",
        ),
        ("return Book.objects.order_by('pk')[0]", "return [book async for book in Book.objects.order_by('pk')[:1]][0]"),
        (
            "return Book.objects.order_by('pk')[5]",
            "return [book async for book in Book.objects.order_by('pk')[5:6]][0]",
        ),
        (
            "return Book.objects.order_by('pk')[:9:2]",
            "return [book async for book in Book.objects.order_by('pk')[:9]][::2]",
        ),
        (
            "return 1 in Book.objects.values_list('pk')",
            "return 1 in [row async for row in Book.objects.values_list('pk')]",
        ),
        (
            "one = await Book.objects.aget(pk=1)\nreturn one.author.pk",
            "one = await Book.objects.aget(pk=1)\nreturn one.author_id",
        ),
        (
            "one = await Book.objects.aget(pk=1)\nreturn one.author.name",
            "one = await Book.objects.select_related('author').aget(pk=1)\nreturn one.author.name",
        ),
        (
            "return [b.author.name async for b in Book.objects.all()]",
            "return [b.author.name async for b in Book.objects.all().select_related('author')]",
        ),
        (
            "rows = Book.objects.select_related('editor')[:3]\nreturn [b.author.name async for b in rows]",
            "rows = Book.objects.select_related('editor', 'author')[:3]\nreturn [b.author.name async for b in rows]",
        ),
        (
            "one = await Book.objects.aget(pk=1)\nawait one.asave()\nreturn one.author.name",
            "one = await Book.objects.aget(pk=1)\nawait one.asave()\n"
            "await aprefetch_related_objects([one], 'author')\nreturn one.author.name",
        ),
        (
            "one = await Book.objects.only('title').aget(pk=1)\nreturn one.author_id",
            "one = await Book.objects.only('title').aget(pk=1)\nreturn await sync_to_async(getattr)(one, 'author_id')",
        ),
    ],
)
def test_a_statement(before: str, after: str) -> None:
    assert fixed(before).replace('"', "'") == after


@pytest.mark.parametrize(
    "body",
    [
        "return lambda: Book.objects.count()",
        "def later(number=Book.objects.count()):\n    return number\nreturn later",
        "from django.db import transaction\nwith transaction.atomic():\n    await Book.objects.acount()",
        "from django.db import transaction as tx\nwith tx.atomic():\n    if Book.objects.count():\n        return\nn()",
        "import threading\nlock = threading.Lock()\nwith lock:\n    Book.objects.count()",
        "with self._write_lock:\n    Book.objects.count()",
        "with cache.lock('books'):\n    if n:\n        print(book.author)",
    ],
)
def test_what_cannot_wait_stays(body: str) -> None:
    assert fixed(body, unsafe=True) == body


def test_a_helper_with_async_callers_only_becomes_a_coroutine() -> None:
    helpers = """
        def titles_of(author):
            return [book.title for book in author.books.all()]


    """
    body = "one = await Author.objects.aget(pk=1)\nreturn titles_of(one)"
    assert fixed(body, helpers=helpers).endswith("return await titles_of(one)")
    wrapped = fixed(body, helpers=helpers, strategy="wrap")
    assert wrapped.endswith("return await sync_to_async(titles_of)(one)")


def test_a_helper_that_sync_code_calls_gets_a_twin() -> None:
    helpers = """
        def titles_of(author):
            return [book.title for book in author.books.all()]


        def report(author):
            return ", ".join(titles_of(author))


    """
    body = "one = await Author.objects.aget(pk=1)\nreturn titles_of(one)"
    assert fixed(body, helpers=helpers).endswith("return await atitles_of(one)")
    assert fixed(body, helpers=helpers, strategy="convert").endswith("return await sync_to_async(titles_of)(one)")


def test_a_manager_method_is_not_bypassed() -> None:
    assert fixed("return Book.objects.newest()", strategy="wrap") == "return await sync_to_async(Book.objects.newest)()"


def test_the_target_version_decides() -> None:
    body = "one = await Book.objects.prefetch_related('tags').aget(pk=1)\nprint(n)\nreturn one.author.name"
    assert "select_related('author')" in fixed(body, version="4.2")
    rows = "for row in Book.objects.prefetch_related('tags').iterator(chunk_size=9):\n    print(row.pk)"
    assert ".aiterator(" in fixed(rows, version="5.0")
    assert "await sync_to_async(list)(Book.objects.prefetch_related('tags').iterator(" in fixed(rows, version="4.2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sync_to_async(book.save())", "await book.asave()"),
        ("save = sync_to_async(book.save())\nawait save()", "save = sync_to_async(book.save())\nawait save()"),
        ("await sync_to_async(book.save(force_update=n))", "await book.asave(force_update=n)"),
        (
            "return (await sync_to_async(Book.objects.get(*books, pk=n + 1))()).title",
            "return (await Book.objects.aget(*books, pk=n + 1)).title",
        ),
        (
            "return await sync_to_async(Book.objects.newest())()",
            "return await sync_to_async(Book.objects.newest)()",
        ),
        ("await sync_to_async(\n    book.delete()\n)", "await book.adelete()"),
    ],
)
def test_a_call_where_the_function_was_meant(before: str, after: str) -> None:
    """The call ran before ``sync_to_async`` was given anything; where there is a twin, no bridge is needed."""
    start = "from asgiref.sync import sync_to_async\nbook = await Book.objects.aget(pk=1)\n"
    assert fixed(start + before) == start + after


def test_what_may_need_the_loop_is_not_moved_into_a_thread_as_safe() -> None:
    helpers = """
        import asyncio

        from elsewhere import View

        class Menu(View):
            def __init__(self, author):
                super().__init__()
                self.books = list(author.books.all())

        class Plain:
            def __init__(self, author):
                self.books = list(author.books.all())

        def started(author):
            asyncio.get_running_loop()
            return author.books.count()


    """
    start = "one = await Author.objects.aget(pk=1)\n"
    for call in ("Menu(one)", "started(one)"):
        assert fixed(start + call, helpers=helpers, strategy="wrap") == start + call
        changed = f"await sync_to_async({call.partition('(')[0]})(one)"
        assert fixed(start + call, True, helpers=helpers, strategy="wrap") == start + changed
    assert fixed(start + "Plain(one)", helpers=helpers) == start + "await sync_to_async(Plain)(one)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import yaml\nfrom pydantic import BaseModel\n", ["import yaml", "from asgiref", "from pydantic"]),
        ("from attrs import define\nimport yaml\n", ["from asgiref", "from attrs", "import yaml"]),
        ("from attrs import define\nfrom pydantic import X\nimport yaml\n", ["from asgiref", "from attrs"]),
        ("from library import urls\nfrom pydantic import X\n", ["from asgiref", "from library"]),
        ("from attrs import define\n\nfrom library import urls\n", ["from asgiref", "from attrs", "", "from library"]),
    ],
)
def test_an_import_stands_where_the_order_of_the_file_wants_it(before: str, after: list[str]) -> None:
    source = f"{before}\n\nasync def view(function):\n    from library.models import Book\n\n"
    source += "    return Book.objects.newest()\n"
    text = _view(source)
    lines = text.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, after, strict=False)] == after, text


def test_a_name_joins_an_import_in_the_order_of_its_kind() -> None:
    source = "from django.db.models import CASCADE, Count, Q\nfrom library.models import Book\n\n\n"
    source += "async def view():\n    one = await Book.objects.aget(pk=1)\n    await one.asave()\n"
    assert "CASCADE, Count, Q, aprefetch_related_objects" in _view(source + "    return one.author.name\n")


def _view(source: str) -> str:
    files = {"/p/library/models.py": textwrap.dedent(_MODELS), "/p/library/views.py": source}
    options = ScanOptions(paths=("/p",), project="/p", target_version="5.2", helper_strategy="wrap")
    outcome = fix(options, False, MemoryFileSystem(files), cwd="/p", write=False)
    return {change.path: change.after.decode() for change in outcome.changes}.get("library/views.py", source)


def test_a_twin_serves_all_calls() -> None:
    helpers = """
        def last_of(author):
            return author.books.order_by("-pk").first()


        def report(author):
            return last_of(author).title


    """
    body = "one = await Author.objects.aget(pk=1)\nreturn last_of(one), last_of(one)"
    assert fixed(body, helpers=helpers).endswith("return await alast_of(one), await alast_of(one)")


def test_a_function_of_a_twins_name_that_does_something_else_is_not_called() -> None:
    helpers = """
        def last_of(author):
            return author.books.order_by("-pk").first()


        async def alast_of(author):
            return await author.books.order_by("pk").afirst()


        def report(author):
            return last_of(author).title


    """
    body = "one = await Author.objects.aget(pk=1)\nreturn last_of(one)"
    assert fixed(body, helpers=helpers).endswith("return await sync_to_async(last_of)(one)")


def test_a_helper_with_the_code_of_other_libraries_runs_in_a_thread() -> None:
    helpers = """
        from elsewhere.models import Token


        def token_of(author):
            return Token.objects.filter(name=author.books.first().title).first()


    """
    body = "one = await Author.objects.aget(pk=1)\nreturn token_of(one)"
    assert fixed(body, helpers=helpers).endswith("return await sync_to_async(token_of)(one)")


def test_a_manager_with_a_queryset_of_its_own_keeps_djangos_twins() -> None:
    models = textwrap.dedent(_MODELS).replace(
        "    def newest(self):",
        "    def get_queryset(self):\n        return super().get_queryset().exclude(title='')\n\n    def newest(self):",
    )
    source = (
        f"{_HEAD}async def view():\n    author = await Author.objects.aget(pk=1)\n    return author.books.count()\n"
    )
    files = MemoryFileSystem({"/p/library/models.py": models, "/p/library/views.py": source})
    outcome = fix(ScanOptions(paths=("/p",), project="/p", target_version="4.2"), False, files, cwd="/p", write=False)
    assert outcome.changes[0].after.decode().endswith("return await author.books.acount()\n")


def test_a_module_that_is_imported_serves_for_its_functions() -> None:
    helpers = "import asyncio\nimport time\n\n\n"
    assert fixed("time.sleep(1)", helpers=helpers) == "await asyncio.sleep(1)"
    assert fixed("asyncio = n\ntime.sleep(1)", helpers=helpers) == "asyncio = n\nawait sleep(1)"
    assert fixed("time.sleep(1)", helpers="import time\n\n\n") == "await sleep(1)"


def test_a_bridge_that_goes_leaves_its_arguments_as_they_are_written() -> None:
    head = "from asgiref.sync import sync_to_async\n"
    given = "(\n    pk=1,  # one\n    # and the rest\n    defaults={'title': n},\n)"
    before = f"{head}await sync_to_async(Book.objects.update_or_create){given}"
    assert fixed(before, unsafe=True) == f"{head}await Book.objects.aupdate_or_create{given}"
