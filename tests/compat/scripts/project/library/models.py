from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Genre(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Author(models.Model):
    name = models.CharField(max_length=100)
    born = models.DateField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "writers"

    def __str__(self):
        return self.name


class AvailableManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(copies__gt=0)

    def cheap(self):
        return self.filter(price__lt=10)


class Book(models.Model):
    class Kind(models.TextChoices):
        PAPER = "p", "Paper"
        AUDIO = "a", "Audio book"

    title = models.CharField(_("full title"), max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    genres = models.ManyToManyField(Genre, related_name="books", blank=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    copies = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.PAPER)
    published = models.DateTimeField(null=True)
    added = models.DateTimeField(auto_now_add=True)

    objects = models.Manager()
    available = AvailableManager()

    class Meta:
        unique_together = [("title", "author")]
        get_latest_by = "published"

    def __str__(self):
        return f"{self.title} by {self.author}"


class Loan(models.Model):
    book = models.ForeignKey("library.Book", on_delete=models.PROTECT)
    days = models.DurationField(default=timedelta(days=14))
    returned = models.BooleanField(default=False)
