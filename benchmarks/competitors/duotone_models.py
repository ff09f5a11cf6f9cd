"""The models over the benchmarks' tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.data import WIDE_TYPES
from benchmarks.workloads import WIDE_COLUMNS
from orm import models


class Author(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=200)
    age = models.IntegerField()
    score = models.FloatField()
    active = models.BooleanField()
    joined = models.DateField()

    class Meta:
        app_label = "bench"
        db_table = "bench_author"


class Book(models.Model):
    title = models.CharField(max_length=200)
    pages = models.IntegerField()
    published = models.DateField()
    in_print = models.BooleanField()
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")

    class Meta:
        app_label = "bench"
        db_table = "bench_book"


class Note(models.Model):
    title = models.CharField(max_length=200)
    body = models.TextField()
    stars = models.IntegerField()
    pinned = models.BooleanField()

    class Meta:
        app_label = "bench"
        db_table = "bench_note"


class Writer(Author):
    """An author with the columns of a book, over two tables."""

    title = models.CharField(max_length=200)
    pages = models.IntegerField()
    published = models.DateField()
    in_print = models.BooleanField()

    class Meta:
        app_label = "bench"
        db_table = "bench_writer"


class Entry(models.Model):
    label = models.CharField(max_length=50)
    amount = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "bench_entry"


class Root(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "bench"
        db_table = "bench_root"


class Branch(models.Model):
    name = models.CharField(max_length=100)
    root = models.ForeignKey(Root, on_delete=models.CASCADE, related_name="branches")

    class Meta:
        app_label = "bench"
        db_table = "bench_branch"


class Leaf(models.Model):
    name = models.CharField(max_length=100)
    size = models.IntegerField()
    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="leaves")

    class Meta:
        app_label = "bench"
        db_table = "bench_leaf"


class Label(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "bench"
        db_table = "bench_label"


class Node(models.Model):
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True)
    labels = models.ManyToManyField(Label)

    class Meta:
        app_label = "bench"
        db_table = "bench_node"


class Wide(models.Model):
    class Meta:
        app_label = "bench"
        db_table = "bench_wide"


FIELDS: dict[str, Callable[[], models.Field[Any]]] = {
    "integer": models.IntegerField,
    "varchar(100)": lambda: models.CharField(max_length=100),
    "double precision": models.FloatField,
    "boolean": models.BooleanField,
    "text": models.TextField,
}
for number in range(WIDE_COLUMNS):
    FIELDS[WIDE_TYPES[number % 5]]().contribute_to_class(Wide, f"c{number}")
