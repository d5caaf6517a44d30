"""DAM902: a process file that serves a project with async views by WSGI alone."""

from __future__ import annotations

from collections.abc import Iterator

from django_async_migrate.checks.base import Fact, FactRule, Facts
from django_async_migrate.checks.processes import wsgi_lines
from django_async_migrate.core.findings import Fix

_ADVICE = "serve the ASGI application: uvicorn, daphne, hypercorn, or gunicorn with -k uvicorn_worker.UvicornWorker"


def _find(facts: Facts) -> Iterator[Fact]:
    survey = facts.project.survey
    if not (survey.async_views or survey.consumers):
        return
    for span, server in wsgi_lines(facts):
        what = "consumers never run" if survey.consumers else "each async view gets an event loop of its own"
        yield Fact(span, f"{server} serves the project by WSGI: {what}", "", fix=Fix("manual", _ADVICE))


RULE = FactRule(
    code="DAM902",
    name="wsgi-process-file",
    severity="warning",
    summary="A process file that serves a project with async views by WSGI alone",
    find=_find,
)
