"""Write rules/classes/*.toml: which methods of itself a library class calls, read from the library's source.

    python scripts/generate_hooks.py django SITE_PACKAGES...
    python scripts/generate_hooks.py rest_framework SITE_PACKAGES

Give one folder for each release, oldest first. What a method calls is kept where all releases agree; a class that the
first releases lack gets a ``since``. Nothing of the library is imported. docs/rows.md explains the keys.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

#: What is read, by package: modules, with the classes wanted from them where not all are.
MODULES: dict[str, dict[str, tuple[str, ...]]] = {
    "django": {
        "django.views.generic.base": (),
        "django.views.generic.dates": (),
        "django.views.generic.detail": (),
        "django.views.generic.edit": (),
        "django.views.generic.list": (),
        "django.views.i18n": (),
        "django.contrib.auth.mixins": (),
        "django.contrib.auth.views": (),
        "django.contrib.admin.options": ("BaseModelAdmin", "ModelAdmin", "InlineModelAdmin", "StackedInline"),
        "django.contrib.sitemaps": (),
        "django.contrib.syndication.views": ("Feed",),
        "django.apps.config": (),
        "django.core.management.base": ("BaseCommand", "AppCommand", "LabelCommand"),
        "django.db.models.base": ("Model",),
        "django.forms.forms": (),
        "django.forms.formsets": (),
        "django.forms.models": (
            "BaseModelForm",
            "ModelForm",
            "BaseModelFormSet",
            "BaseInlineFormSet",
        ),
        "django.test.testcases": ("SimpleTestCase", "TransactionTestCase", "TestCase", "LiveServerTestCase"),
    },
    "rest_framework": {
        "rest_framework.views": (),
        "rest_framework.generics": (),
        "rest_framework.mixins": (),
        "rest_framework.permissions": (),
        "rest_framework.serializers": (
            "BaseSerializer",
            "Serializer",
            "ModelSerializer",
            "HyperlinkedModelSerializer",
        ),
        "rest_framework.throttling": (),
        "rest_framework.viewsets": (),
    },
    "channels": {
        "channels.consumer": (),
        "channels.generic.http": (),
        "channels.generic.websocket": (),
    },
}
#: The rule of what is found in the classes below one; the others are DAM802.
RULES = {
    "django.core.management.base.BaseCommand": "DAM807",
    "django.test.testcases.SimpleTestCase": "DAM810",
    "channels.consumer.AsyncConsumer": "DAM806",
    "channels.consumer.SyncConsumer": "DAM806",
}
#: Called by other code of the library on an object it is given, and not awaited.
CALLED = {
    "django.apps.config.AppConfig": ["ready"],
    "django.contrib.admin.options.BaseModelAdmin": [
        "formfield_for_choice_field",
        "formfield_for_dbfield",
        "formfield_for_foreignkey",
        "formfield_for_manytomany",
        "get_queryset",
        "has_add_permission",
        "has_change_permission",
        "has_delete_permission",
        "has_view_permission",
    ],
    "django.contrib.admin.options.ModelAdmin": [
        "changelist_view",
        "delete_model",
        "delete_queryset",
        "get_urls",
        "has_module_permission",
        "log_addition",
        "log_change",
        "save_form",
        "save_formset",
        "save_model",
        "save_related",
    ],
    "django.core.management.base.BaseCommand": ["add_arguments", "handle"],
    "django.test.testcases.SimpleTestCase": ["setUp", "setUpClass", "tearDown", "tearDownClass"],
    "django.test.testcases.TestCase": ["setUpTestData"],
    "rest_framework.permissions.BasePermission": ["has_object_permission", "has_permission"],
    "rest_framework.throttling.BaseThrottle": ["allow_request", "wait"],
}
#: What a router binds to the handlers of a viewset.
ACTIONS = {
    "rest_framework.viewsets.ViewSetMixin": ["create", "destroy", "list", "partial_update", "retrieve", "update"],
}
#: Packages that await what ``called`` names: where a project uses one, nothing is said.
AWAITED_BY = {
    "rest_framework.permissions.BasePermission": ["adrf"],
    "rest_framework.throttling.BaseThrottle": ["adrf"],
}
#: Mixins whose dispatch() answers by itself, and asks for the user, before it hands on.
ANSWERS = {
    "django.contrib.auth.mixins.LoginRequiredMixin",
    "django.contrib.auth.mixins.PermissionRequiredMixin",
    "django.contrib.auth.mixins.UserPassesTestMixin",
}
#: The same, by code that a project may do without: create(), forms, the admin.
SOMETIMES = {"django.db.models.base.Model": ["__str__", "clean", "delete", "full_clean", "get_absolute_url", "save"]}
#: By those names unittest has hooks, in a class that none of these descends from.
NEVER = {"django.test.testcases.SimpleTestCase": ["asyncSetUp", "asyncTearDown"]}
#: Calls by way of a computed name or a method that was handed out: ``@`` stands for the handlers of the HTTP methods,
#: ``*`` for the name of a field.
COMPUTED = {
    ("django.views.generic.base.View", "dispatch"): ["=@"],
    ("django.contrib.auth.mixins.UserPassesTestMixin", "dispatch"): ["test_func"],
    ("django.forms.forms.BaseForm", "_clean_fields"): ["clean_*"],
    ("django.forms.forms.BaseForm", "_clean_bound_field"): ["clean_*"],
    ("rest_framework.views.APIView", "dispatch"): ["@"],
    ("rest_framework.serializers.Serializer", "to_internal_value"): ["validate_*"],
}
#: What calls the methods of a view, from outside the class.
ENTRIES = {"django.views.generic.base.View": ["setup", "=dispatch"]}
_PUBLIC = {
    "django.contrib.admin": ("django.contrib.admin.options",),
    "django.apps": ("django.apps.config",),
    "django.core.management": ("django.core.management.base",),
    "django.db.models": ("django.db.models.base",),
    "django.forms": ("django.forms.forms", "django.forms.models", "django.forms.formsets"),
    "django.test": ("django.test.testcases",),
    "django.views": ("django.views.generic.base",),
    "django.views.generic": (
        "django.views.generic.base",
        "django.views.generic.dates",
        "django.views.generic.detail",
        "django.views.generic.edit",
        "django.views.generic.list",
    ),
}


class Described:
    """One class of one release: bases by dotted name, and for each method what it calls."""

    def __init__(self, api: str, bases: list[str], methods: dict[str, list[str]], coroutines: list[str]) -> None:
        self.api = api
        self.bases = bases
        self.methods = methods
        self.coroutines = coroutines


def read(site: Path, package: str) -> dict[str, Described]:
    """Return the classes of one release, by dotted name."""
    found: dict[str, Described] = {}
    for module, wanted in MODULES[package].items():
        path = site / (module.replace(".", "/") + ".py")
        if not path.is_file():
            path = site / module.replace(".", "/") / "__init__.py"
        tree = ast.parse(path.read_text("utf-8"))
        names = _imports(tree, module)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and (not wanted or node.name in wanted):
                found[f"{module}.{node.name}"] = _describe(node, module, names)
    return found


def _imports(tree: ast.Module, module: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(filter(None, [*module.split(".")[: -node.level], base]))
            for alias in node.names:
                names[alias.asname or alias.name] = f"{base}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (alias.asname and alias.name) or alias.name.split(
                    "."
                )[0]
        elif isinstance(node, ast.ClassDef):
            names[node.name] = f"{module}.{node.name}"
    return names


def _describe(node: ast.ClassDef, module: str, names: dict[str, str]) -> Described:
    bases = []
    for base in node.bases:
        head, _, rest = ast.unparse(base).partition(".")
        bases.append(".".join(filter(None, [names.get(head, head), rest])))
    methods: dict[str, list[str]] = {}
    coroutines: list[str] = []
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if any("property" in ast.unparse(decorator) for decorator in item.decorator_list):
                continue
            calls = sorted({*_calls(item), *COMPUTED.get((f"{module}.{node.name}", item.name), ())})
            methods[item.name] = sorted({*methods.get(item.name, ()), *calls})
            if isinstance(item, ast.AsyncFunctionDef):
                coroutines.append(item.name)
    return Described(f"{module}.{node.name}", bases, methods, coroutines)


def _calls(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Give the methods of itself that a method calls: ``+`` awaited, ``=`` returned as they are, ``^`` of ``super``."""
    if not function.args.args:
        return
    receiver = function.args.args[0].arg
    returned = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Return)}
    awaited = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Await)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value)
        if owner not in (receiver, "super()"):
            continue
        mark = "+" if id(node) in awaited else "=" if id(node) in returned else ""
        if isinstance(function, ast.AsyncFunctionDef) and mark != "+":
            continue
        yield f"{mark}{'^' if owner == 'super()' else ''}{node.func.attr}"


def merged(package: str, sites: list[Path]) -> Iterator[str]:
    """Give the text of the rows."""
    releases = [(_version(site, package), read(site, package)) for site in sites]
    newest, classes = releases[-1]
    versions = newest if len(releases) == 1 else f"{releases[0][0]} to {newest}"
    for api, described in sorted(classes.items()):
        have = [(version, release[api]) for version, release in releases if api in release]
        methods = {
            name: [call for call in calls if all(call in other.methods.get(name, ()) for _, other in have)]
            for name, calls in described.methods.items()
        }
        yield "[[class]]"
        yield f'api = "{api}"'
        module, _, name = api.rpartition(".")
        aliases = [f"{public}.{name}" for public, modules in _PUBLIC.items() if module in modules]
        if aliases:
            yield f"aliases = {_list(aliases)}"
        bases = [base for base in described.bases if base != "object"]
        if bases:
            yield f"bases = {_list(bases)}"
        if have[0][0] != releases[0][0]:
            yield f'since = "{".".join(have[0][0].split(".")[:2])}"'
        for key, table in (
            ("called", CALLED),
            ("sometimes", SOMETIMES),
            ("entries", ENTRIES),
            ("never", NEVER),
            ("actions", ACTIONS),
            ("awaited-by", AWAITED_BY),
        ):
            if api in table:
                yield f"{key} = {_list(table[api])}"
        if api in ANSWERS:
            yield "answers = true"
        if api in RULES:
            yield f'rule = "{RULES[api]}"'
        if described.coroutines:
            yield f"coroutines = {_list(described.coroutines)}"
        yield f'source = "{package} {versions}"'
        if methods:
            yield "[class.methods]"
            yield from (f"{_key(name)} = {_list(calls)}" for name, calls in methods.items())
        yield ""


def _version(site: Path, package: str) -> str:
    distribution = {"rest_framework": "djangorestframework"}.get(package, package)
    for path in site.iterdir():
        found = re.fullmatch(rf"{distribution}-([0-9.]+)\.dist-info", path.name.lower())
        if found is not None:
            return found[1]
    raise SystemExit(f"{site} does not hold {distribution}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _list(items: list[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


def main() -> None:
    """Write the file of the package named on the command line."""
    package, *sites = sys.argv[1:]
    target = Path(__file__).resolve().parents[1] / "rules" / "classes" / f"{package}.toml"
    target.parent.mkdir(exist_ok=True)
    head = "# Written by scripts/generate_hooks.py. docs/rows.md explains the keys.\n\n"
    target.write_text(head + "\n".join(merged(package, [Path(site) for site in sites])), "utf-8")


if __name__ == "__main__":
    main()
