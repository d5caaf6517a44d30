"""Lets every supported Django judge the cases: ``python tests/oracle/matrix.py [4.2 6.1 ...]``.

Looks for Pythons on PATH and among those of pyenv, makes a virtual environment for each Django in ``.venvs/``
(kept for the next run), and prints one line a version. Arguments limit the versions; ``-k TEXT`` limits the
cases to those with the text in their name. Exit code 1 if any Django disagrees with a case, 2 if a version
could not be tried.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
_ENVIRONMENTS = _TESTS.parent / ".venvs"
if str(_TESTS) not in sys.path:
    sys.path.insert(0, str(_TESTS))

from harness.cases import Case, all_cases  # noqa: E402
from harness.versions import applies  # noqa: E402
from oracle.declared_verdict import JUDGED, declared_disagreements, run_declared  # noqa: E402
from oracle.runner import django_version, judge  # noqa: E402
from oracle.verdict import DECLARATIONS, disagreements  # noqa: E402


@dataclass(frozen=True, slots=True)
class Line:
    """A Django release line and the Pythons it runs on, the preferred one first.

    The Pythons differ on purpose: what a stack looks like depends on them too.
    """

    django: str
    pythons: tuple[str, ...]


# https://docs.djangoproject.com/en/stable/faq/install/#what-python-version-can-i-use-with-django
LINES = (
    Line("4.2", ("3.10", "3.11", "3.12")),
    Line("5.0", ("3.11", "3.10", "3.12")),
    Line("5.1", ("3.12", "3.10", "3.11", "3.13")),
    Line("5.2", ("3.12", "3.10", "3.11", "3.13", "3.14")),
    Line("6.0", ("3.13", "3.12", "3.14")),
    Line("6.1", ("3.13", "3.12", "3.14")),
)


#: What cases need beside Django, by the name that code imports: what pip calls it.
PACKAGES = {"channels": "channels", "pytest": "pytest", "rest_framework": "djangorestframework"}


def main(arguments: Sequence[str]) -> int:
    """Try the lines asked for and return the exit code."""
    parser = argparse.ArgumentParser(description="Let several versions of Django judge the cases.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="release lines of Django; default: all")
    parser.add_argument("-k", dest="text", default="", help="only cases with this text in their name")
    options = parser.parse_args(arguments)
    cases = [case for case in all_cases() if options.text in case.name]
    interpreters = dict(reversed(list(_interpreters())))
    code = 0
    for line in LINES:
        if options.versions and line.django not in options.versions:
            continue
        python = next((version for version in line.pythons if version in interpreters), None)
        if python is None:
            print(f"Django {line.django}: none of the Pythons {', '.join(line.pythons)} is on this machine")
            code = 2
            continue
        try:
            wrong = _try(cases, _environment(line.django, python, interpreters[python]), python)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"Django {line.django} on Python {python}: {error}")
            code = 2
            continue
        code = max(code, 1 if wrong else 0)
    return code


def _try(cases: Sequence[Case], interpreter: Path, python: str) -> int:
    version = django_version(str(interpreter))
    chosen = [case for case in cases if applies(case, version, f"{python}.0", PACKAGES)]
    run = [case for case in chosen if not case.source.startswith(DECLARATIONS)]
    judged = judge(run, str(interpreter))
    wrong = {case.name: disagreements(case, judged[case.name]) for case in run}
    declared = [case for case in chosen if case.source.startswith(JUDGED)]
    ran = run_declared(declared, str(interpreter))
    wrong.update({case.name: list(declared_disagreements(case, ran[case.name], version)) for case in declared})
    failed = {name: messages for name, messages in wrong.items() if messages}
    print(f"Django {version} on Python {python}: {len(wrong)} cases, {len(failed)} disagree", flush=True)
    for name, messages in failed.items():
        print(f"  {name}")
        for message in messages:
            print("    " + message.replace("\n", "\n    "))
    return len(failed)


def _interpreters() -> Iterator[tuple[str, Path]]:
    """Yield the Pythons of this machine as version and path, the best find of a version first."""
    yield f"{sys.version_info.major}.{sys.version_info.minor}", Path(sys.executable)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for path in sorted(versions.glob("3.*/bin/python"), reverse=True):
        if found := re.match(r"3\.\d+", path.parent.parent.name):
            yield found[0], path
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for path in sorted(Path(folder).glob("python3.*")):
            # Shims of version managers have the right name and may still not run.
            if re.fullmatch(r"python3\.\d+", path.name) and "shims" not in path.parts:
                yield path.name.removeprefix("python"), path


def _environment(django: str, python: str, interpreter: Path) -> Path:
    """Return the interpreter of an environment with this Django, made if need be.

    Raises subprocess.CalledProcessError when it cannot be made.
    """
    folder = _ENVIRONMENTS / f"django-{django}-python-{python}"
    ready = folder / "ready"
    inside = folder / "bin" / "python"
    wanted = " ".join([f"django~={django}.0", *sorted(PACKAGES.values())])
    if not ready.exists() or ready.read_text("utf-8") != wanted:
        subprocess.run([str(interpreter), "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *wanted.split()], check=True)
        ready.write_text(wanted, "utf-8")
    return inside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
