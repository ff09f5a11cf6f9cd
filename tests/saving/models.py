"""Models for the tests of validation, constraints, signals and overridden saving."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orm import models
from orm.files import InMemoryStorage
from orm.models import Value
from orm.models.functions import Coalesce, Concat, Lower, Now, Upper


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


class Ticket(models.Model):
    """Columns whose DEFAULT the database computes, and one that is a plain value."""

    title = models.CharField(max_length=20, default="")
    made = models.DateTimeField(db_default=Now())
    code = models.CharField(max_length=20, db_default=Lower(Value("50% 'A'")))
    weight = models.FloatField(db_default=Value(1.5) * 2)
    price = models.DecimalField(max_digits=6, decimal_places=2, db_default=Value(Decimal("2.50")))
    open = models.BooleanField(db_default=Value(True))
    left = models.IntegerField(null=True, db_default=Coalesce(Value(7), Value(1)))
    plain = models.IntegerField(db_default=3)


class Stub(models.Model):
    """A key, and everything else, that the database computes."""

    key = models.CharField(max_length=64, primary_key=True, db_default=Lower(Concat(Value("KEY-"), Value("1"))))
    made = models.DateTimeField(db_default=Now())


class StubNote(models.Model):
    stub = models.ForeignKey(Stub, models.CASCADE)


class Letter(models.Model):
    scan = models.FileField(upload_to="scans", storage=InMemoryStorage(), null=True)
    pages = models.IntegerField(default=1)
    sheets = models.GeneratedField(
        expression=models.F("pages") * 2, output_field=models.IntegerField(), db_persist=True
    )


class Parcel(models.Model):
    """Rules for columns that the database computes."""

    weight = models.IntegerField(default=1)
    count = models.IntegerField(default=1)
    total = models.GeneratedField(
        expression=models.F("weight") + models.F("count"), output_field=models.IntegerField(), db_persist=True
    )

    class Meta:
        app_label = "saving"
        constraints = [
            models.UniqueConstraint(fields=["total"], name="saving_parcel_total"),
            models.UniqueConstraint(models.F("total") * 2, name="saving_parcel_twice"),
            models.CheckConstraint(condition=models.Q(total__lt=100), name="saving_parcel_light"),
        ]


class Login(models.Model):
    name = models.CharField(max_length=20, null=True)
    email = models.CharField(max_length=50, null=True)
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "saving"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="saving_login_email",
                violation_error_message="Taken.",
                violation_error_code="taken",
            ),
            models.UniqueConstraint(
                Upper("name").desc(), "active", name="saving_login_name", condition=models.Q(active=True)
            ),
            models.UniqueConstraint(
                models.Case(models.When(name="root", then=Lower("email"))), name="saving_login_root"
            ),
        ]


class Reading(models.Model):
    """Values that can be given in more than one form."""

    name = models.CharField(max_length=10, unique=True)
    count = models.IntegerField(default=0)
    size = models.DecimalField(max_digits=3, decimal_places=1, default=Decimal("1.0"))
    taken = models.DateField(null=True)
    tag = models.UUIDField(null=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True)


class Post(models.Model):
    title = models.CharField(max_length=10, unique_for_date="posted")
    slug = models.CharField(max_length=10, null=True, blank=True, unique_for_year="posted")
    teaser = models.CharField(max_length=10, unique_for_month="posted", verbose_name="first line")
    posted = models.DateField(null=True, blank=True)
    number = models.IntegerField(default=0, unique_for_date="at", error_messages={"unique_for_date": "Twice a day."})
    at = models.DateTimeField(null=True, blank=True)


class Tree(models.Model):
    name = models.CharField(max_length=40)


class Leaf(models.Model):
    name = models.CharField(max_length=40)
    tree = models.ForeignKey(Tree, on_delete=models.CASCADE, related_name="leaves")


class Node(models.Model):
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True)


class Hen(models.Model):
    egg = models.ForeignKey("Egg", on_delete=models.CASCADE, related_name="hens")


class Egg(models.Model):
    hen = models.ForeignKey(Hen, on_delete=models.CASCADE, related_name="eggs")


class Slot(models.Model):
    number = models.IntegerField(unique=True)
