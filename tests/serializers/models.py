"""Rows that are written as fixtures: with natural keys, relations of each kind, and values of many types."""

from __future__ import annotations

from typing import Any

from orm import models


class WriterManager(models.Manager[Any]):
    def get_by_natural_key(self, name: str) -> Any:
        return self.get(name=name)


class Writer(models.Model):
    name = models.CharField(max_length=30, unique=True)
    teacher: Any = models.ForeignKey("self", models.SET_NULL, null=True)
    objects = WriterManager()

    def natural_key(self) -> tuple[str]:
        return (self.name,)


class Shown(models.Manager[Any]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(hidden=False)


class Topic(models.Model):
    word = models.CharField(max_length=30)
    hidden = models.BooleanField(default=False)
    objects = Shown()

    class Meta:
        base_manager_name = "everything"
        ordering = ["pk"]  # so that a list of them has one text, whatever the database's plan

    everything = models.Manager()


class Essay(models.Model):
    title = models.CharField(max_length=30)
    writer = models.ForeignKey(Writer, models.CASCADE)
    topics: Any = models.ManyToManyField(Topic)
    readers: Any = models.ManyToManyField(Writer, related_name="read")
    changed = models.DateTimeField(auto_now=True)
    price = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    data = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    took = models.DurationField(null=True)


class Review(Essay):
    stars = models.IntegerField()


class Note(Essay):
    class Meta:
        proxy = True
