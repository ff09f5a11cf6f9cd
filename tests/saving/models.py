"""Models for the tests of validation, constraints, signals and overridden saving."""

from __future__ import annotations

from typing import Any

from orm import models


class Room(models.Model):
    number = models.PositiveIntegerField()
    floor = models.SmallIntegerField(default=0)
    name = models.CharField(max_length=10, unique=True)
    closed = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="n/a")

    class Meta:
        unique_together = [("number", "floor")]
        indexes = [models.Index(fields=["-number", "name"]), models.Index(models.F("floor"), name="saving_floor")]
        constraints = [
            models.CheckConstraint(condition=models.Q(floor__lt=100) | models.Q(closed=True), name="saving_low"),
            models.UniqueConstraint(
                fields=["note"], condition=~models.Q(note="n/a"), name="saving_note", violation_error_message="Noted."
            ),
        ]


class Husband(models.Model):
    wife = models.ForeignKey("Wife", on_delete=models.SET_NULL, null=True, related_name="+")


class Wife(models.Model):
    husband = models.ForeignKey(Husband, on_delete=models.SET_NULL, null=True, related_name="+")


class Loud(models.Model):
    """Overrides the awaitable form only."""

    name = models.CharField(max_length=10)

    async def asave(self, *args: Any, **options: Any) -> None:
        self.name = self.name + "!"
        await super().asave(*args, **options)


class Quiet(models.Model):
    """Overrides the blocking form only."""

    name = models.CharField(max_length=10)

    def save(self, *args: Any, **options: Any) -> None:
        self.name = self.name.lower()
        super().save(*args, **options)


class Careful(models.Model):
    """Its ``clean`` asks the database, in blocking code."""

    name = models.CharField(max_length=10)

    def clean(self) -> None:
        self.name = f"{self.name}{Careful.objects.count()}"
