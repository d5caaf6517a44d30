# What Django's mixins for views ask the user of the request; see semantics/views.py.
# Source: https://github.com/django/django/blob/6.0/django/contrib/auth/mixins.py
RULE = "DAM404"


class PermissionRequiredMixin:
    def has_permission(self):
        return self.request.user.has_perms([])
