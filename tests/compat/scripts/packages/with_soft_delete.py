"""django-soft-delete: rows that are marked as deleted, and come back."""

from start import configure, make_tables

configure("django_softdelete")
from django.db import models
from django_softdelete.models import SoftDeleteModel


class Shelf(SoftDeleteModel):
    name = models.CharField(max_length=10)


class Book(SoftDeleteModel):
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="books")
    title = models.CharField(max_length=10)


make_tables()
shelf = Shelf.objects.create(name="a")
for title in ("x", "y"):
    Book.objects.create(shelf=shelf, title=title)
print(Book.objects.first().delete() is None, Book.objects.count(), Book.deleted_objects.count())
shelf.delete()
print(Shelf.objects.count(), Book.objects.count(), Book.global_objects.count())
shelf.restore()
print(Shelf.objects.count(), sorted(Book.objects.values_list("title", flat=True)))
Book.global_objects.filter(title="x").hard_delete()
print(Book.global_objects.count(), Shelf.objects.filter(books__title="y").count())
