"""Prints, as JSON, what the installed Django says about the catalogue's rows; reads the question from stdin.

The question holds the dotted paths and the members that rows speak of. No row is judged here, so that this
runs under any Python and Django without the project installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import rows_project


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        rows_project.start(Path(folder))
        import django
        import rows_decorators
        import rows_functions
        import rows_models
        import rows_querysets
        from rowapp.models import Tag

        Tag.objects.create(name="one")
        answer = {
            "django": list(django.VERSION[:2]),
            "folder": str(Path(django.__file__).parent),
            "decorators": rows_decorators.decorators(question["decorators"]),
            "dispatch": rows_decorators.on_dispatch(question["decorators"]),
            "queryset-names": rows_querysets.queryset_names(),
            "terminals": rows_querysets.terminals(),
            "returns": rows_querysets.returns(),
            "lazy": rows_querysets.lazy(),
            "related": rows_querysets.related(),
            "model-names": rows_models.model_names(),
            "methods": rows_models.methods(),
            "validation": rows_models.validation(),
            "string-loads": rows_models.string_loads(),
            "paths": rows_functions.paths(question["paths"]),
            "aliases": rows_functions.identical(question["aliases"]),
            "functions": rows_functions.functions(),
            "members": rows_models.member_facts(question["members"]),
        }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
