# What reading messages asks the database for.
# Source: https://github.com/django/django/blob/6.0/django/contrib/messages/storage/base.py
from functools import cached_property

from django.doubles import messages_read

RULE = "DAM405"


def get_messages(request):
    return BaseStorage(request)


class BaseStorage:
    def __init__(self, request):
        self.request = request

    @cached_property
    def _loaded_data(self):
        messages_read(self.request)
        return []

    def __len__(self):
        return len(self._loaded_data)

    def __iter__(self):
        return iter(self._loaded_data)

    def __contains__(self, item):
        return item in self._loaded_data
