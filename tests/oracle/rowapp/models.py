"""One model for each thing that a row may depend on."""

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE, null=True)
    object_id = models.IntegerField(null=True)
    target = GenericForeignKey("content_type", "object_id")


class Shelf(models.Model):
    tags = models.ManyToManyField(Tag)
    notes = GenericRelation(Note)


class Book(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="books")
    lent_from = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="loans")
    title = models.CharField(max_length=20, choices=[("a", "A"), ("b", "B")])
    printed = models.DateField(default="2020-01-01")

    class Meta:
        order_with_respect_to = "shelf"


class Plain(models.Model):
    title = models.CharField(max_length=20)


class Unique(models.Model):
    title = models.CharField(max_length=20, unique=True)


class Constrained(models.Model):
    title = models.CharField(max_length=20)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["title"], name="rows_one_title"),)
