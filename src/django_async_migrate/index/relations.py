"""Relations between models, as declared by fields."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .classes import ClassInfo
    from .models import Model
    from .modules import ModuleInfo

#: Relations whose access gives one object, and those whose access gives a manager.
SINGLE = frozenset({"foreign-key", "one-to-one", "reverse-one-to-one", "generic-foreign-key"})
MANY = frozenset({"many-to-many", "reverse-foreign-key", "reverse-many-to-many", "generic-relation"})


@dataclass(slots=True, eq=False)
class Relation:
    """One direction of a relation, seen from ``source``. Compared by identity; made once for each model.

    ``name`` is the attribute on ``source``. ``back`` is the attribute of the target that leads back, where it
    is known: the rows of a reverse manager have it set by construction. ``target_expr`` is resolved late, since
    models refer to each other in circles.
    """

    name: str
    kind: str
    source: Model
    target_expr: ast.expr | None = None
    module: ModuleInfo | None = None
    scope: ClassInfo | None = None
    target_model: Model | None = None
    related_name: str | None = None
    null: bool = False
    to_field: str | None = None
    back: str | None = None
    parent_link: bool = False
    constrained: bool = True  # the database keeps the row it leads to
    through_expr: ast.expr | None = None
    certain: bool = True
    to_fields: tuple[str, ...] = field(default=())
    _resolved: bool = False

    @property
    def single(self) -> bool:
        """Whether the attribute gives one object (and not a manager)."""
        return self.kind in SINGLE

    @property
    def target(self) -> Model | None:
        """The model on the other side; None when it is generic or not known."""
        if not self._resolved:
            self._resolved = True
            if self.target_model is None and self.target_expr is not None and self.module is not None:
                self.target_model = self.source.models.target_of(self)
        return self.target_model

    @property
    def through(self) -> Model | None:
        """The model of the rows in between, for a many-to-many that names one."""
        if self.through_expr is None:
            return None
        return self.source.models.target_of(
            Relation(self.name, self.kind, self.source, self.through_expr, self.module, self.scope)
        )

    @property
    def attname(self) -> str | None:
        """The column attribute of a forward relation (``author_id``), which never queries."""
        return f"{self.name}_id" if self.kind in {"foreign-key", "one-to-one"} else None

    def accessor(self, cls_name: str, app_label: str) -> str | None:
        """Return the attribute that this forward relation puts on its target for a declaring model's name."""
        lower = cls_name.lower()
        given = self.related_name
        if given is not None:
            if given.endswith("+"):
                return None
            return (
                given.replace("%(class)s", lower).replace("%(model_name)s", lower).replace("%(app_label)s", app_label)
            )
        if self.kind == "one-to-one":
            return lower
        if self.kind in {"foreign-key", "many-to-many"}:
            return f"{lower}_set"
        return None


REVERSE_KIND = {
    "foreign-key": "reverse-foreign-key",
    "one-to-one": "reverse-one-to-one",
    "many-to-many": "reverse-many-to-many",
}
