"""One module for each app: every public function in them is a scenario and drives an entry point."""

from __future__ import annotations

import inspect

from project.drivers import accounts, api, blog, catalogue, common, newsletter, orders, support
from project.shop import Scenario

_MODULES = (accounts, catalogue, orders, blog, support, newsletter, api, common)


def scenarios(text: str = "") -> list[Scenario]:
    """Return the scenarios whose name (``app.function``) contains ``text``, in the order they are written."""
    found = [
        Scenario(f"{module.__name__.rpartition('.')[2]}.{name}", function)
        for module in _MODULES
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    ]
    return [scenario for scenario in found if text in scenario.name]
