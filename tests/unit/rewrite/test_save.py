"""Writing: whatever goes wrong, each file is the old one or the new one, and the user is told."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support.files import write

from django_async_migrate import cli
from django_async_migrate.api import fix
from django_async_migrate.core.edits import Change
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.rewrite.save import Unsaved, save, save_all
from django_async_migrate.syntax.filesystem import RealFileSystem

_OLD = b"x = 1\n" * 50_000
_NEW = b"y = 22\n" * 50_000

# Forks once for each line that saving runs, and dies by SIGKILL at that line.
_DIE_AT_EACH_LINE = """
import os, signal, sys
from django_async_migrate.core.edits import Change
from django_async_migrate.rewrite import save

folder, old, new = sys.argv[1], b"old" * 10000, b"new" * 10000
names = ("a.py", "b.py")
seen = []
for number in range(1, 1000):
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(old)
    child = os.fork()
    if not child:
        left = number
        def trace(frame, event, argument):
            global left
            if frame.f_code.co_filename != save.__file__:
                return None
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        sys.settrace(trace)
        save.save_all(folder, [Change(name, old, new) for name in names], [names])
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    contents = [open(os.path.join(folder, name), "rb").read() for name in names]
    assert all(content in (old, new) for content in contents), number
    seen.append(sum(content == new for content in contents))
    if not os.WIFSIGNALED(status):
        break
else:
    raise AssertionError("never came to an end")
print(len(seen), sorted(set(seen)), seen[-1])
"""

_SAVE_FOR_EVER = """
import os, sys
from django_async_migrate.core.edits import Change
from django_async_migrate.rewrite.save import save
path, old, new = sys.argv[1], open(sys.argv[2], "rb").read(), open(sys.argv[3], "rb").read()
print("ready", flush=True)
while True:
    save(path, Change(path, old, new))
    save(path, Change(path, new, old))
"""


def _change(path: str = "a.py", before: bytes = b"old\n", after: bytes = b"new\n") -> Change:
    return Change(path, before, after)


def _leftovers(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".tmp"))


def test_a_kill_at_any_line_leaves_each_file_old_or_new(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _DIE_AT_EACH_LINE, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    number, kinds, last = run.stdout.split(maxsplit=1)[0], *run.stdout.split(maxsplit=1)[1].strip().rsplit(maxsplit=1)
    assert int(number) > 40
    assert kinds == "[0, 1, 2]"
    assert last == "2"


def test_a_kill_at_any_moment_leaves_the_file_old_or_new(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": _OLD, "old": _OLD, "new": _NEW})
    arguments = [str(tmp_path / name) for name in ("a.py", "old", "new")]
    for number in range(20):
        with subprocess.Popen([sys.executable, "-c", _SAVE_FOR_EVER, *arguments], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(0.0013 * number)
            child.send_signal(signal.SIGKILL)
            child.wait()
        content = (tmp_path / "a.py").read_bytes()
        assert content in (_OLD, _NEW)
        (tmp_path / "a.py").write_bytes(_OLD)


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "old\n"})

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_all(str(tmp_path), [_change()])
    assert (tmp_path / "a.py").read_bytes() == b"old\n"
    assert _leftovers(tmp_path) == []


def test_a_file_is_replaced_and_its_mode_kept(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.py": "old\n"}) / "a.py"
    path.chmod(0o754)
    save(str(path), _change())
    assert path.read_bytes() == b"new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert _leftovers(tmp_path) == []


def test_the_owner_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"a.py": "old\n"}) / "a.py"
    real = os.stat
    asked = []

    def owned(name: str, *arguments: object, **options: object) -> os.stat_result:
        known = real(name, *arguments, **options)  # type: ignore[arg-type]
        if str(name) != str(path):
            return known
        return os.stat_result([*known[:4], 4242, 4243, *known[6:10]])

    monkeypatch.setattr(os, "stat", owned)
    monkeypatch.setattr(os, "chown", lambda name, user, group: asked.append((user, group)))
    save(str(path), _change())
    assert asked == [(4242, 4243)]
    monkeypatch.setattr(os, "chown", _raising(PermissionError(errno.EPERM, "Operation not permitted")))
    with pytest.raises(Unsaved, match="another user"):
        save(str(path), _change(before=b"new\n", after=b"newer\n"))
    assert path.read_bytes() == b"new\n"
    assert _leftovers(tmp_path) == []


def _raising(error: OSError) -> object:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    return fail


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"deep/real.py": "old\n"})
    (tmp_path / "a.py").symlink_to("deep/real.py")
    save(str(tmp_path / "a.py"), _change())
    assert (tmp_path / "a.py").is_symlink()
    assert (tmp_path / "deep" / "real.py").read_bytes() == b"new\n"


def test_two_names_of_one_file_are_written_once(tmp_path: Path) -> None:
    write(tmp_path, {"real.py": "old\n"})
    (tmp_path / "a.py").symlink_to("real.py")
    assert save_all(str(tmp_path), [_change("a.py"), _change("real.py")]) == []
    assert (tmp_path / "real.py").read_bytes() == b"new\n"


def test_a_file_that_changed_meanwhile_is_left(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "mine\n", "b.py": "old\n"})
    failed = save_all(str(tmp_path), [_change("a.py"), _change("b.py")])
    assert failed == [("a.py", "it was changed while the scan was running; run again")]
    assert (tmp_path / "a.py").read_bytes() == b"mine\n"
    assert (tmp_path / "b.py").read_bytes() == b"new\n"


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    assert save_all(str(tmp_path), [_change("gone.py")]) == [("gone.py", "No such file or directory")]


def test_a_read_only_file_is_left(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.py": "old\n"}) / "a.py"
    path.chmod(0o444)
    assert save_all(str(tmp_path), [_change()]) == [("a.py", "it is read-only")]
    assert path.read_bytes() == b"old\n"


def test_a_folder_that_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"inner/a.py": "old\n", "b.py": "old\n"})
    real = os.access
    inner = str(tmp_path / "inner")
    # An administrator may write everywhere, so the answer of the system is replaced.
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != inner and real(path, mode))
    failed = save_all(str(tmp_path), [_change("inner/a.py"), _change("b.py")])
    assert failed == [("inner/a.py", "its folder is not writable")]
    assert (tmp_path / "inner" / "a.py").read_bytes() == b"old\n"
    assert (tmp_path / "b.py").read_bytes() == b"new\n"


@pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
def test_a_full_disk(function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "old\n"})
    monkeypatch.setattr(os, function, _raising(OSError(errno.ENOSPC, "No space left on device")))
    assert save_all(str(tmp_path), [_change()]) == [("a.py", "No space left on device")]
    assert (tmp_path / "a.py").read_bytes() == b"old\n"
    assert _leftovers(tmp_path) == []


def test_a_disk_that_fills_up_while_writing(tmp_path: Path) -> None:
    """The limit on the size of a file makes a real write fail in the middle."""
    write(tmp_path, {"a.py": "old\n", "small.py": "old\n"})
    script = (
        "import resource, signal, sys\n"
        "from django_async_migrate.core.edits import Change\n"
        "from django_async_migrate.rewrite.save import save_all\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "changes = [Change('a.py', b'old\\n', b'x' * 1_000_000), Change('small.py', b'old\\n', b'new\\n')]\n"
        "print(save_all(sys.argv[1], changes))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert run.stdout == "[('a.py', 'File too large')]\n", run.stderr
    assert (tmp_path / "a.py").read_bytes() == b"old\n"
    assert (tmp_path / "small.py").read_bytes() == b"new\n"
    assert _leftovers(tmp_path) == []


def test_the_files_of_one_rewrite_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.py": "old\n" for name in "abcd"})
    (tmp_path / "b.py").chmod(0o444)
    changes = [_change(f"{name}.py") for name in "abcd"]
    failed = save_all(str(tmp_path), changes, [("a.py", "b.py"), ("a.py", "c.py"), ("d.py",)])
    reason = "b.py could not be written: it is read-only"
    assert failed == [("a.py", reason), ("b.py", "it is read-only"), ("c.py", reason)]
    assert [(tmp_path / f"{name}.py").read_bytes() for name in "abcd"] == [b"old\n"] * 3 + [b"new\n"]
    assert _leftovers(tmp_path) == []


def test_files_replaced_before_one_fails_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "old\n", "b.py": "old\n"})
    real = os.replace

    def replace(source: str, target: str) -> None:
        if target.endswith("b.py"):
            raise OSError(errno.EBUSY, "Device or resource busy")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    failed = save_all(str(tmp_path), [_change("a.py"), _change("b.py")], [("a.py", "b.py")])
    assert dict(failed)["b.py"] == "Device or resource busy"
    assert [(tmp_path / name).read_bytes() for name in ("a.py", "b.py")] == [b"old\n"] * 2
    assert _leftovers(tmp_path) == []


# -- through the command line ----------------------------------------------------------------------------------

_MODELS = """\
from django.db import models

class Post(models.Model):
    title = models.CharField(max_length=20)
"""
_VIEW = """\
from blog.models import Post

async def detail(request):
    return Post.objects.get(pk=1)
"""
_PROJECT = {
    "pyproject.toml": '[project]\ndependencies = ["django>=5.2,<5.3"]\n',
    "blog/__init__.py": "",
    "blog/models.py": _MODELS,
    "blog/views.py": _VIEW,
    "blog/other.py": _VIEW,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(tmp_path / "p", _PROJECT)
    monkeypatch.chdir(folder)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, captured.out


_FIXED = _VIEW.replace("Post.objects.get", "await Post.objects.aget")


def test_a_file_that_cannot_be_written_is_a_problem_and_its_finding_stays(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "blog" / "views.py").chmod(0o444)
    code, out = run(capsys, "scan", "--fix")
    assert code == 1
    assert "blog/views.py\n  1 cannot write: the fixes were not written: it is read-only\n" in out
    assert "4:12 error DAM101" in out
    assert "1 async hazard (1 error) in 1 file, 1 file could not be written: " in out
    assert "Fixed 1 hazard in 1 file.\n" in out
    assert (project / "blog" / "views.py").read_text() == _VIEW
    assert (project / "blog" / "other.py").read_text() == _FIXED


def test_a_full_disk_is_told_with_the_path(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _raising(OSError(errno.ENOSPC, "No space left on device")))
    code, out = run(capsys, "scan", "--fix")
    assert code == 1
    for name in ("views", "other"):
        assert f"blog/{name}.py\n  1 cannot write: the fixes were not written: No space left on device\n" in out
        assert (project / "blog" / f"{name}.py").read_text() == _VIEW
    assert "Fixed" not in out


def test_a_file_changed_between_scan_and_write(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tempfile.mkstemp
    views = project / "blog" / "views.py"

    def edit_meanwhile(*arguments: str, **options: str) -> tuple[int, str]:
        views.write_text("# my work\n" + _VIEW)
        return real(*arguments, **options)

    # The first file is being written when the second one is edited.
    monkeypatch.setattr(tempfile, "mkstemp", edit_meanwhile)
    code, out = run(capsys, "scan", "--fix")
    assert code == 1
    assert "it was changed while the scan was running; run again" in out
    assert "5:12 error DAM101" in out
    assert views.read_text() == "# my work\n" + _VIEW
    assert (project / "blog" / "other.py").read_text() == _FIXED


def test_a_file_edited_during_the_scan(project: Path) -> None:
    """Whenever it happens after the first read, the edit is seen and stays."""
    views = project / "blog" / "views.py"

    class Edited(RealFileSystem):
        def read(self, path: str) -> bytes:
            data = super().read(path)
            if path == str(views):
                views.write_text("# my work\n" + _VIEW)
            return data

    outcome = fix(ScanOptions(), filesystem=Edited(), cwd=str(project))
    assert views.read_text() == "# my work\n" + _VIEW
    assert [(problem.path, problem.stage) for problem in outcome.report.problems] == [("blog/views.py", "write")]
    assert [change.path for change in outcome.changes] == ["blog/other.py"]
    assert [done.path for done in outcome.applied] == ["blog/other.py"]


def test_a_helper_is_not_made_async_when_its_caller_cannot_be_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    helper = "from blog.models import Post\n\ndef titles():\n    return list(Post.objects.all())\n"
    caller = "from blog.helpers import titles\n\nasync def index(request):\n    return titles()\n"
    write(project, {"blog/helpers.py": helper, "blog/index.py": caller})
    (project / "blog" / "index.py").chmod(0o444)
    code, out = run(capsys, "scan", "--fix", "--unsafe-fixes")
    assert code == 1
    assert (project / "blog" / "helpers.py").read_text() == helper
    assert (project / "blog" / "index.py").read_text() == caller
    assert "the fixes were not written: blog/index.py could not be written: it is read-only" in out
    (project / "blog" / "index.py").chmod(0o644)
    assert run(capsys, "scan", "--fix", "--unsafe-fixes")[0] == 0
    assert "async def titles" in (project / "blog" / "helpers.py").read_text()


def test_a_helper_is_made_async_from_any_working_directory(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        project,
        {
            "blog/helpers.py": (
                "from blog.models import Post\n\ndef titles():\n    return list(Post.objects.all())\n\n\n"
                "def shown():\n    return titles()\n"
            ),
            "blog/index.py": "from blog.helpers import shown\n\nasync def index(request):\n    return shown()\n",
        },
    )
    monkeypatch.chdir(project / "blog")
    code, out = run(capsys, "scan", "..", "--fix", "--unsafe-fixes")
    assert code == 0, out
    assert "return await shown()" in (project / "blog" / "index.py").read_text()


# -- bytes -----------------------------------------------------------------------------------------------------

_BODY = "from blog.models import Post\n\nasync def detail(request):\n{0}return Post.objects.get(title='\xe9')  # \xe9\n"
_TABS = _BODY.replace("{0}", "\t")
_PLAIN = _BODY.replace("{0}", "    ")


@pytest.mark.parametrize(
    "before",
    [
        _PLAIN.encode(),
        _PLAIN.replace("\n", "\r\n").encode(),
        _PLAIN.replace("\n", "\r\n", 2).encode(),
        _PLAIN.replace("\n\n", "\n\x0c\n").encode(),
        _PLAIN[:-1].encode(),
        (_PLAIN + "\n\n    \n").encode(),
        b"\xef\xbb\xbf" + _PLAIN.encode(),
        b"\xef\xbb\xbf# coding: utf-8\r\n" + _PLAIN.replace("\n", "\r\n").encode(),
        ("# -*- coding: latin-1 -*-\n" + _PLAIN).encode("latin-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n" + _PLAIN + "x = '\u20ac'\n").encode("iso8859-15"),
        _TABS.encode(),
        _TABS.replace("\n", " \t \n", 2).encode(),
        (_PLAIN + "x = '''\r\n\tkept\n'''\ny = 1 ;\n").encode(),
        (_PLAIN + "x = 'a\u2028b\x85c'  # \u2029\n").encode(),
        (_PLAIN + "x = 'a\x0cb'\n").encode(),
        (_PLAIN + "x = 1 \\\n  + 2\n").encode(),
    ],
)
def test_all_other_bytes_are_kept(before: bytes, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "blog" / "views.py"
    path.write_bytes(before)
    compile(before, "views.py", "exec")
    code, out = run(capsys, "scan", "--fix")
    assert code == 0, out
    assert path.read_bytes() == before.replace(b"Post.objects.get(", b"await Post.objects.aget(")


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (_PLAIN.replace("async", "\x0casync"), "reproduce the file byte for byte"),
        (_PLAIN.replace("\n", "\r"), "reproduce the file byte for byte"),
        (_PLAIN.replace("    return", "\x0c    return"), "read the file: "),
    ],
)
def test_a_file_that_cannot_be_reproduced_is_left(
    before: str, reason: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "blog" / "views.py"
    path.write_bytes(before.encode())
    compile(before, "views.py", "exec")
    code, out = run(capsys, "scan", "--fix", "--verbose")
    assert code == 1
    assert path.read_bytes() == before.encode()
    assert f"was not fixed: LibCST cannot {reason}" in out
    assert (project / "blog" / "other.py").read_text() == _FIXED
