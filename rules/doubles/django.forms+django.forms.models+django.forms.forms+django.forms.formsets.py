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
    formset_form,
    formset_rows,
    formset_validated,
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
        self._cleaned = False

    @property
    def errors(self):
        if not self._cleaned:
            self.full_clean()
        return something()

    def has_error(self, field, code=None):
        self.errors
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
        self._cleaned = True
        if self.is_bound:
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


class BaseFormSet:
    def __init__(self, data=None, files=None, auto_id="id_%s", prefix=None, initial=None, *args, **kwargs):
        self.data = data
        self.files = files
        self.is_bound = data is not None or files is not None
        self.initial = initial
        self.cleaned_data = something()

    @cached_property
    def forms(self):
        self.total_form_count()
        return [self._construct_form()]

    def _construct_form(self):
        made = formset_form(self)
        return made(self.data, self.files) if self.is_bound else made()

    @property
    def initial_forms(self):
        return self.forms

    @property
    def extra_forms(self):
        return self.forms

    @property
    def empty_form(self):
        return formset_form(self)()

    @property
    def management_form(self):
        self.total_form_count()
        return something()

    def total_form_count(self):
        self.initial_form_count()
        return something()

    def initial_form_count(self):
        return something()

    def __iter__(self):
        return iter(self.forms)

    def __len__(self):
        return len(self.forms)

    def __getitem__(self, index):
        return self.forms[0]

    @cached_property
    def errors(self):
        if self.is_bound:
            self._check()
        return something()

    def _check(self):
        formset_validated(self)
        self.clean()

    def full_clean(self):
        self._check()

    def clean(self):
        return None

    def is_valid(self):
        self.errors
        return something()

    def non_form_errors(self):
        self.errors
        return something()

    def total_error_count(self):
        self.errors
        return something()

    def __str__(self):
        return self.render()

    def as_p(self):
        return self.render()

    def as_div(self):
        return self.render()

    def as_table(self):
        return self.render()

    def as_ul(self):
        return self.render()

    def render(self, *args, **kwargs):
        for form in self.forms:
            str(form)
        return something()


class BaseModelFormSet(BaseFormSet):
    def __init__(self, data=None, files=None, auto_id="id_%s", prefix=None, queryset=None, *, initial=None, **kwargs):
        self.queryset = queryset
        super().__init__(data, files, initial=initial)

    def get_queryset(self):
        return self._rows

    @cached_property
    def _rows(self):
        return formset_rows(self, self.queryset)

    def initial_form_count(self):
        if not self.is_bound:
            return len(self.get_queryset())
        return something()

    def _construct_form(self):
        made = formset_form(self)
        if self.is_bound:
            return made(self.data, self.files)
        for row in self.get_queryset():
            return made(instance=row)
        return made()

    def save(self, commit=True):
        for form in self.forms:
            form.save(commit)
        return [form.instance for form in self.forms]

    def save_new_objects(self, commit=True):
        return self.save(commit)

    def save_existing_objects(self, commit=True):
        return self.save(commit)

    def save_m2m(self):
        for form in self.forms:
            form.save_m2m()


class BaseInlineFormSet(BaseModelFormSet):
    def __init__(self, data=None, files=None, instance=None, save_as_new=False, prefix=None, queryset=None, **kwargs):
        super().__init__(data, files, queryset=queryset)
        self.instance = instance

    @cached_property
    def _rows(self):
        return formset_rows(self, self.queryset, self.instance)
