"""Models of a Django project that the tests of ``orm.contrib.django`` mirror."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower


class CommaField(models.TextField):
    """A list of texts, kept with commas."""

    def from_db_value(self, value, expression, connection):
        return value.split(",") if value else []

    def to_python(self, value):
        return value if isinstance(value, list) else value.split(",")

    def get_prep_value(self, value):
        return ",".join(value)


def published():
    """What new books may be published by: a function, asked each time."""
    return ~models.Q(name="Closed")


class Publisher(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Person(models.Model):
    name = models.CharField(max_length=50)


class Author(Person):
    friends = models.ManyToManyField("self", blank=True)

    class Meta:
        ordering = [Lower("name").asc()]


class Loud(Author):
    class Meta:
        proxy = True


class Book(models.Model):
    class Kind(models.TextChoices):
        NOVEL = "n", "Novel"
        POEM = "p", "Poem"

    title = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.NOVEL)
    price = models.DecimalField(max_digits=7, decimal_places=2, validators=[MinValueValidator(0)], default=1)
    authors = models.ManyToManyField(Author, related_name="books")
    publisher = models.ForeignKey(
        Publisher, models.SET_NULL, null=True, blank=True, related_name="books", limit_choices_to=published
    )
    words = CommaField(default=list, blank=True)
    data = models.JSONField(default=dict, blank=True)
    cover = models.FileField(upload_to="covers", blank=True)
    shouted = models.GeneratedField(
        expression=Lower("title"), output_field=models.CharField(max_length=80), db_persist=True
    )
    twice = models.GeneratedField(
        expression=models.F("price") * 2,
        output_field=models.DecimalField(max_digits=9, decimal_places=2),
        db_persist=True,
    )

    class Meta:
        ordering = ["title"]
        constraints = [models.CheckConstraint(condition=models.Q(price__gte=0), name="price_not_negative")]
        indexes = [models.Index(fields=["kind", "-title"], name="kind_title")]


class Note(models.Model):
    """Its rows are in the other database, as the project's router says."""

    text = models.TextField()
