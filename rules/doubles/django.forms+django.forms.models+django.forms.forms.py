# What forms ask the database for: when they are made, checked, saved and shown.
# Source: https://github.com/django/django/blob/6.0/django/forms/models.py
from functools import cached_property

from django.doubles import (
    form_has,
    form_initial,
    form_instance,
    form_saved,
    form_shown,
    form_validated,
    many_to_many,
    something,
)

RULE = "DAM408"


class Form:
    def __init__(self, data=None, files=None, *args, initial=None, **kwargs):
        self.data = data
        self.files = files
        self.is_bound = data is not None or files is not None
        self.initial = initial
        self.fields = something()
        self.cleaned_data = something()

    @cached_property
    def errors(self):
        if self.is_bound:
            self._check()
        return something()

    def _check(self):
        name = something()
        getattr(self, f"clean_{name}")()
        self.clean()
        form_validated(self)

    def is_valid(self):
        self.errors
        return something()

    def full_clean(self):
        self._check()

    def clean(self):
        return self.cleaned_data

    def non_field_errors(self):
        self.errors
        return something()

    def __str__(self):
        return form_shown(self, None)

    def as_p(self):
        return form_shown(self, None)

    def as_div(self):
        return form_shown(self, None)

    def as_table(self):
        return form_shown(self, None)

    def as_ul(self):
        return form_shown(self, None)

    def render(self, *args, **kwargs):
        return form_shown(self, None)

    def visible_fields(self):
        return [BoundField(self, None)]

    def hidden_fields(self):
        return []

    def __iter__(self):
        yield BoundField(self, None)

    def __getitem__(self, name):
        if form_has(self, name):
            return BoundField(self, name)
        raise KeyError(name)


class BaseForm(Form):
    pass


class BoundField:
    def __init__(self, form, name):
        self.form = form
        self.name = name

    @property
    def errors(self):
        return self.form.errors

    def __str__(self):
        return form_shown(self.form, self.name)

    def as_widget(self, *args, **kwargs):
        return form_shown(self.form, self.name)


class ModelForm(Form):
    def __init__(self, data=None, files=None, *args, initial=None, instance=None, **kwargs):
        super().__init__(data, files, initial=initial)
        if instance is None:
            self.instance = form_instance(self)
        else:
            self.instance = instance
            form_initial(self, instance)

    def save(self, commit=True):
        self.errors
        if commit:
            self.instance.save()
            self._save_m2m()
        return self.instance

    def _save_m2m(self):
        form_saved(self)

    def save_m2m(self):
        form_saved(self)

    def validate_unique(self):
        form_validated(self)


class BaseModelForm(ModelForm):
    pass


def model_to_dict(instance, fields=None, exclude=None):
    many_to_many(instance, fields, exclude)
    return {}
