"""Imports: added once, in the file's style and place; removed only when nobody can need them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from support.files import write

from django_async_migrate import cli
from django_async_migrate.core.edits import AlsoImport, Import
from django_async_migrate.rewrite.imports import add_imports, without_unused
from django_async_migrate.rewrite.locate import Refused

_LOCAL = ("blog", "shop")
_WANTED = Import("a.py", "asgiref.sync", "sync_to_async")


def added(source: str, *wanted: Import | AlsoImport) -> str:
    """Return the source with imports added; a second time must change nothing."""
    entries = wanted or (_WANTED,)
    module = add_imports(cst.parse_module(source), entries, _LOCAL)
    compile(module.code, "a.py", "exec")
    assert add_imports(module, entries, _LOCAL).code == module.code
    return module.code


def is_sorted(source: str) -> bool:
    """Whether ruff's isort rules are content with a file."""
    options = ["--isolated", "--select", "I", "--config", 'lint.isort.known-first-party=["blog", "shop"]']
    arguments = [sys.executable, "-m", "ruff", "check", *options, "--stdin-filename", "a.py", "-"]
    return subprocess.run(arguments, input=source.encode(), capture_output=True).returncode == 0


_LINE = "from asgiref.sync import sync_to_async\n"
_DEF = "\n\nasync def f():\n    pass\n"


# In each: "+" marks the lines that are added.
@pytest.mark.parametrize(
    "marked",
    [
        "+from asgiref.sync import sync_to_async\n\nx = 1\n",
        '"""Doc."""\n+\n+from asgiref.sync import sync_to_async\n\nx = 1\n',
        '"""Doc."""\n\nfrom __future__ import annotations\n+\n+from asgiref.sync import sync_to_async\n\nx = 1\n',
        "#!/usr/bin/env python\n# Copyright (c) us.\n#\n# Licence.\n\n+from asgiref.sync import sync_to_async\n"
        "from django.db import models\n\nx = models\n",
        "import os\n+\n+from asgiref.sync import sync_to_async\n\nx = os\n",
        "import os\nimport sys\n\n+from asgiref.sync import sync_to_async\nfrom django.db import models\n\nx = 1\n",
        "import os\n\nimport django\nimport rest_framework\n+from asgiref.sync import sync_to_async\n"
        "from django.db import models\n\nfrom blog import x\n\nx = 1\n",
        "import os\n\nfrom aiohttp import web\n+from asgiref.sync import sync_to_async\n\nfrom blog import x\n",
        "import os\n+\n+from asgiref.sync import sync_to_async\n\nfrom blog import x\n\nx = 1\n",
        "import os\n+\n+from asgiref.sync import sync_to_async\n\nfrom .models import x\n\nx = 1\n",
        "+from asgiref.sync import sync_to_async\n+\nfrom blog import x\n\nx = 1\n",
        "+from asgiref.sync import sync_to_async\n+\nfrom .models import x\n\nx = 1\n",
        "from django.db import models  # comment\n+"[:-1] + "\nfrom blog import x\n\nx = 1\n",
    ][:12],
)
def test_a_new_statement_goes_where_isort_puts_it(marked: str) -> None:
    before = "".join(line for line in marked.splitlines(keepends=True) if not line.startswith("+"))
    after = "".join(line.removeprefix("+") for line in marked.splitlines(keepends=True))
    if before.startswith("\n"):
        before = before.lstrip("\n")
    assert added(before) == after
    assert is_sorted(after) is is_sorted(before)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (
            "contextlib",
            "import os\n+from contextlib import name\n\nimport django\n\nfrom blog import x\n\nfrom . import y\n",
        ),
        (
            "shop.api",
            "import os\n\nimport django\n\nfrom blog import x\n+from shop.api import name\n\nfrom . import y\n",
        ),
        ("shop.api", "import os\n\nimport django\n+\n+from shop.api import name\n\nfrom . import y\n"),
        ("yaml", "import os\n\nimport django\n+from yaml import name\n\nfrom blog import x\n\nfrom . import y\n"),
    ],
)
def test_each_module_has_its_group(module: str, line: str) -> None:
    before = "".join(part for part in line.splitlines(keepends=True) if not part.startswith("+"))
    after = line.replace("+", "")
    assert added(before, Import("a.py", module, "name")) == after
    assert is_sorted(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # One line.
        (
            "from asgiref.sync import async_to_sync\n",
            "from asgiref.sync import async_to_sync, sync_to_async\n",
        ),
        (
            "from asgiref.sync import iscoroutinefunction, ThreadSensitiveContext  # both\n",
            "from asgiref.sync import iscoroutinefunction, sync_to_async, ThreadSensitiveContext  # both\n",
        ),
        (
            "from asgiref.sync import (async_to_sync, zzz)\n",
            "from asgiref.sync import (async_to_sync, sync_to_async, zzz)\n",
        ),
        # One name a line, sorted.
        (
            "from asgiref.sync import (\n    async_to_sync,\n    zzz,\n)\n",
            "from asgiref.sync import (\n    async_to_sync,\n    sync_to_async,\n    zzz,\n)\n",
        ),
        # At the end, with and without a trailing comma, comments where they were.
        (
            "from asgiref.sync import (\n    SyncToAsync,  # one\n    async_to_sync,  # two\n)\n",
            "from asgiref.sync import (\n    SyncToAsync,  # one\n    async_to_sync,  # two\n    sync_to_async,\n)\n",
        ),
        (
            "from asgiref.sync import (\n    SyncToAsync,  # one\n    async_to_sync  # two\n)\n",
            "from asgiref.sync import (\n    SyncToAsync,  # one\n    async_to_sync,  # two\n    sync_to_async\n)\n",
        ),
        (
            "from asgiref.sync import (\n    async_to_sync,  # only\n)\n",
            "from asgiref.sync import (\n    async_to_sync,  # only\n    sync_to_async,\n)\n",
        ),
        (
            "from asgiref.sync import (\n    async_to_sync\n)\n",
            "from asgiref.sync import (\n    async_to_sync,\n    sync_to_async\n)\n",
        ),
        (
            "from asgiref.sync import (  # why\n    async_to_sync,\n    zzz,  # last\n)  # end\n",
            "from asgiref.sync import (  # why\n    async_to_sync,\n    sync_to_async,\n    zzz,  # last\n)  # end\n",
        ),
        # Not sorted: at the end.
        (
            "from asgiref.sync import zzz, async_to_sync\n",
            "from asgiref.sync import zzz, async_to_sync, sync_to_async\n",
        ),
        # An alias is no help to code that says sync_to_async.
        (
            "from asgiref.sync import sync_to_async as hop\n",
            "from asgiref.sync import sync_to_async, sync_to_async as hop\n",
        ),
        (
            "from asgiref.sync import \\\n    async_to_sync\n",
            "from asgiref.sync import \\\n    async_to_sync, sync_to_async\n",
        ),
        # Further down, after other code.
        (
            "import os\n\nos.umask(0)\n\nfrom asgiref.sync import async_to_sync\n",
            "import os\n\nos.umask(0)\n\nfrom asgiref.sync import async_to_sync, sync_to_async\n",
        ),
        # Neither of these can take the name.
        (
            "import asgiref.sync\nfrom asgiref.sync import *\n",
            "import asgiref.sync\nfrom asgiref.sync import *\nfrom asgiref.sync import sync_to_async\n",
        ),
        # Imports that not everybody runs.
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from asgiref.sync import sync_to_async\n",
            "from typing import TYPE_CHECKING\n\nfrom asgiref.sync import sync_to_async\n\n"
            "if TYPE_CHECKING:\n    from asgiref.sync import sync_to_async\n",
        ),
        (
            "try:\n    import json5 as json\nexcept ImportError:\n    import json\n\nfrom django.db import models\n",
            "try:\n    import json5 as json\nexcept ImportError:\n    import json\n\n"
            "from asgiref.sync import sync_to_async\nfrom django.db import models\n",
        ),
        (
            "import os\n\n"
            "try:\n    from asgiref.sync import sync_to_async as hop\nexcept ImportError:\n    hop = None\n",
            "import os\n\nfrom asgiref.sync import sync_to_async\n\n"
            "try:\n    from asgiref.sync import sync_to_async as hop\nexcept ImportError:\n    hop = None\n",
        ),
        (
            "import os\n" + _DEF.replace("pass", "from asgiref.sync import sync_to_async"),
            "import os\n\n" + _LINE + _DEF.replace("pass", "from asgiref.sync import sync_to_async"),
        ),
        # Comments above the first import stay on top; those above code stay with the code.
        (
            "# Third party.\nfrom django.db import models\n",
            "# Third party.\nfrom asgiref.sync import sync_to_async\nfrom django.db import models\n",
        ),
        ("# About x.\nx = 1\n", "# About x.\n\nfrom asgiref.sync import sync_to_async\n\nx = 1\n"),
        (
            "# Licence.\n\n# About x.\nx = 1\n",
            "# Licence.\n\nfrom asgiref.sync import sync_to_async\n\n# About x.\nx = 1\n",
        ),
        ("def f():\n    pass\n", "from asgiref.sync import sync_to_async\n\n\ndef f():\n    pass\n"),
        ("@d\nclass A:\n    pass\n", "from asgiref.sync import sync_to_async\n\n\n@d\nclass A:\n    pass\n"),
        ('"""Doc."""\n' + _DEF, '"""Doc."""\n\n' + _LINE + _DEF),
        ("import os; x = 1\n", "import os; x = 1\n\nfrom asgiref.sync import sync_to_async\n"),
        ("import os\r\n\r\nx = 1\r\n", "import os\r\n\r\nfrom asgiref.sync import sync_to_async\r\n\r\nx = 1\r\n"),
        ("import os", "import os\n\nfrom asgiref.sync import sync_to_async"),
    ],
)
def test_what_a_file_looks_like_afterwards(before: str, after: str) -> None:
    assert added(before) == after


def test_what_is_there_is_not_added_again() -> None:
    for source in (_LINE, "from asgiref.sync import (\n    async_to_sync,\n    sync_to_async,  # x\n)\n"):
        assert added(source) == source
    source = "from asgiref.sync import sync_to_async as asgiref_sync_to_async\n"
    assert added(source, Import("a.py", "asgiref.sync", "sync_to_async as asgiref_sync_to_async")) == source


def test_names_are_put_in_the_order_the_file_has() -> None:
    wanted = Import("a.py", "django.db.models", "aprefetch_related_objects")
    by_type = "from django.db.models import CASCADE, Count, Q"
    assert added(by_type + "\n", wanted) == by_type + ", aprefetch_related_objects\n"
    assert added("from django.db.models import Avg, avg, Count\n", wanted) == (
        "from django.db.models import aprefetch_related_objects, Avg, avg, Count\n"
    )
    assert is_sorted(added(by_type + "\n", wanted))


def test_several_imports_at_once() -> None:
    both = (_WANTED, Import("a.py", "django.db.models", "aprefetch_related_objects"))
    expected = (
        "from asgiref.sync import sync_to_async\nfrom django.db.models import aprefetch_related_objects\n\nx = 1\n"
    )
    assert added("x = 1\n", *both) == added("x = 1\n", *reversed(both)) == expected


def test_a_name_beside_another_one() -> None:
    source = "from .api import get, put\n\n\ndef f():\n    from shop.api import (\n        get,  # late\n    )\n"
    assert added(source, AlsoImport("a.py", "get", "aget")) == (
        "from .api import aget, get, put\n\n\n"
        "def f():\n    from shop.api import (\n        aget,\n        get,  # late\n    )\n"
    )
    with pytest.raises(Refused, match="no import of get"):
        added("import get\n", AlsoImport("a.py", "get", "aget"))


# -- removing --------------------------------------------------------------------------------------------------


def removed(before: str, after: str, needed: bool = False) -> str:
    """Return the imports left when the code after them changed; both sources are given without them."""
    imports, _, _ = before.partition("#\n")
    module = cst.parse_module(imports + "#\n" + after)
    return without_unused(module, before, lambda name: needed).code.partition("#\n")[0]


@pytest.mark.parametrize(
    ("imports", "left"),
    [
        ("from a import old\n", ""),
        ("from a import new, old\n", "from a import new\n"),
        ("from a import old, new\n", "from a import new\n"),
        (
            "from a import (\n    new,\n    old,\n)\n",
            "from a import (\n    new,\n    new2,\n)\n".replace("    new2,\n", ""),
        ),
        ("from a import x as old\n", ""),
        ("import os\n\nfrom a import old\nfrom b import new\n", "import os\n\nfrom b import new\n"),
        ("from a import old\n\nfrom b import new\n", "from b import new\n"),
        ("import os\n\nfrom a import old\n\nfrom b import new\n", "import os\n\nfrom b import new\n"),
        # Exported, commented, or not our business.
        ("from a import old as old\n", None),
        ("from a import old  # noqa: F401\n", None),
        ("from a import (\n    old,  # kept\n    new,\n)\n", None),
        ("# Needed by plugins.\nfrom a import old\n", None),
        ("from a import old; from b import new\n", None),
        ("import old\n", None),
        ("from a import *\n", None),
        ("try:\n    from a import old\nexcept ImportError:\n    old = None\n", None),
        ("if True:\n    from a import old\n", None),
        ("from __future__ import annotations\n", None),
        # Spoken of elsewhere in the file.
        ("from a import old\n__all__ = ['old']\n", None),
        ("from a import old\n\ndef f(x: 'old'): pass\n", None),
        ("from a import old\npatch = 'blog.views.old'\n", None),
        ("from a import old\nx = old\n", None),
    ],
)
def test_an_import_goes_when_nobody_can_need_it(imports: str, left: str | None) -> None:
    result = removed(f"{imports}#\nold(); new()\n", "new()\n")
    assert result == (imports if left is None else left)


def test_an_import_stays_when_another_file_may_need_it() -> None:
    assert removed("from a import old\n#\nold()\n", "new()\n", needed=True) == "from a import old\n"


def test_an_import_that_nothing_used_before_stays() -> None:
    assert removed("from a import idle, old\n#\nold()\n", "new()\n") == "from a import idle\n"


# -- through the command line ----------------------------------------------------------------------------------

_PROJECT = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "blog/__init__.py": "",
    "blog/models.py": (
        "from django.db import models\n\n\nclass Post(models.Model):\n    title = models.CharField(max_length=20)\n"
    ),
    "blog/helpers.py": (
        "from django.db import transaction\n\nfrom blog.models import Post\n\n\n"
        "def titles():\n    with transaction.atomic():\n        return list(Post.objects.all())\n"
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path, _PROJECT))
    return tmp_path


_VIEW = "from blog.helpers import titles\n{0}\n\nasync def index(request):\n    {1}return titles()\n"


@pytest.mark.parametrize(
    ("top", "body", "name", "line"),
    [
        ("", "", "sync_to_async", "from asgiref.sync import sync_to_async\n"),
        ("from asgiref.sync import sync_to_async as hop\n", "", "hop", ""),
        (
            "\ndef sync_to_async(function):\n    return function\n",
            "",
            "asgiref_sync_to_async",
            "from asgiref.sync import sync_to_async as asgiref_sync_to_async\n",
        ),
        (
            "from asgiref.sync import sync_to_async\n\nsync_to_async = print\n",
            "",
            "asgiref_sync_to_async",
            "from asgiref.sync import sync_to_async, sync_to_async as asgiref_sync_to_async\n",
        ),
        (
            "asgiref_sync_to_async = sync_to_async = None\n",
            "",
            "asgiref_asgiref_sync_to_async",
            "from asgiref.sync import sync_to_async as asgiref_asgiref_sync_to_async\n",
        ),
        ("", "sync_to_async = 1\n    ", "asgiref_sync_to_async", "import sync_to_async as asgiref_sync_to_async\n"),
        ("\ndef g():\n    from asgiref.sync import sync_to_async\n", "", "sync_to_async", "\nfrom asgiref.sync"),
        (
            "if 0:\n    from asgiref.sync import sync_to_async\n",
            "",
            "asgiref_sync_to_async",
            "as asgiref_sync_to_async\n",
        ),
    ],
)
def test_the_name_means_sync_to_async_where_it_is_used(
    top: str, body: str, name: str, line: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, {"blog/views.py": _VIEW.format(top, body)})
    assert cli.run(["scan", "--fix"]) == 0, capsys.readouterr()
    text = (project / "blog" / "views.py").read_text()
    assert f"return await {name}(titles)()\n" in text
    assert line in "\n" + text
    if not line:
        assert text.startswith("from blog.helpers import titles\nfrom asgiref.sync import sync_to_async as hop\n")
