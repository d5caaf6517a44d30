"""Objects of which nothing is known but the attributes that the analysed code has set on them."""

from __future__ import annotations

from django_async_migrate.index.classes import ClassInfo
from django_async_migrate.values.heap import FOREIGN_SELF as FOREIGN_SELF

#: The class of such objects.
FOREIGN = ClassInfo.bare("object")
#: The row of what loads a session; a request holds a lazy object that calls it.
SESSION = "django.contrib.sessions.backends.base.SessionBase.get"
#: What sessions tell without being loaded.
SESSION_FACTS = frozenset({"accessed", "modified", "session_key"})
SESSION_FREE = frozenset({"is_empty", "get_session_cookie_age"})
#: What asks the database also where the session is loaded.
SESSION_WRITES = frozenset({"create", "cycle_key", "delete", "exists", "flush", "save"})
#: Their async methods, which load them in a thread.
SESSION_ASYNC = frozenset(
    {
        "acreate",
        "acycle_key",
        "adelete",
        "adelete_test_cookie",
        "aexists",
        "aflush",
        "aget",
        "aget_expire_at_browser_close",
        "aget_expiry_age",
        "aget_expiry_date",
        "ahas_key",
        "aitems",
        "akeys",
        "aload",
        "apop",
        "asave",
        "aset",
        "aset_expiry",
        "aset_test_cookie",
        "asetdefault",
        "atest_cookie_worked",
        "aupdate",
        "avalues",
    }
)
