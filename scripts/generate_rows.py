"""Writes the rows about models that ship with Django or with a library, read from the installed packages.

    python scripts/generate_rows.py django rules/generated
    python scripts/generate_rows.py third-party rules/generated

Run it in an environment that holds the packages: for ``django`` any supported Django (the oracle tests run
the comparison on each), for ``third-party`` those of scripts/third_party.txt, under Python 3.12. One file is
written per top-level package. What a method or property does cannot be read off a class: that is written by
hand, in rules/packages/.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

DJANGO_APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.flatpages",
    "django.contrib.redirects",
)
# Installed app (or a module with abstract models only) -> the distribution it comes from.
THIRD_PARTY_APPS = {
    "rest_framework.authtoken": "djangorestframework",
    "rest_framework_simplejwt.token_blacklist": "djangorestframework_simplejwt",
    "knox": "django-rest-knox",
    "allauth.account": "django-allauth",
    "allauth.socialaccount": "django-allauth",
    "oauth2_provider": "django-oauth-toolkit",
    "social_django": "social-auth-app-django",
    "django_celery_results": "django_celery_results",
    "django_celery_beat": "django-celery-beat",
    "guardian": "django-guardian",
    "taggit": "django-taggit",
    "model_utils": "django-model-utils",
    "polymorphic": "django-polymorphic",
    "mptt": "django-mptt",
    "treebeard": "django-treebeard",
    "modelcluster": "django-modelcluster",
    "solo": "django-solo",
    "safedelete": "django-safedelete",
    "parler": "django-parler",
    "django_extensions": "django-extensions",
    "wagtail": "wagtail",
    "wagtail.images": "wagtail",
    "wagtail.documents": "wagtail",
    "wagtail.users": "wagtail",
    "wagtail.contrib.redirects": "wagtail",
    "waffle": "django-waffle",
    "axes": "django-axes",
    "django_otp": "django-otp",
    "django_otp.plugins.otp_totp": "django-otp",
    "django_otp.plugins.otp_static": "django-otp",
    "reversion": "django-reversion",
    "ordered_model": "django-ordered-model",
    "tree_queries": "django-tree-queries",
    "django_comments": "django-contrib-comments",
    "easy_thumbnails": "easy-thumbnails",
    "filer": "django-filer",
    "organizations": "django-organizations",
    "push_notifications": "django-push-notifications",
    "actstream": "django-activity-stream",
    "auditlog": "django-auditlog",
    "hitcount": "django-hitcount",
}
# Modules whose models are abstract, so that no app registry lists them.
ABSTRACT_MODULES = (
    "django.contrib.auth.models",
    "django.contrib.auth.base_user",
    "django.contrib.sessions.base_session",
    "allauth.account.models",
    "oauth2_provider.models",
    "social_django.models",
    "guardian.models",
    "taggit.models",
    "model_utils.models",
    "polymorphic.models",
    "mptt.models",
    "treebeard.mp_tree",
    "treebeard.al_tree",
    "treebeard.ns_tree",
    "modelcluster.models",
    "solo.models",
    "safedelete.models",
    "parler.models",
    "django_extensions.db.models",
    "django_lifecycle",
    "django_lifecycle.models",
    "ordered_model.models",
    "tree_queries.models",
    "wagtail.models",
    "wagtail.images.models",
    "wagtail.documents.models",
    "organizations.models",
    "organizations.abstract",
    "organizations.base",
    "knox.models",
    "waffle.models",
    "waffle",
    "auditlog.models",
    "hitcount.models",
    "hitcount.mixins",
    "django_otp.models",
    "axes.models",
    "filer.models",
    "filer.models.abstract",
    "django_comments.models",
    "django_comments.abstracts",
    "rest_framework.authtoken.models",
)
SKIPPED_BASES = ("django.db.models.base.Model",)


def configure(apps: Iterable[str]) -> None:
    """Set Django up with ``apps`` installed and a database in memory."""
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=list(apps),
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SECRET_KEY="rows",
        SITE_ID=1,
        STATIC_URL="/static/",
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        WAGTAIL_SITE_NAME="rows",
        WAGTAILADMIN_BASE_URL="http://localhost",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    import django

    django.setup()


def dotted(cls: type[Any]) -> str:
    """Return the path a class is defined at."""
    return f"{cls.__module__}.{cls.__qualname__}"


def exported() -> dict[type[Any], list[str]]:
    """Map every class of the modules that can be imported to the paths it is reachable at."""
    from django.apps import apps

    found: dict[type[Any], list[str]] = {}
    modules = {config.models_module.__name__ for config in apps.get_app_configs() if config.models_module}
    for name in sorted(modules | set(ABSTRACT_MODULES)):
        try:
            module = importlib.import_module(name)
        except (ImportError, RuntimeError):  # not installed, or not among the installed apps
            continue
        for attribute, value in sorted(vars(module).items()):
            if inspect.isclass(value) and value.__name__ == attribute:
                found.setdefault(value, []).append(f"{name}.{attribute}")
    return found


def same_package(names: list[str], api: str) -> list[str]:
    """Return the other paths of ``api`` within its own package: where another one imports it says nothing."""
    parts = 3 if api.startswith("django.contrib.") else 1
    own = api.split(".")[:parts]
    return sorted(name for name in names if name != api and name.split(".")[:parts] == own)


def ancestors(cls: type[Any]) -> Iterator[type[Any]]:
    """Yield the model classes ``cls`` descends from, itself first, ``Model`` left out."""
    from django.db import models

    for base in cls.__mro__:
        if isinstance(base, models.base.ModelBase) and base is not models.Model:
            yield base


def own_fields(cls: type[Any]) -> list[Any]:
    """Return the fields that ``cls`` declares, those it has from abstract bases left out."""
    inherited = {
        field.name
        for base in ancestors(cls)
        if base is not cls and base._meta.abstract
        for field in [*base._meta.local_fields, *base._meta.local_many_to_many, *base._meta.private_fields]
    }
    fields = [*cls._meta.local_fields, *cls._meta.local_many_to_many, *cls._meta.private_fields]
    own = [field for field in fields if field.name not in inherited and not field.auto_created]
    return sorted({field.name: field for field in own}.values(), key=lambda field: field.name)


def relation_kind(field: Any) -> str | None:
    """Return the catalogue's word for a relation field, None for a scalar."""
    from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation

    if isinstance(field, GenericForeignKey):
        return "generic-foreign-key"
    if isinstance(field, GenericRelation):
        return "generic-relation"
    if field.one_to_one:
        return "one-to-one"
    if field.many_to_one:
        return "foreign-key"
    return "many-to-many" if field.many_to_many else None


def target(field: Any) -> str:
    """Return the dotted path of the model a relation leads to, or the setting it is swapped by."""
    from django.db import models

    related = field.remote_field.model if field.remote_field else None
    setting = getattr(field, "swappable_setting", None)
    if setting:
        return f"settings.{setting}"
    if isinstance(related, str):
        if related == "self":
            return "self"
        from django.apps import apps

        try:
            related = apps.get_model(related)
        except (LookupError, ValueError):
            return related
    if related is None and dotted(type(field)) == "taggit.managers.TaggableManager":
        return "taggit.models.Tag"  # on an abstract model the field has not met its model yet
    return dotted(related) if isinstance(related, models.base.ModelBase) else ""


def relation(field: Any) -> dict[str, Any]:
    """Describe one relation field."""
    kind = relation_kind(field)
    row: dict[str, Any] = {"name": field.name, "kind": kind}
    if kind == "generic-foreign-key":
        return {**row, "to": "", "content-type": field.ct_field, "object-id": field.fk_field}
    row["to"] = target(field)
    related_name = getattr(field, "_related_name", None) or field.remote_field.related_name
    if related_name:
        row["related-name"] = related_name
    if field.null and kind in ("foreign-key", "one-to-one"):
        row["null"] = True
    return row


def str_loads(cls: type[Any], relations: Iterable[str]) -> list[str]:
    """Return the relations that the ``__str__`` of the class's own body reads from ``self``."""
    method = vars(cls).get("__str__")
    if method is None:
        return []
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, SyntaxError, TypeError):
        return []
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    return sorted(read.intersection(relations))


def managers(cls: type[Any]) -> list[dict[str, str]]:
    """Describe the managers declared by ``cls``, or the default one when there is no other."""
    from django.db import models

    rows = []
    for manager in sorted(cls._meta.local_managers, key=lambda item: item.name):
        row = {"name": manager.name}
        if type(manager) is not models.Manager:
            row["api"] = dotted(type(manager))
        if getattr(manager, "_queryset_class", models.QuerySet) is not models.QuerySet:
            row["queryset"] = dotted(manager._queryset_class)
        rows.append(row)
    return rows


def model_row(cls: type[Any], names: list[str], source: str) -> dict[str, Any]:
    """Describe one model class."""
    meta = cls._meta
    fields = own_fields(cls)
    api = dotted(cls)
    row: dict[str, Any] = {"api": api}
    if aliases := same_package(names, api):
        row["aliases"] = aliases
    if not meta.abstract:
        row["app-label"] = meta.app_label
    row["abstract"] = meta.abstract
    if meta.proxy:
        row["proxy"] = True
    if meta.swappable:
        row["swappable"] = meta.swappable
    row["bases"] = [dotted(base) for base in cls.__bases__ if base in set(ancestors(cls))]
    own = [field for field in fields if relation_kind(field) is None]
    keys = [field.name for field in fields if field.primary_key]
    row["primary-key"] = keys[0] if keys and relation_kind(fields[0]) is None else ""
    row["scalars"] = [field.name for field in own]
    row["unique"] = [field.name for field in fields if getattr(field, "unique", False) and not field.primary_key]
    row["constraints"] = bool(meta.constraints or meta.unique_together)
    row["ordered"] = bool(meta.ordering)
    row["relations"] = [relation(field) for field in fields if relation_kind(field) is not None]
    single = {
        field.name
        for field in [*meta.get_fields()]
        if relation_kind(field) in ("foreign-key", "one-to-one", "generic-foreign-key") and not field.auto_created
    }
    row["str-loads"] = str_loads(cls, single)
    row["managers"] = managers(cls)
    row["source"] = source
    return {key: value for key, value in row.items() if value not in ("", [], False)}


def manager_classes(models: Iterable[type[Any]]) -> list[type[Any]]:
    """Return the manager and queryset classes of ``models``, with their bases; not Django's roots."""
    from django.db.models import QuerySet
    from django.db.models.manager import BaseManager

    found: set[type[Any]] = set()
    for model in models:
        for manager in model._meta.local_managers:
            for root in (type(manager), getattr(manager, "_queryset_class", QuerySet)):
                for base in root.__mro__:
                    if issubclass(base, (BaseManager, QuerySet)) and not base.__module__.startswith("django.db."):
                        found.add(base)
    return sorted(found, key=dotted)


def manager_row(cls: type[Any], names: list[str], source: str) -> dict[str, Any]:
    """Describe one manager or queryset class: its bases and the public names its body defines."""
    row: dict[str, Any] = {"api": dotted(cls)}
    if aliases := same_package(names, row["api"]):
        row["aliases"] = aliases
    row["bases"] = [public(base) for base in cls.__bases__ if base is not object]
    if not row["api"].startswith("django."):
        # What Django's own define differs by release: rules/members.toml has it all, with dates.
        row["defines"] = sorted(
            name for name, value in vars(cls).items() if not name.startswith("_") and callable(value)
        )
    row["source"] = source
    return {key: value for key, value in row.items() if value != []}


def public(cls: type[Any]) -> str:
    """Return the path a class is documented at; Django's roots have shorter names than where they live."""
    from django.db.models import Manager, QuerySet

    return {Manager: "django.db.models.Manager", QuerySet: "django.db.models.QuerySet"}.get(cls, dotted(cls))


def toml_value(value: object) -> str:
    """Write a value as TOML; strings here hold no quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
    assert isinstance(value, list)
    items = [toml_value(item) for item in value]
    line = "[" + ", ".join(items) + "]"
    if len(line) <= 90 and not any(isinstance(item, dict) for item in value):
        return line
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def write_table(stream: TextIO, name: str, row: dict[str, Any]) -> None:
    """Write one row of table ``name``."""
    stream.write(f"\n[[{name}]]\n")
    for key, value in row.items():
        stream.write(f"{key} = {toml_value(value)}\n")


def rows(packages: dict[str, str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the model rows and the manager rows of the root packages named by ``packages``.

    ``packages`` maps an app to what its rows name as source.
    """
    from django.apps import apps

    names = exported()
    classes = {base for model in apps.get_models(include_auto_created=False) for base in ancestors(model)}
    for cls in names:
        classes.update(ancestors(cls))
    mine = sorted((cls for cls in classes if source_of(cls, packages)), key=dotted)
    models = [model_row(cls, names.get(cls, []), source_of(cls, packages)) for cls in mine]
    managers_ = [
        manager_row(cls, names.get(cls, []), source_of(cls, packages))
        for cls in manager_classes(mine)
        if source_of(cls, packages)
    ]
    return models, managers_


def source_of(cls: type[Any], packages: dict[str, str]) -> str:
    """Return what the row of ``cls`` names as its source, "" when it is not of these packages."""
    roots = {app.partition(".")[0]: source for app, source in packages.items()}
    exact = next((source for app, source in packages.items() if cls.__module__.startswith(app + ".")), None)
    return exact or roots.get(cls.__module__.partition(".")[0], "")


def main(which: str, folder: Path) -> None:
    """Write the rows about Django, or about third-party packages, into ``folder``."""
    if which == "django":
        configure(DJANGO_APPS)
        docs = "https://docs.djangoproject.com/en/stable/ref/contrib"
        packages = {app: f"{docs}/{app.rpartition('.')[2]}/" for app in DJANGO_APPS}
    else:
        configure([*DJANGO_APPS, *THIRD_PARTY_APPS])
        packages = {app: f"{name} {version(name)}" for app, name in THIRD_PARTY_APPS.items()}
        packages["django_lifecycle"] = f"django-lifecycle {version('django-lifecycle')}"
    models, classes = rows(packages)
    for root in sorted({app.partition(".")[0] for app in packages}):
        with (folder / f"{root}.toml").open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(f"# Written by scripts/generate_rows.py {which}. docs/rows.md explains the keys.\n")
            for table, found in (("model", models), ("manager", classes)):
                for row in found:
                    if row["api"].partition(".")[0] == root:
                        write_table(stream, table, row)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
