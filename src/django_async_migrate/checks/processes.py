"""Files that say how a project is started, as far as their lines are plain: Procfile, Dockerfile and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django_async_migrate.core.findings import Span

from .base import Facts

#: Read below the project root, beside manage.py and settings, and in the folder above.
NAMES = (
    "Procfile",
    "Dockerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "gunicorn.conf.py",
    "uwsgi.ini",
    "supervisord.conf",
    "entrypoint.sh",
    "start.sh",
    "run.sh",
    "docker-entrypoint.sh",
    "compose/production/django/start",
)
_ASGI = re.compile(r"\b(?:uvicorn|daphne|hypercorn|uvicorn_worker|UvicornWorker)\b|\basgi\b", re.IGNORECASE)
_WSGI = re.compile(r"\b(gunicorn|uwsgi|waitress-serve|mod_wsgi-express)\b(?=[^\n]*\bwsgi\b)")
_UWSGI = re.compile(r"^\s*(?:module|wsgi-file)\s*=[^\n]*\bwsgi\b")


def read(facts: Facts) -> dict[str, str]:
    """Return the texts of the process files, by their paths; nothing if no settings module is selected."""
    if not any(found.module.path in facts.selected for found in facts.project.settings.modules):
        return {}
    tree = facts.project.tree
    folders = {""}
    for path in tree.paths:
        if path.endswith("manage.py") and path.rpartition("/")[2] == "manage.py":
            folder = path.rpartition("/")[0]
            folders |= {folder, folder.rpartition("/")[0]}
    found = {}
    for folder in sorted(folders):
        for name in (*NAMES, ".env"):
            path = f"{folder}/{name}" if folder else name
            data = tree.other_file(path)
            if data is not None:
                found[path] = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return found


def wsgi_lines(facts: Facts) -> Iterator[tuple[Span, str]]:
    """Yield the lines that start a WSGI server with the name of the server, if no file starts an ASGI one."""
    texts = {path: text for path, text in read(facts).items() if not path.endswith(".env")}
    if any(_ASGI.search(_code(line)) for text in texts.values() for line in text.split("\n")):
        return
    for path, text in texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            code = _code(line)
            found = _WSGI.search(code)
            server = found[1] if found else "uwsgi" if path.endswith("uwsgi.ini") and _UWSGI.search(code) else None
            if server is not None:
                start = len(line) - len(line.lstrip())
                yield Span(path, number, start + 1, number, len(line.rstrip()) + 1), server


def _code(line: str) -> str:
    """Return a line without its comment."""
    return "" if line.lstrip().startswith(("#", ";")) else line
