"""Models that are extended as packages extend them: attributes, managers, querysets and methods of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orm import models
from orm.models.fields.deferred import DeferredAttribute
from orm.models.relations.forward import ForwardOneDescriptor
from orm.query.iterables import ModelIterable


class Shouting(DeferredAttribute):
    """Makes everything loud that an instance is given."""

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value.upper() if isinstance(value, str) else value


class ShoutField(models.CharField[str]):
    descriptor_class = Shouting


class Sign(models.Model):
    text = ShoutField(max_length=20)
    number = models.IntegerField(default=0)


class PairsIterable(ModelIterable):
    """Yields each instance with the number of those before it."""

    def __iter__(self) -> Iterator[Any]:
        return iter(enumerate(super().__iter__()))


class LookingIterable(ModelIterable):
    """Yields what another query says of each instance."""

    def __iter__(self) -> Iterator[Any]:
        for pet in super().__iter__():
            yield pet.name, Pet.objects.filter(owner_id=pet.owner_id).count()


class PairsQuerySet(models.QuerySet[Any]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._iterable_class = PairsIterable


class LookingQuerySet(models.QuerySet[Any]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._iterable_class = LookingIterable


class NamesQuerySet(models.QuerySet[Any]):
    """Gives names for results, as a class written for Django does that."""

    def _fetch_all(self) -> None:
        super()._fetch_all()
        assert self._result_cache is not None
        self._result_cache = [getattr(result, "name", result) for result in self._result_cache]


class Owner(models.Model):
    name = models.CharField(max_length=20)


class GraspingDescriptor(ForwardOneDescriptor):
    """Finds no owner whose name starts with an x."""

    def get_queryset(self, *, instance: Any) -> Any:
        return super().get_queryset(instance=instance).exclude(name__startswith="x")


class GraspingKey(models.ForeignKey[Any]):
    forward_related_accessor_class = GraspingDescriptor


class Pet(models.Model):
    name = models.CharField(max_length=20)
    owner = GraspingKey(Owner, models.CASCADE, related_name="pets")

    objects = models.Manager()
    pairs = PairsQuerySet.as_manager()
    looking = LookingQuerySet.as_manager()
    names = NamesQuerySet.as_manager()


class MeetingQuerySet(models.QuerySet[Any]):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        for obj in objs:
            obj.place = "the park"
        return super().bulk_create(objs, *args, **kwargs)


class Meeting(models.Model):
    pet = models.ForeignKey(Pet, models.CASCADE)
    club = models.ForeignKey("Club", models.CASCADE)
    place = models.CharField(max_length=20)

    objects = MeetingQuerySet.as_manager()


class Club(models.Model):
    name = models.CharField(max_length=20)
    pets = models.ManyToManyField(Pet, through=Meeting, related_name="clubs")


class Diary(models.Model):
    text = models.CharField(max_length=20)
    note = models.CharField(max_length=20, default="")


class LowercaseField(models.CharField[str]):
    """Text in small letters."""

    def to_python(self, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


class NumbersField(models.TextField[Any]):
    """A list of numbers, kept as text."""

    def to_python(self, value: Any) -> Any:
        return [int(part) for part in value.split(",")] if isinstance(value, str) else value

    def from_db_value(self, value: str, expression: object, connection: object) -> Any:
        return self.to_python(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return ",".join(map(str, super().get_db_prep_save(value, connection)))


class CountedField(models.IntegerField[int]):
    """A number that starts one higher for each instance."""

    made = 0

    def get_default(self) -> int:
        type(self).made += 1
        return self.made


class Visitor(models.Model):
    email = LowercaseField(max_length=40)
    visits = NumbersField(default=list)
    number = CountedField()


def first_owner() -> Owner:
    return Owner(pk=7, name="First")


class Lease(models.Model):
    owner = models.ForeignKey(Owner, models.CASCADE, default=first_owner)


class Scan(models.Model):
    picture = models.FileField()


class BackwardsField(models.CharField[str]):
    """A text whose column holds it backwards: the database alone is told so."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else value[::-1]

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else value[::-1]


class TenfoldField(models.IntegerField[int]):
    """A number whose column holds ten times as much."""

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> int | None:
        return None if value is None else value // 10

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else value * 10


class SealedField(models.CharField[str]):
    """A text with a seal, which is put on when it is saved; conditions have to name it."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        value = super().get_db_prep_save(value, connection)
        return None if value is None else f"{value}!"


class Coded(models.Model):
    text = BackwardsField(max_length=20, null=True)
    other = BackwardsField(max_length=20, default="abc")
    number = TenfoldField(null=True)
    sealed = SealedField(max_length=20, default="x")


class Shelf(models.Model):
    code = BackwardsField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20)


class Box(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="boxes")
    label = models.CharField(max_length=20)


class Tag(models.Model):
    shelves = models.ManyToManyField(Shelf, related_name="tags")
