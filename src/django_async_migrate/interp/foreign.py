"""Objects of which nothing is known but the attributes that the analysed code has set on them."""

from __future__ import annotations

from django_async_migrate.index.classes import ClassInfo

#: The class of such objects.
FOREIGN = ClassInfo.bare("object")
#: The slot that holds what the object was before anything was set on it.
FOREIGN_SELF = " itself"
