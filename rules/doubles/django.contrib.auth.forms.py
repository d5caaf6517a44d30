# What the forms of django.contrib.auth ask the database for, and where they hash passwords.
# Source: https://github.com/django/django/blob/6.0/django/contrib/auth/forms.py
from django.contrib.auth import authenticate, get_user_model
from django.doubles import form_asks, something
from django.forms import Form, ModelForm

RULE = "DAM408"


class AuthenticationForm(Form):
    def __init__(self, request=None, data=None, files=None, *args, **kwargs):
        super().__init__(data, files, **kwargs)
        self.request = request
        self.user_cache = None

    def clean(self):
        self.user_cache = authenticate(self.request, username=something(), password=something())
        if self.user_cache is not None:
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data

    def confirm_login_allowed(self, user):
        return None

    def get_user(self):
        return self.user_cache


class BaseUserCreationForm(ModelForm):
    class Meta:
        fields = ("username",)

    def _check(self):
        super()._check()
        form_asks(self, "username")

    def save(self, commit=True):
        user = super().save(commit=False)
        user.set_password(something())
        if commit:
            user.save()
            self.save_m2m()
        return user


class UserCreationForm(BaseUserCreationForm):
    pass


class AdminUserCreationForm(UserCreationForm):
    pass


class UserChangeForm(ModelForm):
    class Meta:
        fields = "__all__"

    def _check(self):
        super()._check()
        form_asks(self, "username")


class PasswordResetForm(Form):
    def get_users(self, email):
        return list(get_user_model()._default_manager.filter(is_active=True))

    def send_mail(self, *args, **kwargs):
        return None

    def save(self, *args, **kwargs):
        for _ in self.get_users(something()):
            self.send_mail()


class SetPasswordForm(Form):
    def __init__(self, user, data=None, files=None, *args, **kwargs):
        super().__init__(data, files, **kwargs)
        self.user = user

    def save(self, commit=True):
        self.user.set_password(something())
        if commit:
            self.user.save()
        return self.user


class PasswordChangeForm(SetPasswordForm):
    def _check(self):
        self.user.check_password(something())
        super()._check()


class AdminPasswordChangeForm(SetPasswordForm):
    pass
