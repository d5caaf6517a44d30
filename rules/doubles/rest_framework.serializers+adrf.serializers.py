# What serializers of Django REST framework ask the database for: when they read rows, check data and save.
# Source: djangorestframework 3.16 and adrf 0.1.9
from functools import cached_property

from django.doubles import represented, rows_of, serializer_checked, serializer_saved, something

RULE = "DAM415"


class BaseSerializer:
    def __init__(self, instance=None, data=None, *, many=False, **kwargs):
        self.instance = instance
        self.initial_data = data
        self.many = many
        self.context = something()
        self.validated_data = something()

    @cached_property
    def data(self):
        if self.instance is None:
            return {}
        if self.many:
            return [self.to_representation(row) for row in rows_of(self.instance)]
        return self.to_representation(self.instance)

    @property
    def adata(self):
        return something()

    def to_representation(self, instance):
        return represented(self, instance)

    @cached_property
    def errors(self):
        name = something()
        getattr(self, f"validate_{name}")(something())
        self.validate(something())
        serializer_checked(self)
        return {}

    def is_valid(self, *, raise_exception=False):
        self.errors
        return something()

    def validate(self, attrs):
        return attrs

    def save(self, **kwargs):
        if self.instance is None:
            self.instance = self.create(self.validated_data)
        else:
            self.instance = self.update(self.instance, self.validated_data)
        return self.instance


class Serializer(BaseSerializer):
    pass


class ModelSerializer(Serializer):
    def create(self, validated_data):
        return serializer_saved(self, None)

    def update(self, instance, validated_data):
        return serializer_saved(self, instance)


class HyperlinkedModelSerializer(ModelSerializer):
    pass
