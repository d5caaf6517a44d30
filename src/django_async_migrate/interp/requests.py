"""Requests of Django: a user and a session that are loaded at the first touch.

Only requests that are certainly Django's count: those of views named in a URLconf, of class-based views of Django,
those that ``render()`` is given, and parameters annotated as such. Other frameworks have requests with a user of their
own.
"""

from __future__ import annotations

import ast
import re
from functools import cached_property

from django_async_migrate.core.record import replace
from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.index.functions import FunctionInfo
from django_async_migrate.index.ninja import is_open_operation
from django_async_migrate.index.preloads import Preloads
from django_async_migrate.index.survey import is_test
from django_async_migrate.values.heap import Lazy, Object, Slot
from django_async_migrate.values.types import External, ExternalObject, Partial, Ref, Value

from .decorated import Decorated
from .foreign import FOREIGN, FOREIGN_SELF, SESSION
from .frame import Frame

REQUEST = "django.http.HttpRequest"
USER = "django.contrib.auth.middleware.get_user"
#: What annotations say of such requests.
_REQUESTS = frozenset({REQUEST, "django.http.request.HttpRequest", "django.core.handlers.asgi.ASGIRequest"})
_HANDLERS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "dispatch", "setup"})
#: Engines whose sessions are rows; those of ``cached_db`` are asked for where the cache has lost them.
_IN_DATABASE = re.compile(rb"sessions\.backends\.(?:cached_)?db\b")
#: The setting, where a file sets it; ``settings.SESSION_ENGINE`` only reads it.
_ENGINE = re.compile(rb"(?<![.\w])SESSION_ENGINE\b(?!\))")
_ROUTES = frozenset({"path", "re_path", "url"})


class Requests(Decorated):
    """Knows which requests are Django's; part of the engine."""

    def new_request(self, frame: Frame, key: object, fn: FunctionInfo | None = None) -> Ref:
        """Return a request as a view, or a middleware's ``fn``, gets it.

        Neither its user nor its session is loaded, as far as is known. A method that its class calls is looked at from
        there, too. By itself it may be given a user, where there is code that sets one.
        """
        settled = self._preloads.before_views if fn is None else self._preloads.before(fn)
        if self._stack and self._sets_users and _is_called_by_its_class(self._stack[0]):
            settled |= {"user"}
        itself = Slot(ExternalObject(REQUEST))
        slots = {FOREIGN_SELF: itself}
        session = frame.alloc(("session", key), Lazy(External(SESSION)))
        if self._has_database_sessions and "session" not in settled:
            slots["session"] = Slot(session)
        if "user" not in settled:
            user = frame.alloc(("user", key), Lazy(Partial(External(USER), (session,), ())))
            slots["user"] = Slot(user)
        return frame.alloc(("request", key), Object(FOREIGN, slots, True))

    def request_argument(
        self, frame: Frame, fn: FunctionInfo, param: ast.arg, found: Value | None, view: FunctionInfo | None = None
    ) -> Value | None:
        """Return the request that a framework passes for a parameter; ``found`` as it is where that is none.

        ``view``: the view in whose place a decorator has put ``fn``.
        """
        if found is None and param.arg != "request" and not self._is_first(fn, param, view):
            return None
        if found is not None and not (isinstance(found, ExternalObject) and found.api in _REQUESTS):
            return found
        proven = self.is_view(fn) or self._renders_with(fn, param.arg)
        proven = proven or (view is not None and self.is_view(view))
        proven = proven or ([param] == fn.params[:1] and is_open_operation(self.project, fn))
        proven = proven or _authenticates(fn)
        if found is not None:
            proven = proven or (not self._has_other_frameworks and self._is_plainly_decorated(fn))
        if not proven and self._asks_requests and self._preloads.is_middleware(fn):
            proven = [param] == fn.params[fn.cls is not None :][:1]
        return self.new_request(frame, param, view or fn) if proven and self._asks_requests else found

    def shares_request(self, frame: Frame, receiver: Value | None, given: list[Value]) -> None:
        """Let ``self.request`` of a view be the request that its handler gets."""
        state = frame.state(receiver) if receiver is not None else None
        if not isinstance(receiver, Ref) or not isinstance(state, Object) or not is_django_view(state.cls):
            return
        for value in given:
            held = frame.state(value)
            if isinstance(held, Object) and held.cls is FOREIGN:
                frame.put(receiver, replace(state, attrs={**state.attrs, "request": Slot(value)}))
                return

    def is_view(self, fn: FunctionInfo) -> bool:
        """Whether Django calls a function as a view, or as the handler of one."""
        return self._is_handler(fn) or fn in self._routed

    def _is_first(self, fn: FunctionInfo, param: ast.arg, view: FunctionInfo | None) -> bool:
        """Whether a parameter is the first of a function that a URLconf names, or of what stands in its place."""
        return fn.params[:1] == [param] and (view or fn) in self._routed

    def _is_handler(self, fn: FunctionInfo) -> bool:
        return fn.cls is not None and fn.name in _HANDLERS and is_django_view(fn.cls)

    def _renders_with(self, fn: FunctionInfo, name: str) -> bool:
        """Whether a function gives a parameter to ``render()``, which takes requests of Django only."""
        return self._is_plainly_decorated(fn) and any(
            isinstance(node, ast.Call)
            and bool(node.args)
            and isinstance(node.args[0], ast.Name)
            and node.args[0].id == name
            and self.project.external_name(fn.module, node.func, fn) == "django.shortcuts.render"
            for node in fn.own_nodes
        )

    def _is_plainly_decorated(self, fn: FunctionInfo) -> bool:
        for decorator in fn.decorators:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            api = self.project.external_name(fn.module, target, fn.parent or fn.cls)
            if api is None or not api.startswith(("django.", "asgiref.")):
                return False
        return True

    @cached_property
    def _asks_requests(self) -> bool:
        words = (b"request.user", b"request.session", b"req.user", b"req.session", b".auser(")
        return bool(self.project.tree.containing(*words, b"render(request", b"get_messages(request"))

    @cached_property
    def _sets_users(self) -> bool:
        """Whether code of the project, tests left out, gives requests a user."""
        return any(not is_test(path) for path in self.project.tree.containing(b"request.user = "))

    @cached_property
    def _has_other_frameworks(self) -> bool:
        return bool(
            self.project.tree.containing(b"from ninja", b"import ninja", b"import rest_framework", b"from adrf")
        )

    @cached_property
    def _preloads(self) -> Preloads:
        return Preloads(self.project)

    @cached_property
    def _has_database_sessions(self) -> bool:
        """Whether sessions are kept in the database, as they are where no setting says otherwise."""
        tree = self.project.tree
        found = (tree.data(path) or b"" for path in tree.containing(b"SESSION_ENGINE"))
        return all(_IN_DATABASE.search(data) for data in found if _ENGINE.search(data))

    @cached_property
    def _routed(self) -> frozenset[FunctionInfo]:
        """The functions that a URLconf of the project names."""
        found: set[FunctionInfo] = set()
        for path in self.project.tree.containing(b"urlpatterns"):
            module = self.project.module(path)
            for node in ast.walk(module.parsed.tree) if module is not None and module.parsed is not None else ():
                if isinstance(node, ast.Call) and len(node.args) > 1:
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    view = node.args[1]
                    while isinstance(view, ast.Call) and len(view.args) == 1:
                        view = view.args[0]  # login_required(views.detail), cache_page(60)(views.detail)
                    if name in _ROUTES and isinstance(view, (ast.Name, ast.Attribute)) and module is not None:
                        definitions = self.project.resolve(module, view)
                        found.update(entry for entry in definitions if isinstance(entry, FunctionInfo))
        return frozenset(found)


def _is_called_by_its_class(fn: FunctionInfo) -> bool:
    """Whether a method of a view that Django does not call is called by others of its class."""
    return (
        fn.cls is not None
        and fn.name not in _HANDLERS
        and any(
            isinstance(node, ast.Attribute) and node.attr == fn.name and isinstance(node.value, ast.Name)
            for cls in fn.cls.mro
            for member in cls.members.values()
            if isinstance(member, FunctionInfo) and member is not fn
            for node in member.own_nodes
        )
    )


def _authenticates(fn: FunctionInfo) -> bool:
    """Whether Django Ninja calls a function with the request that it is to find the user of."""
    return (
        fn.name == "authenticate"
        and fn.cls is not None
        and any(base.startswith("ninja.security.") for base in fn.cls.externals)
    )


def is_django_view(cls: ClassInfo) -> bool:
    """Whether a class is a class-based view of Django's, and of no other framework's."""
    views = [base for base in cls.externals if "view" in base.lower()]
    return bool(views) and all(base.startswith("django.views.") for base in views)
