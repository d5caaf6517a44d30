"""DAM417: a template whose ``{% if %}`` hides a query that fails."""

from django_async_migrate.checks.base import Rule

RULE = Rule(
    code="DAM417",
    name="template-if-hides",
    severity="error",
    summary="A template whose {% if %} hides that a query fails, so that the page shows the wrong branch",
    message="{{% if %}} takes the error of {what} for false: {here} shows the wrong branch, silently",
    kinds=frozenset({"template-hides"}),
    reached=frozenset({"directly", "helper"}),
)
