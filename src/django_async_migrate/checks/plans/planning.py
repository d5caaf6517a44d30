"""The plans of a finding, by what it is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from django_async_migrate.checks.place import Source, place_of
from django_async_migrate.core.edits import FixPlan
from django_async_migrate.core.effects import LAZY, TEMPLATE, Shown
from django_async_migrate.core.record import replace

from .absent import absent_plans
from .awaiting import awaiting_plans
from .blocking import blocking_plans
from .bridges import BRIDGE_RULES, bridge_plans, to_loop_plans
from .dispatch import dispatch_plans
from .evaluations import evaluation_plans
from .loads import load_plans
from .schemas import schema_plans
from .spot import Spot
from .strategies import strategy_plans
from .terminals import terminal_plans
from .wrap import wrap_plans

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from django_async_migrate.core.findings import Target
    from django_async_migrate.reach.analysis import Seen
    from django_async_migrate.reach.incidents import Incident
    from django_async_migrate.syntax.tree import SourceTree

_TERMINALS = frozenset({"orm-call", "related-call", "model-method", "framework"})
#: More ways than this to fix one finding are not tried.
MAX_PLANS = 6


class Planning:
    """Makes plans for the findings of one scan."""

    def __init__(
        self,
        tree: SourceTree,
        target: Target,
        seen: Seen,
        strategy: str,
        trusted: frozenset[tuple[str, str]],
        flagged: frozenset[ast.AST],
    ) -> None:
        self._tree = tree
        self._strategy = strategy
        self._seen = seen
        self._trusted = trusted
        self._flagged = flagged
        major, minor = (int(part) for part in target.django.split(".")[:2])
        self._version = (major, minor)
        self._sources: dict[str, Source] = {}

    def plans(self, incident: Incident, advice: str) -> tuple[FixPlan, ...]:
        """Return the ways to fix a finding, the best first; ``advice`` is what is said when there is none."""
        source = self._source(incident.span.path)
        if source is None:
            return (FixPlan("manual", advice),) if advice else ()
        place = place_of(source, incident.effect.site.node)
        spot = Spot(incident, source, place, self._source, self._version, self._seen, self._trusted)
        if incident.effect.kind == "mistake":
            found = bridge_plans(spot) if spot.effect.rule in BRIDGE_RULES else awaiting_plans(spot)
            advice = ""
        elif incident.effect.kind == "to-loop" and not incident.effect.steps:
            found = to_loop_plans(spot)
        elif incident.effect.kind == "blocking":
            found = blocking_plans(spot)
        elif incident.effect.kind == "idle":  # it did nothing until now
            found = (replace(plan, applicability="unsafe") for plan in wrap_plans(spot))
        elif incident.effect.kind == "dispatch":
            found = dispatch_plans(spot)
        elif incident.effect.kind in LAZY:
            found = load_plans(spot)
        elif incident.effect.kind in TEMPLATE:
            found = wrap_plans(spot)
        elif incident.effect.kind == "absent":
            found = absent_plans(spot)
        elif incident.effect.steps:
            found = itertools.chain(self._strategies(spot), wrap_plans(spot))
        elif isinstance(incident.effect.about, Shown):
            found = schema_plans(spot)
        elif incident.effect.kind in _TERMINALS:
            found = terminal_plans(spot)
        else:
            found = evaluation_plans(spot)
        plans = [plan for plan, _ in zip(found, range(MAX_PLANS), strict=False)]
        if plans:
            return tuple(plans)
        because = f": {place.reason}" if place.reason and advice else ""
        return (FixPlan("manual", f"{advice}{because}"),) if advice else ()

    def _strategies(self, spot: Spot) -> Iterator[FixPlan]:
        """Making helpers async asks for every mention of their names in the project: only when rewriting."""
        return strategy_plans(spot, self._tree, self._strategy, self._flagged) if self._strategy else iter(())

    def _source(self, path: str) -> Source | None:
        if path not in self._sources:
            parsed = self._tree.parse(path) if path.endswith(".py") else None  # a template has no Python in it
            if parsed is None:
                return None
            self._sources[path] = Source(parsed)
        return self._sources[path]
