"""Middleware of packages that are installed beside the project is read where no row tells about it."""

from __future__ import annotations

from django_async_migrate.api import scan
from django_async_migrate.core.findings import Report
from django_async_migrate.core.options import ScanOptions
from django_async_migrate.syntax.filesystem import MemoryFileSystem

_SITE = "/p/.venv/lib/python3.12/site-packages"
_PLAIN = """
class Plain:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)
"""
_HYBRID = """
from django.utils.deprecation import MiddlewareMixin


class Hooks(MiddlewareMixin):
    def process_response(self, request, response):
        return response
"""


def _report(files: dict[str, str]) -> Report:
    middleware = ["django.middleware.common.CommonMiddleware", "trail.middleware.Hooks", "trail.Plain"]
    asgi = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
    urls = "from django.urls import path\nfrom . import views\nurlpatterns = [path('', views.home)]\n"
    project = {
        "/p/manage.py": "",
        "/p/conf/settings.py": f"SECRET_KEY = 'x'\nROOT_URLCONF = 'conf.urls'\nMIDDLEWARE = {middleware!r}\n",
        "/p/conf/asgi.py": asgi,
        "/p/conf/urls.py": urls,
        "/p/conf/views.py": "async def home(request):\n    return None\n",
    }
    options = ScanOptions(paths=("/p",), project="/p", target_version="5.2", select=("DAM310",))
    return scan(options, MemoryFileSystem({**project, **files}), cwd="/p")


def test_installed_middleware_is_read() -> None:
    report = _report(
        {
            "/p/.venv/pyvenv.cfg": "",
            f"{_SITE}/trail/__init__.py": "from .middleware import Plain\n",
            f"{_SITE}/trail/middleware.py": _PLAIN + _HYBRID,
        }
    )
    (finding,) = report.findings
    assert [step.message.partition(":")[0] for step in finding.trace] == ["CommonMiddleware", "Hooks", "Plain"]
    assert "Plain" in finding.message
    assert not report.problems


def test_what_is_not_installed_is_unknown() -> None:
    assert not _report({}).findings
    assert not _report({"/p/.venv/pyvenv.cfg": "", f"{_SITE}/other/__init__.py": ""}).findings


def test_a_package_that_cannot_be_parsed_is_unknown() -> None:
    report = _report({"/p/.venv/pyvenv.cfg": "", f"{_SITE}/trail.py": "class Plain(:\n"})
    assert not report.findings
    assert not report.problems
