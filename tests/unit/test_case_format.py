"""The reader of case files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cases import Annotation, CaseError, load_cases, parse_cases

TEXT = """\
Shared by all.
`shop/models.py`
```py
from django.db import models
```

# First case
django: >=5.0
catches: bad_one, bad_two

Some words: these are no option.
`shop/views.py`
```py
async def bad_one(request):
    a.count()  # E: DAM101
    b(c, d.e)  # E: DAM201(likely), DAM110
    f()        # value: int  # MISSING: DAM110
```
```fixed
    await a.acount()
```
`shop/deep/er.py`
```py
# E: nothing to see
x = 1  # SPURIOUS: DAM104
```

# Second case
`shop/models.py`
```py
own = True
```
"""


def test_cases_and_files() -> None:
    first, second = parse_cases(TEXT.replace("# E: nothing to see\n", ""), "DAM101/some.md")
    assert first.name == "DAM101/some:first-case"
    assert (first.title, first.line) == ("First case", 7)
    assert list(first.files) == ["shop/models.py", "shop/views.py", "shop/deep/er.py"]
    assert first.files["shop/models.py"] == "from django.db import models\n"
    assert first.options == {"django": ">=5.0", "catches": "bad_one, bad_two"}
    assert first.catches == {"bad_one", "bad_two"}
    assert first.fixed == ("    await a.acount()\n",)
    assert second.files == {"shop/models.py": "own = True\n"}
    assert second.catches == frozenset()


def test_an_option_may_stand_in_a_comment() -> None:
    text = TEXT.replace("# E: nothing to see\n", "").replace(
        "catches: bad_one, bad_two", "<!-- catches: bad_one, bad_two -->"
    )
    first, _ = parse_cases(text, "some.md")
    assert first.options == {"django": ">=5.0", "catches": "bad_one, bad_two"}


def test_annotations() -> None:
    first, _ = parse_cases(TEXT.replace("# E: nothing to see\n", ""), "some.md")
    assert first.annotations() == (
        Annotation("shop/views.py", 2, "E", "DAM101"),
        Annotation("shop/views.py", 3, "E", "DAM201", "likely"),
        Annotation("shop/views.py", 3, "E", "DAM110"),
        Annotation("shop/views.py", 4, "value", "int"),
        Annotation("shop/views.py", 4, "MISSING", "DAM110"),
        Annotation("shop/deep/er.py", 1, "SPURIOUS", "DAM104"),
    )


def test_folders_become_packages() -> None:
    text = "# A\n`src/shop/web/views.py`\n```py\n```\n`templates/x.html`\n```html\n```\n"
    (case,) = parse_cases(text, "some.md")
    assert sorted(set(case.project()) - set(case.files)) == [
        "src/shop/__init__.py",
        "src/shop/web/__init__.py",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT, "not a rule code"),
        ("# A\n", "no files"),
        ("# A\n```py\n```\n", "without a path"),
        ("# A\n`a.py`\n```py\n", "does not end"),
        ("# A\n`a.py`\n```py\n```\n`a.py`\n```py\n```\n", "given twice"),
        ("# A\njango: >=5.0\n`a.py`\n```py\n```\n", "no such option"),
    ],
)
def test_bad_format(text: str, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        parse_cases(text, "some.md")


def test_titles_are_unique_in_a_file(tmp_path: Path) -> None:
    case = "# Same title\n`a.py`\n```py\n```\n"
    (tmp_path / "one.md").write_text(case)
    (tmp_path / "two.md").write_text(case)
    assert [found.name for found in load_cases(tmp_path)] == ["one:same-title", "two:same-title"]
    (tmp_path / "two.md").write_text(case * 2)
    with pytest.raises(CaseError, match=r"two.md:5: a case of this title is at line 1"):
        load_cases(tmp_path)
