"""Which files a scan looks at, and which project they belong to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate.core.errors import UsageError
from django_async_migrate.syntax.discovery import Layout, discover, locate, project_files
from django_async_migrate.syntax.filesystem import MemoryFileSystem, RealFileSystem


def layout_of(
    files: dict[str, str],
    *paths: str,
    cwd: str = "/p",
    project: str | None = None,
    exclude: tuple[str, ...] = (),
) -> Layout:
    filesystem = MemoryFileSystem(files)
    return discover(paths, locate(paths, project, filesystem, cwd), exclude, filesystem, cwd)


def test_a_folder_selects_the_python_files_below_it() -> None:
    layout = layout_of({"/p/pyproject.toml": "", "/p/a.py": "", "/p/b/c.py": "", "/p/b/d.txt": ""}, ".")
    assert layout.project.root == "/p"
    assert layout.selected == ("a.py", "b/c.py")
    assert layout.complete


def test_paths_inside_a_project_select_a_part_of_it() -> None:
    files = {"/p/pyproject.toml": "", "/p/a.py": "", "/p/b/c.py": "", "/p/b/e.py": ""}
    layout = layout_of(files, "b", "b/c.py")
    assert layout.project.root == "/p"
    assert layout.selected == ("b/c.py", "b/e.py")
    assert layout.direct == {"b/c.py"}
    assert not layout.complete
    assert project_files(layout, (), MemoryFileSystem(files)) == {"a.py", "b/c.py", "b/e.py"}


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.py", "setup.cfg", ".git/HEAD", "requirements.txt"])
def test_the_root_is_the_first_folder_upwards_that_is_marked(marker: str) -> None:
    layout = layout_of({f"/p/{marker}": "", "/p/a/b/c.py": ""}, "/p/a/b/c.py", cwd="/elsewhere/deep")
    assert layout.project.root == "/p"


def test_manage_py_gives_way_to_the_repository_around_it() -> None:
    files = {"/p/.git/HEAD": "", "/p/site/manage.py": "", "/p/site/app/views.py": ""}
    assert layout_of(files, "site/app").project.root == "/p"


def test_manage_py_marks_a_project_that_nothing_encloses() -> None:
    files = {"/p/site/manage.py": "", "/p/site/app/views.py": ""}
    assert layout_of(files, "/p/site/app/views.py", cwd="/q/r").project.root == "/p/site"


def test_a_folder_that_git_ignores_is_no_part_of_the_repository() -> None:
    files = {
        "/p/.git/HEAD": "",
        "/p/.gitignore": "/downloads/\n",
        "/p/downloads/pack/__init__.py": "",
        "/p/downloads/pack/views.py": "",
    }
    layout = layout_of(files, "downloads/pack")
    assert layout.project.root == "/p/downloads"
    assert layout.project.folders == ("/p/downloads/pack",)
    assert layout.selected == ("pack/__init__.py", "pack/views.py")


def test_an_installed_package_ends_at_site_packages() -> None:
    files = {
        "/p/pyproject.toml": "",
        "/p/lib/site-packages/pack/__init__.py": "",
        "/p/lib/site-packages/pack/sub/__init__.py": "",
        "/p/lib/site-packages/other/__init__.py": "",
    }
    layout = layout_of(files, "lib/site-packages/pack/sub")
    assert layout.project.root == "/p/lib/site-packages"
    assert layout.project.folders == ("/p/lib/site-packages/pack",)
    assert layout.selected == ("pack/sub/__init__.py",)
    assert project_files(layout, (), MemoryFileSystem(files)) == {"pack/__init__.py", "pack/sub/__init__.py"}


def test_an_unmarked_folder_is_its_own_project_and_a_package_keeps_its_name() -> None:
    files = {"/q/pack/__init__.py": "", "/q/pack/a.py": "", "/q/other/b.py": ""}
    package = layout_of(files, "/q/pack")
    assert (package.project.root, package.selected) == ("/q", ("pack/__init__.py", "pack/a.py"))
    plain = layout_of(files, "/q/other")
    assert (plain.project.root, plain.selected) == ("/q/other", ("b.py",))


def test_an_unmarked_file_belongs_to_the_working_directory_or_the_folder_of_its_package() -> None:
    files = {"/q/x/pack/__init__.py": "", "/q/x/pack/a.py": "", "/q/x/other/b.py": ""}
    assert layout_of(files, "x/pack/a.py", cwd="/q").project.root == "/q"
    assert layout_of(files, "/q/x/pack/a.py", cwd="/elsewhere").project.root == "/q/x"


def test_several_projects_have_their_common_folder_as_root_and_nothing_else_is_listed() -> None:
    files = {
        "/p/one/pyproject.toml": "",
        "/p/one/a.py": "",
        "/p/two/setup.py": "",
        "/p/three/c.py": "",
    }
    layout = layout_of(files, "one/a.py", "two")
    assert layout.project.root == "/p"
    assert project_files(layout, (), MemoryFileSystem(files)) == {"one/a.py", "two/setup.py"}


def test_a_named_project_is_taken_at_its_word() -> None:
    files = {"/p/.git/HEAD": "", "/p/site/app/views.py": ""}
    layout = layout_of(files, "site/app", project="site")
    assert layout.project.root == "/p/site"
    assert layout.selected == ("app/views.py",)


@pytest.mark.parametrize(
    ("paths", "project", "message"),
    [
        (("nowhere",), None, "no such file or folder: nowhere"),
        (("a.py",), "nowhere", "no such project folder: nowhere"),
        (("a.py",), "sub", "a.py lies outside the project folder sub"),
    ],
)
def test_wrong_paths_are_errors(paths: tuple[str, ...], project: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        layout_of({"/p/a.py": "", "/p/sub/b.py": ""}, *paths, project=project)


def test_folders_that_hold_no_source_of_the_project_are_left_out() -> None:
    files = {
        f"/p/{name}/x.py": ""
        for name in (
            *(".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", "build", "dist", "x.egg-info"),
            *("site-packages", "locale/de/LC_MESSAGES", "deep/node_modules/y"),
        )
    }
    files |= {
        "/p/myenv/pyvenv.cfg": "",
        "/p/myenv/lib/y.py": "",
        "/p/kept.py": "",
        "/p/locale/de/formats.py": "",
    }
    assert layout_of(files, ".").selected == ("kept.py", "locale/de/formats.py")


def test_a_package_called_build_is_source_and_so_is_a_skipped_folder_named_by_the_user() -> None:
    files = {"/p/setup.cfg": "", "/p/build/__init__.py": "", "/p/venv/x.py": "", "/p/dist/y.py": ""}
    assert layout_of(files, ".").selected == ("build/__init__.py",)
    assert layout_of(files, "venv", "dist/y.py").selected == ("dist/y.py", "venv/x.py")


def test_excluded_files_are_left_out_even_when_named() -> None:
    files = {
        "/p/setup.cfg": "",
        "/p/a.py": "",
        "/p/app/migrations/0001.py": "",
        "/p/app/views.py": "",
        "/p/legacy/x.py": "",
        "/p/legacy/deep/y.py": "",
    }
    exclude = ("migrations", "legacy/**")
    assert layout_of(files, ".", exclude=exclude).selected == ("a.py", "app/views.py")
    assert layout_of(files, "legacy/x.py", "app", "a.py", exclude=exclude).selected == (
        "a.py",
        "app/views.py",
    )
    assert layout_of(files, "app/migrations", exclude=exclude).selected == ()


def test_files_that_are_not_python_are_set_aside() -> None:
    layout = layout_of({"/p/setup.cfg": "", "/p/README.md": "", "/p/run": "", "/p/a.py": ""}, "README.md", "run")
    assert layout.selected == ("run",)
    assert layout.skipped == ("README.md",)


def test_git_ignores_are_honoured_at_every_level() -> None:
    files = {
        "/p/.git/HEAD": "",
        "/p/.gitignore": "local_settings.py\n/generated/\n*.tmp.py\n!keep.tmp.py\n",
        "/p/a.py": "",
        "/p/local_settings.py": "",
        "/p/app/local_settings.py": "",
        "/p/generated/x.py": "",
        "/p/app/generated/y.py": "",
        "/p/app/.gitignore": "secret/\n!b.tmp.py\n",
        "/p/app/secret/z.py": "",
        "/p/app/a.tmp.py": "",
        "/p/app/b.tmp.py": "",
        "/p/keep.tmp.py": "",
    }
    expected = ("a.py", "app/b.tmp.py", "app/generated/y.py", "keep.tmp.py")
    assert layout_of(files, ".").selected == expected
    assert layout_of(files, "app").selected == ("app/b.tmp.py", "app/generated/y.py")


def test_git_ignores_above_the_project_hold_too() -> None:
    files = {
        "/p/.git/HEAD": "",
        "/p/.gitignore": "out/\n",
        "/p/backend/pyproject.toml": "",
        "/p/backend/out/x.py": "",
        "/p/backend/a.py": "",
    }
    assert layout_of(files, "backend").selected == ("a.py",)


def test_an_ignored_folder_named_by_the_user_is_scanned() -> None:
    files = {"/p/.git/HEAD": "", "/p/.gitignore": "out/\n", "/p/out/x.py": "", "/p/out/sub/y.py": ""}
    layout = layout_of(files, "out")
    assert [path.rpartition("/")[2] for path in layout.selected] == ["y.py", "x.py"]


def test_links_are_followed_once_and_only_out_of_the_project(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"pyproject.toml": "", "app/a.py": "", "app/__init__.py": ""})
    shared = write(tmp_path / "shared", {"__init__.py": "", "b.py": ""})
    data = write(tmp_path / "data", {"c.py": ""})
    os.symlink(root, root / "app" / "loop")
    os.symlink("self", root / "self")
    os.symlink(root / "app", root / "alias")
    os.symlink(root / "app" / "a.py", root / "twin.py")
    os.symlink(shared, root / "shared")
    os.symlink(shared, root / "again")
    os.symlink(shared / "b.py", root / "from_outside.py")
    os.symlink(shared, shared / "loop")
    os.symlink(data, root / "data")
    filesystem = RealFileSystem()
    cwd = str(tmp_path)
    layout = discover(["p"], locate(["p"], None, filesystem, cwd), (), filesystem, cwd)
    assert layout.selected == (
        "again/__init__.py",
        "again/b.py",
        "app/__init__.py",
        "app/a.py",
        "from_outside.py",
    )


def test_the_order_of_paths_does_not_matter() -> None:
    files = {"/p/setup.cfg": "", "/p/b.py": "", "/p/a/x.py": ""}
    assert layout_of(files, "b.py", "a") == layout_of(files, "a", "b.py")
