"""Makes a running Django project out of the files of a case. Runs in the process that judges the case."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

CONTRIB = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
)
#: What a request gives to templates in a project that Django started.
PROCESSORS = (
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)


def set_up(files: Mapping[str, str], root: Path, database: Path, template: Path | None) -> Path:
    """Write the files of a case below ``root``, install its apps and return the folder on ``sys.path``.

    ``database`` becomes the database: as it is where the file exists, else a copy of ``template``. Without a
    template Django is set up here, with the case's own settings.
    """
    write_files(files, root)
    source = source_root(files, root)
    prepare_interpreter(source)
    own = settings_module(files)
    if own:
        more = own_settings(own, root, source)
        more["INSTALLED_APPS"] = [*more.get("INSTALLED_APPS", []), *app_names(files, root, source)]
        start(database, more)
    elif template:
        if not database.exists():
            copy_database(template, database)
        use_database(database)
        add_apps(app_names(files, root, source))
    use_urls(files, root, source)
    return source


def module(name: str, root: Path, source: Path) -> Any:
    """Import a file of the case and return the module."""
    return importlib.import_module(dotted_name(name, root, source))


def seed(files: Iterable[str], root: Path, source: Path) -> None:
    """Fill the tables: with the case's seed.py, or with some rows in each."""
    from oracle.seeding import seed_rows

    name = next((name for name in files if PurePosixPath(name).name == "seed.py"), None)
    if name is None:
        seed_rows()
    else:
        module(name, root, source).seed()


def warm_up() -> None:
    """Import what most cases need, once for all processes."""
    for name in ("django.test", "django.core.paginator", "oracle.seeding", "concurrent.futures.thread"):
        importlib.import_module(name)


def write_files(files: Mapping[str, str], root: Path) -> None:
    """Write the files of a case below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def source_root(files: Iterable[str], root: Path) -> Path:
    """Return the folder that goes on ``sys.path``: that of manage.py, else ``src``, else the root."""
    names = list(files)
    for name in names:
        if PurePosixPath(name).name == "manage.py":
            return root / PurePosixPath(name).parent
    return root / "src" if any(name.startswith("src/") for name in names) else root


def app_names(files: Iterable[str], root: Path, source: Path) -> list[str]:
    """Return the dotted names of the folders that hold models, in the order of the files."""
    found: dict[str, None] = {}
    for name in files:
        path = PurePosixPath(name)
        folder = path.parent
        if path.name == "__init__.py" and folder.name == "models":
            folder = folder.parent
        elif path.name != "models.py":
            continue
        dotted = (root / folder).relative_to(source).as_posix().replace("/", ".")
        if dotted != ".":
            found[dotted] = None
    return list(found)


def settings_module(files: Iterable[str]) -> str | None:
    """Return the path of the case's own settings file, or None."""
    return next((name for name in files if PurePosixPath(name).name == "settings.py"), None)


def base_settings(database: Path) -> dict[str, Any]:
    """Return settings for a project with the contrib apps alone."""
    return {
        "SECRET_KEY": "not-secret",
        "USE_TZ": True,
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": "oracle.urls",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": list(CONTRIB),
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": list(PROCESSORS)},
            }
        ],
    }


def start(database: Path, more: Mapping[str, Any]) -> None:
    """Configure Django and fill its app registry; ``more`` is laid over the basic settings."""
    import django  # type: ignore[import-untyped]
    from django.conf import settings  # type: ignore[import-untyped]

    merged = {**base_settings(database), **more}
    merged["INSTALLED_APPS"] = list(dict.fromkeys([*CONTRIB, *merged["INSTALLED_APPS"]]))
    settings.configure(**merged)
    django.setup()


def own_settings(path: str, root: Path, source: Path) -> dict[str, Any]:
    """Import the case's settings file and return its settings, without its database."""
    module = importlib.import_module(dotted_name(path, root, source))
    found = {name: value for name, value in vars(module).items() if name.isupper()}
    found.pop("DATABASES", None)
    return found


def add_apps(names: Iterable[str]) -> None:
    """Install further apps into a registry that is already filled."""
    from django.apps import apps  # type: ignore[import-untyped]
    from django.conf import settings

    wanted = [*settings.INSTALLED_APPS]
    wanted += [name for name in names if name not in wanted and name not in installed()]
    settings.INSTALLED_APPS = wanted
    apps.set_installed_apps(wanted)


def use_urls(files: Iterable[str], root: Path, source: Path) -> None:
    """Make the outermost urls.py of the case, if it has one, the project's."""
    from django.conf import settings

    found = [name for name in files if PurePosixPath(name).name == "urls.py"]
    if found and settings.ROOT_URLCONF == "oracle.urls":
        settings.ROOT_URLCONF = dotted_name(min(found, key=lambda name: name.count("/")), root, source)


def dotted_name(name: str, root: Path, source: Path) -> str:
    """Return the dotted name of a file of the case."""
    dotted = (root / name).relative_to(source).with_suffix("").as_posix().replace("/", ".")
    return dotted.removesuffix(".__init__")


def installed() -> set[str]:
    """Return the module names of the installed apps, whichever way the settings name them."""
    from django.apps import apps

    return {config.name for config in apps.get_app_configs()}


def create_tables() -> None:
    """Create the tables that are missing, those of unmanaged models too."""
    from django.apps import apps
    from django.db import connection  # type: ignore[import-untyped]

    present = set(connection.introspection.table_names())
    # SQLite refuses to change a schema while foreign keys are enforced.
    with connection.schema_editor() as editor:
        for model in apps.get_models(include_auto_created=False):
            options = model._meta
            if not options.proxy and not options.swapped and options.db_table not in present:
                editor.create_model(model)
    # Readers and writers on two connections must not wait for one another.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")


def use_database(path: Path) -> None:
    """Point the default connection of every thread to another file."""
    from django.db import connections

    connections.close_all()
    connections.settings["default"]["NAME"] = str(path)
    connections["default"].settings_dict["NAME"] = str(path)


def disconnect() -> None:
    """Close the connections of this thread: none may be open when the process forks."""
    from django.db import connections

    connections.close_all()


def copy_database(source: Path, target: Path) -> None:
    """Copy a database file that no connection has open."""
    from django.db import connections

    connections.close_all()
    shutil.copyfile(source, target)


def forget_caches() -> None:
    """Empty the caches that would make the result of a run depend on what ran before."""
    from django.contrib.contenttypes.models import ContentType  # type: ignore[import-untyped]

    ContentType.objects.clear_cache()


def prepare_interpreter(source: Path) -> None:
    """Make the files of a case importable and leave nothing behind."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    importlib.invalidate_caches()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
