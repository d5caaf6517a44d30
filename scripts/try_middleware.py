"""Converts middleware of published packages in temporary copies and shows that it works: ``try_middleware.py``.

Each package is fetched as its source distribution, put beside a small site with sync and async views, and fixed with
``scan --fix --unsafe-fixes --select DAM301``. Its own tests run before and after, where it ships any, and Django's sync
and async handlers run the middleware before and after. Needs the network; the exit code is 1 when anything differs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORKER = Path(__file__).resolve().parent.parent / "tests" / "rewrite" / "middleware_worker.py"
_SITE = {
    "settings.py": """\
ROOT_URLCONF = "site_urls"
MIDDLEWARE = ["{name}"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
USE_TZ = True
{settings}
""",
    "asgi.py": """\
from django.core.asgi import get_asgi_application

application = get_asgi_application()
""",
    "site_urls.py": """\
from django.urls import path

import site_views

urlpatterns = [path("", site_views.home), path("about/", site_views.about), path("ping/", site_views.away)]
""",
    "site_views.py": """\
from django.http import HttpResponse, HttpResponseRedirect


async def home(request):
    return HttpResponse("<html><body>home</body></html>")


def about(request):
    return HttpResponse("<html><body>about</body></html>")


async def away(request):
    return HttpResponseRedirect("/about/")
""",
}


@dataclass(frozen=True)
class Package:
    """A release, a middleware of it, what Python runs its tests with, and settings that it asks for."""

    release: str
    name: str
    tests: tuple[str, ...] = ()
    settings: str = ""
    folder: str = "."


PACKAGES = (
    Package("django-htmx==1.9.0", "django_htmx.middleware.HtmxMiddleware", folder="src"),
    Package(
        "django-push-redirect==1.1.0",
        "push_redirect.middleware.Http2ServerPushRedirectMiddleware",
        ("manage.py", "test"),
        "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')",
    ),
    Package(
        "django-floc-disable==1.2.0",
        "django_floc_disable.middleware.FLoCDisableMiddleware",
        ("-m", "django", "test", "--settings=tests.test_settings", "--pattern=tests.py", "tests"),
    ),
    Package(
        "django-lb-health-check==1.0.1",
        "lb_health_check.middleware.AliveCheck",
        ("-m", "django", "test", "--settings=settings", "--pattern=tests.py", "lb_health_check"),
        "ALIVENESS_URL = '/ping/'\nSECRET_KEY = 'key'",
    ),
    Package(
        "django-referrer-policy==1.0",
        "django_referrer_policy.middleware.ReferrerPolicyMiddleware",
        settings="REFERRER_POLICY = 'same-origin'",
    ),
    Package(
        "django-enforce-host==1.1.0", "enforce_host.EnforceHostMiddleware", settings="ENFORCE_HOST = 'example.com'"
    ),
    Package("django-samesite-none==0.0.3", "django_samesite_none.middleware.SameSiteNoneMiddleware"),
    Package("django-version==1.0.0", "django_version.middleware.VersionMiddleware", settings="PROJECT_VERSION = '7'"),
)


def main() -> int:
    """Try all packages, print a line for each, and return the exit code."""
    failed = 0
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            wrong = _tried(package, Path(folder))
        failed += bool(wrong)
        print(f"{package.release}: {wrong or 'works'}", flush=True)
    return 1 if failed else 0


def _tried(package: Package, folder: Path) -> str:
    """Convert a package; return what is wrong, or an empty text."""
    root = _fetched(package, folder)
    if root is None:
        return "it could not be fetched"
    for name, text in _SITE.items():
        (root / package.folder / name).write_text(
            text.format(name=package.name, settings=package.settings) if name == "settings.py" else text
        )
    tests, before = _tests(package, root), _seen(package, root)
    scan = ("-m", "django_async_migrate", "scan", ".", "--select", "DAM301", "--fix", "--unsafe-fixes")
    fixed = subprocess.run((sys.executable, *scan), cwd=root, capture_output=True, text=True)
    if fixed.returncode:
        return f"findings are left: {fixed.stdout}{fixed.stderr}"
    after = _seen(package, root)
    if after["adapted"] or not before["adapted"]:
        return "it was not converted"
    if any(seen[mode] != before["sync"] for seen in (before, after) for mode in ("sync", "async")):
        return "responses differ"
    return "" if _tests(package, root) == tests else "its tests give something else"


def _fetched(package: Package, folder: Path) -> Path | None:
    pip = ("-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder))
    subprocess.run((sys.executable, *pip, package.release), capture_output=True, timeout=300)
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as held:
            held.extractall(folder / "unpacked", filter="data")
        return next((folder / "unpacked").iterdir())
    return None


def _tests(package: Package, root: Path) -> str:
    """Return how the package's own tests end, without how long they took."""
    if not package.tests:
        return ""
    done = subprocess.run((sys.executable, *package.tests), cwd=root, capture_output=True, text=True, timeout=300)
    ends = [line.partition(" in ")[0] for line in done.stderr.splitlines() if line.startswith(("Ran", "OK", "FAILED"))]
    return f"{done.returncode} {ends}"


def _seen(package: Package, root: Path) -> dict[str, Any]:
    done = subprocess.run((sys.executable, _WORKER, root / package.folder), capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout)[package.name]  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
