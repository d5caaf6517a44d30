"""Functions of Django and Python whose result is certainly nothing to await."""

from __future__ import annotations

from .absent import known

#: The default cache, and what gives the others in square brackets.
CACHE = "django.core.cache.cache"
CACHES = "django.core.cache.caches"
_CACHE = "django.core.cache.backends.base.BaseCache"
#: Modules of which every public function and class that is not async gives a plain value.
_MODULES = frozenset(
    {
        "django.contrib.auth",
        "django.contrib.messages",
        "django.core.mail",
        "django.core.serializers",
        "django.http",
        "django.shortcuts",
        "django.template.loader",
        "django.urls",
    }
)
_BRIDGES = frozenset({"async_to_sync", "sync_to_async"})
_OTHERS = frozenset(
    {
        *(
            f"builtins.{name}"
            for name in ("bool", "dict", "float", "int", "len", "list", "print", "set", "sorted", "str")
        ),
        *("django.core.management.call_command", "django.http.response.HttpResponse"),
        *("django.utils.timezone.localtime", "django.utils.timezone.make_aware", "django.utils.timezone.now"),
        *("json.dump", "json.dumps", "json.load", "json.loads"),
    }
)


def gives_plain(api: str) -> bool:
    """Whether a function or class of Django or Python, by its dotted name, gives what cannot be awaited.

    Source: the public names of Django's modules in every supported release (``rules/generated/django_async.toml``).
    """
    if api in _OTHERS:
        return True
    module, _, name = api.rpartition(".")
    if module == CACHE:
        rows = known()
        return name in (rows.names(_CACHE) or ()) and rows.method(_CACHE, name) is None
    if module not in _MODULES or name in _BRIDGES:
        return False
    rows = known()
    return name in (rows.names(module) or ()) and api not in rows.coroutines
