"""A tree reads what is asked for, once, and says what could not be read."""

from __future__ import annotations

import pytest

from django_async_migrate.core.findings import Problem
from django_async_migrate.syntax.filesystem import MemoryFileSystem
from django_async_migrate.syntax.tree import SourceTree

_ASYNC = "async def f():\n    pass\n"
_MODEL = "class A(models.Model):\n    b = models.ForeignKey('B', models.CASCADE)\n"


def tree_of(
    files: dict[str, str | bytes | OSError], selected: list[str] | None = None
) -> tuple[SourceTree, MemoryFileSystem]:
    filesystem = MemoryFileSystem({f"/r/{path}": content for path, content in files.items()})
    return SourceTree("/r", files if selected is None else selected, filesystem, lambda: files), filesystem


def test_async_files_and_models_are_found_by_their_bytes() -> None:
    tree = SourceTree.in_memory({"z.py": _ASYNC, "m.py": _MODEL, "plain.py": "x = 1\n", "notes.txt": _ASYNC})
    assert tree.paths == tree.selected == ("m.py", "plain.py", "z.py")
    assert tree.async_paths == ("z.py",)
    assert tree.model_paths() == ("m.py",)


@pytest.mark.parametrize("field", ["ForeignKey", "OneToOneField", "ManyToManyField", "GenericRelation"])
def test_every_kind_of_relation_counts(field: str) -> None:
    tree = SourceTree.in_memory({"a.py": _ASYNC, "m.py": f"x = models.{field}('B')\n"})
    assert tree.model_paths() == ("m.py",)


@pytest.mark.parametrize("name", ["a.py", "n.py", "z.py"])
def test_models_are_found_wherever_the_async_file_sorts(name: str) -> None:
    tree = SourceTree.in_memory({name: _ASYNC, "m1.py": _MODEL, "o1.py": _MODEL})
    assert tree.model_paths() == ("m1.py", "o1.py")


def test_without_async_code_nothing_else_is_read_or_listed() -> None:
    filesystem = MemoryFileSystem({"/r/a.py": "x = 1\n", "/r/b.py": _ASYNC})

    def others() -> list[str]:
        raise AssertionError("listed")

    tree = SourceTree("/r", ["a.py"], filesystem, others)
    assert tree.async_paths == ()
    assert filesystem.reads == ["/r/a.py"]


def test_files_with_async_code_or_models_are_read_once() -> None:
    tree, filesystem = tree_of({"a.py": _ASYNC, "m.py": _MODEL})
    tree.parse("a.py")
    tree.parse("m.py")
    assert tree.containing(b"ForeignKey") == ("m.py",)
    assert filesystem.reads == ["/r/a.py", "/r/m.py"]


def test_files_outside_the_selection_are_found_too() -> None:
    tree, _ = tree_of({"a.py": _ASYNC, "m.py": _MODEL, "other.py": "needle = 1\n"}, ["a.py"])
    assert tree.selected == ("a.py",)
    assert tree.paths == ("a.py", "m.py", "other.py")
    assert tree.model_paths() == ("m.py",)
    assert tree.containing(b"needle", b"nothing") == ("other.py",)
    assert tree.async_paths == ("a.py",)


def test_classes_are_found_by_name_with_one_reading_of_the_project() -> None:
    tree, filesystem = tree_of(
        {
            "a.py": "class A:\n    class Meta: pass\n",
            "b.py": "class AB(A): pass\n",
            "c.py": "if x:\n    class  A(B): pass\n    class A(C): pass\nclass Été: pass\n",
            "gone.py": FileNotFoundError(2, "No such file or directory"),
        },
        [],
    )
    assert tree.class_paths("A") == ("a.py", "c.py")
    assert tree.class_paths("AB") == ("b.py",)
    assert tree.class_paths("Meta") == ("a.py",)
    assert tree.class_paths("Été") == ("c.py",)
    assert tree.class_paths("B") == ()
    assert len(filesystem.reads) == 4


def test_async_files_outside_the_selection_are_found_when_asked_for() -> None:
    tree, filesystem = tree_of({"a.py": "x = 1\n", "b.py": _ASYNC, "c.py": _ASYNC, "m.py": _MODEL}, ["a.py", "c.py"])
    assert tree.async_paths == ("c.py",)
    assert filesystem.reads == ["/r/a.py", "/r/c.py"]
    assert tree.project_async_paths() == ("b.py", "c.py")
    assert tree.model_paths() == ("m.py",)
    assert filesystem.reads == ["/r/a.py", "/r/c.py", "/r/a.py", "/r/b.py", "/r/m.py"]


def test_a_selected_file_outside_the_listing_is_part_of_the_project() -> None:
    filesystem = MemoryFileSystem({"/r/a.py": _ASYNC, "/r/build/x.py": _ASYNC})
    tree = SourceTree("/r", ["build/x.py"], filesystem, lambda: ["a.py"])
    assert tree.paths == ("a.py", "build/x.py")


def test_parsing_is_remembered_and_told_to_the_listener() -> None:
    told: list[str] = []
    filesystem = MemoryFileSystem({"/r/a.py": _ASYNC})
    tree = SourceTree("/r", ["a.py"], filesystem, listener=told.append)
    assert tree.parse("a.py") is tree.parse("a.py")
    tree.check("a.py")
    assert told == ["a.py"]
    assert tree.parsed_files == 1


def test_problems_of_selected_files_are_listed_and_others_counted() -> None:
    tree, _ = tree_of(
        {
            "a.py": _ASYNC,
            "bad.py": "def f(:\n",
            "denied.py": PermissionError(13, "Permission denied"),
            "gone.py": FileNotFoundError(2, "No such file or directory"),
            "outside.py": "def f(:\n",
        },
        ["a.py", "bad.py", "denied.py", "gone.py"],
    )
    for path in tree.paths:
        tree.parse(path)
        tree.parse(path)
    assert tree.problems == (
        Problem("bad.py", 1, "parse", "syntax error: invalid syntax"),
        Problem("denied.py", 1, "read", "cannot read the file: Permission denied"),
        Problem("gone.py", 1, "read", "the file vanished while the scan was running"),
    )
    assert tree.outside_problems == 1


def test_a_file_that_vanishes_after_the_first_read_is_a_problem() -> None:
    filesystem = MemoryFileSystem({"/r/a.py": "x = 1\n"})
    tree = SourceTree("/r", ["a.py"], filesystem)
    del filesystem._files["/r/a.py"]
    assert tree.parse("a.py") is None
    assert tree.data("a.py") is None
    assert [problem.stage for problem in tree.problems] == ["read"]


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1\0\n",
        b"# caf\xe9\n",
        b"x = 1\n<<<<<<< HEAD\ny = 1\n=======\ny = 2\n>>>>>>> theirs\n",
        b"print 'hello'\n",
        b"    print >>sys.stderr, x\n",
        b"exec 'x = 1'\n",
        b"try:\n    pass\nexcept ValueError, e:\n    pass\n",
    ],
)
def test_files_that_look_broken_are_suspicious(content: bytes) -> None:
    assert SourceTree.in_memory({"a.py": content}).suspicious == ("a.py",)


@pytest.mark.parametrize(
    "content",
    [
        b"print('hello')\n",
        b"# print nothing, e: it is exec time\n",
        "x = 'café'\n".encode(),
        b'"""\nTitle\n=======\n"""\n',
        b"d = {'print ': 1}\n",
        b"",
    ],
)
def test_sound_files_are_not_suspicious(content: bytes) -> None:
    assert SourceTree.in_memory({"a.py": content}).suspicious == ()


def test_mentions_of_django_and_the_size_are_noted() -> None:
    assert SourceTree.in_memory({"a.py": "x = 1", "b.py": "import django"}).mentions_django
    tree = SourceTree.in_memory({"a.py": "x = 1", "b.py": "y = 1"})
    assert not tree.mentions_django
    assert tree.selected_bytes == 10
