"""The rows that ship, and how a catalogue is read."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

from django_async_migrate.catalog import available, load, load_from, rules_folder
from django_async_migrate.catalog.rows import QuerySetMethod
from django_async_migrate.catalog.validate import problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_the_rows_that_ship_are_valid() -> None:
    assert problems(rules_folder()) == []


def test_long_files_have_a_copy_in_step() -> None:
    folder = rules_folder()
    spec = importlib.util.spec_from_file_location("copy_rows", folder.parent / "scripts" / "copy_rows.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    long_files = script.long_files(folder)
    assert {path.with_suffix(".json") for path in long_files} == set(folder.rglob("*.json"))
    for path in long_files:
        # Written by: python scripts/copy_rows.py
        assert path.with_suffix(".json").read_text("utf-8") == script.copy_of(path), path.name


def test_a_catalogue_is_read_once() -> None:
    assert load() is load()


def test_a_terminal_knows_its_twin() -> None:
    row = load().queryset_methods["get"]
    assert (row.kind, row.returns, row.twin, row.twin_since) == ("terminal", "instance", "aget", (4, 1))
    assert load().queryset_methods["aget"].sync == "get"


def test_an_alias_leads_to_the_same_row() -> None:
    fields = load().fields
    assert fields["django.db.models.fields.related.ForeignKey"] is fields["django.db.models.ForeignKey"]


def test_patterns_match_model_methods() -> None:
    catalog = load()
    display = catalog.model_method("get_status_display")
    assert display is not None and display.effect == "none"
    following = catalog.model_method("get_next_by_created")
    assert following is not None and following.effect == "query"
    assert catalog.model_method("get_display") is None
    assert catalog.model_method("get_absolute_url") is None


def test_rows_of_a_package_are_found_by_path() -> None:
    catalog = load()
    assert catalog.fields["mptt.fields.TreeForeignKey"].kind == "foreign-key"
    assert catalog.models["django.contrib.auth.models.User"].swappable == "AUTH_USER_MODEL"
    assert catalog.models.get("nowhere.models.Thing") is None
    assert "nowhere" not in catalog.models


def test_members_join_their_owner() -> None:
    mixin = load().models["django.contrib.auth.models.PermissionsMixin"]
    has_perm = next(member for member in mixin.members if member.name == "has_perm")
    assert (has_perm.effect, has_perm.twin, has_perm.twin_since) == ("query", "ahas_perm", (5, 2))
    manager = load().managers["django.contrib.auth.models.UserManager"]
    assert "create_user" in manager.defines


def test_iterating_reads_every_package() -> None:
    models = load().models
    assert len(models) == len(list(models)) > 200
    assert {"wagtail.models.Page", "django.contrib.auth.models.Group"} <= set(models)


@pytest.mark.parametrize(
    ("since", "until", "target", "expected"),
    [
        (None, None, (4, 2), True),
        ((5, 0), None, (4, 2), False),
        ((5, 0), None, (5, 0), True),
        ((5, 0), None, (6, 1), True),
        (None, (5, 0), (5, 0), True),
        (None, (5, 0), (5, 1), False),
    ],
)
def test_availability_counts_both_ends(
    since: tuple[int, int] | None, until: tuple[int, int] | None, target: tuple[int, int], expected: bool
) -> None:
    row = QuerySetMethod(name="x", kind="lazy", returns="queryset", source="test", since=since, until=until)
    assert available(row, target) is expected


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the rows that a test may spoil."""
    return Path(shutil.copytree(rules_folder(), tmp_path / "rules"))


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("queryset_methods", 'name = "x"\nkind = "odd"\nreturns = "int"\nsource = "s"', "'odd' is no kind"),
        ("queryset_methods", 'name = "x"\nkind = "lazy"\nreturns = "odd"\nsource = "s"', "returns 'odd'"),
        ("queryset_methods", 'name = "x"\nkind = "lazy"\nreturns = "int"\nsource = ""', "no source"),
        (
            "queryset_methods",
            'name = "x"\nkind = "terminal"\nreturns = "int"\ntwin = "ax"\nsource = "s"',
            "its twin ax has no row that fits",
        ),
        (
            "queryset_methods",
            'name = "get"\nkind = "lazy"\nreturns = "int"\nsource = "s"',
            "two rows for get",
        ),
        ("related_manager_methods", 'name = "x"\non = ["odd"]\nreturns = "int"\nsource = "s"', "'odd' in on"),
        ("model_methods", 'name = "x"\neffect = "odd"\nreturns = "int"\nsource = "s"', "'odd' is no effect"),
        (
            "model_methods",
            'name = "x"\neffect = "query"\nonly-if = ["odd"]\nreturns = "int"\nsource = "s"',
            "'odd' in only-if",
        ),
    ],
)
def test_a_wrong_row_is_named(rules: Path, file: str, row: str, message: str) -> None:
    append(rules / f"{file}.toml", f"\n[[method]]\n{row}\n")
    assert any(message in problem for problem in problems(rules))


def test_a_member_needs_an_owner(rules: Path) -> None:
    append(
        rules / "packages" / "django.toml",
        '\n[[member]]\nowner = "django.nothing.Here"\nname = "x"\neffect = "none"\nsource = "s"\n',
    )
    assert problems(rules) == ["django.toml: a member of django.nothing.Here, which has no row"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('class = "a.B"\npaths = {read = "path"}', "a.B: says what read has to be given, but not that it blocks"),
        ('module = "a"\nnames = ["read"]\nstrict = true', "a.read: strict is about making objects"),
        ('class = "a.B"\nlists = {all = "a.C"}', "a.B: no row for the class a.C"),
    ],
)
def test_a_wrong_row_about_what_blocks_is_named(rules: Path, row: str, message: str) -> None:
    append(rules / "blocking.toml", f'\n[[blocking]]\n{row}\nrule = "DAM507"\ninstead = "i"\nsource = "s 1.0"\n')
    assert problems(rules) == [message]


def test_a_row_of_another_package_is_named(rules: Path) -> None:
    append(
        rules / "packages" / "mptt.toml",
        '\n[[field]]\napi = "other.Field"\nkind = "foreign-key"\nsource = "s"\n',
    )
    assert problems(rules) == ["mptt.toml: other.Field is of another package"]


def test_an_unknown_key_is_an_error(rules: Path) -> None:
    append(rules / "fields.toml", '\n[[field]]\napi = "a.B"\nkind = "scalar"\nsource = "s"\nodd = 1\n')
    with pytest.raises(TypeError, match="odd"):
        load_from(rules)


def test_a_file_that_is_not_toml_is_an_error(rules: Path) -> None:
    append(rules / "fields.toml", "\nnot toml\n")
    with pytest.raises(tomllib.TOMLDecodeError):
        load_from(rules)


def test_a_missing_file_is_an_error(rules: Path) -> None:
    (rules / "bridges.toml").unlink()
    with pytest.raises(OSError, match=r"bridges\.toml"):
        load_from(rules)


_PACKAGED = sorted(path for folder in ("packages", "generated") for path in (rules_folder() / folder).glob("*.toml"))

# What has a page of documentation for each version, which the rows' own keys name.
_DOCUMENTED = {"django.toml": "https://docs.djangoproject.com/"}
_DOCUMENTED |= {f"{name}.toml": "https://docs.python.org/3/" for name in sys.stdlib_module_names}


@pytest.mark.parametrize("path", _PACKAGED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_rows_name_the_version_they_were_read_from(path: Path) -> None:
    wrong = []
    for rows in tomllib.loads(path.read_text("utf-8")).values():
        for row in rows:
            documented = row["source"].startswith(_DOCUMENTED.get(path.name, "-"))
            if not documented and re.fullmatch(r"[\w.-]+ \d+(\.\d+)+.*", row["source"]) is None:
                wrong.append((row.get("api") or f"{row['owner']}.{row['name']}", row["source"]))
    assert wrong == []


#: Part of Django, or of Python: their rows name a page of the documentation, which is that of each release.
_DATED = frozenset({"django", "asgiref", *sys.stdlib_module_names})
_READ_FROM = re.compile(r"\d+\.\d+")


def test_rows_about_libraries_name_the_version_they_were_read_from() -> None:
    undated = []
    for path in sorted(rules_folder().rglob("*.toml")):
        for table, rows in tomllib.loads(path.read_text("utf-8")).items():
            for row in rows:
                owner = row.get("class") or row.get("module") or row.get("owner")
                name = str(owner or row.get("api", ""))
                package = path.stem if path.parent.name in {"packages", "classes"} else name.partition(".")[0]
                # Other names without dots are those of methods: of querysets, models, event loops, strings.
                if package in _DATED or (owner is None and "." not in name):
                    continue
                if not _READ_FROM.search(row.get("source", "")):
                    undated.append(f"{path.name}: {table} {name}")
    assert undated == []
