# What Django's serializers ask the rows they are given for.
# Source: https://github.com/django/django/blob/6.0/django/core/serializers/base.py
from django.doubles import many_to_many

RULE = "DAM415"


def serialize(format, queryset, *, fields=None, use_natural_foreign_keys=False, **options):
    for row in queryset:
        many_to_many(row, fields, None)
    return ""
