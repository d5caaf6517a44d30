# What Django's generic views ask the database for. The classes here are not what views of the project inherit from:
# semantics/views.py looks methods up in them, by the names of the classes of django.views.generic.
# Source: https://github.com/django/django/blob/6.0/django/views/generic/
from django.core.paginator import Paginator
from django.doubles import option, something, view_form
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse

RULE = "DAM418"


class ContextMixin:
    def get_context_data(self, **kwargs):
        kwargs["view"] = self
        return kwargs


class TemplateView(ContextMixin):
    def get(self, request, *args, **kwargs):
        return TemplateResponse(request, "", self.get_context_data(**kwargs))


class RedirectView:
    def get(self, request, *args, **kwargs):
        return HttpResponseRedirect(self.get_redirect_url(*args, **kwargs))


class MultipleObjectMixin(ContextMixin):
    def get_paginate_by(self, queryset):
        return option(self, "paginate_by")

    def get_allow_empty(self):
        return option(self, "allow_empty", True)

    def get_paginator(self, queryset, per_page, orphans=0, allow_empty_first_page=True, **kwargs):
        return (option(self, "paginator_class") or Paginator)(queryset, per_page)

    def paginate_queryset(self, queryset, page_size):
        paginator = self.get_paginator(queryset, page_size, orphans=0, allow_empty_first_page=True)
        page = paginator.page(something())
        return (paginator, page, page.object_list, page.has_other_pages())

    def get_context_data(self, *, object_list=None, **kwargs):
        queryset = object_list if object_list is not None else option(self, "object_list")
        page_size = self.get_paginate_by(queryset)
        if page_size:
            paginator, page, queryset, _ = self.paginate_queryset(queryset, page_size)
            kwargs["paginator"] = paginator
            kwargs["page_obj"] = page
        kwargs["object_list"] = queryset
        return super().get_context_data(**kwargs)


class ListView(MultipleObjectMixin):
    def get(self, request, *args, **kwargs):
        self.object_list = self.get_queryset()
        if not self.get_allow_empty():
            if self.get_paginate_by(self.object_list) is not None:
                self.object_list.exists()
            elif not self.object_list:
                pass
        return TemplateResponse(request, "", self.get_context_data())


class SingleObjectMixin(ContextMixin):
    def get_context_data(self, **kwargs):
        kwargs["object"] = option(self, "object")
        return super().get_context_data(**kwargs)


class DetailView(SingleObjectMixin):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return TemplateResponse(request, "", self.get_context_data(object=self.object))


class FormMixin(ContextMixin):
    def get_initial(self):
        return {}

    def get_prefix(self):
        return option(self, "prefix")

    def get_form_class(self):
        return option(self, "form_class")

    def get_form(self, form_class=None):
        if form_class is None:
            form_class = self.get_form_class()
        return form_class(**self.get_form_kwargs())

    def get_form_kwargs(self):
        return {"initial": self.get_initial(), "prefix": self.get_prefix(), "data": something()}

    def get_success_url(self):
        return something()

    def form_valid(self, form):
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form):
        return TemplateResponse(None, "", self.get_context_data(form=form))

    def get_context_data(self, **kwargs):
        if "form" not in kwargs:
            kwargs["form"] = self.get_form()
        return super().get_context_data(**kwargs)


class ModelFormMixin(FormMixin, SingleObjectMixin):
    def get_form_class(self):
        return option(self, "form_class") or view_form(self)

    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        kwargs["instance"] = option(self, "object")
        return kwargs

    def form_valid(self, form):
        self.object = form.save()
        return super().form_valid(form)


class ProcessFormView:
    def get(self, request, *args, **kwargs):
        return TemplateResponse(request, "", self.get_context_data())

    def post(self, request, *args, **kwargs):
        form = self.get_form()
        if form.is_valid():
            return self.form_valid(form)
        return self.form_invalid(form)

    def put(self, *args, **kwargs):
        return self.post(*args, **kwargs)


class FormView(FormMixin, ProcessFormView):
    pass


class CreateView(ModelFormMixin, ProcessFormView):
    def get(self, request, *args, **kwargs):
        self.object = None
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        self.object = None
        return super().post(request, *args, **kwargs)


class UpdateView(ModelFormMixin, ProcessFormView):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().post(request, *args, **kwargs)


class DeleteView(SingleObjectMixin):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return TemplateResponse(request, "", self.get_context_data(object=self.object))

    def delete(self, request, *args, **kwargs):
        self.object = self.get_object()
        self.object.delete()
        return HttpResponseRedirect("")

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        return self.form_valid(None)

    def form_valid(self, form):
        self.object.delete()
        return HttpResponseRedirect("")
