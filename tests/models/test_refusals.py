"""Declarations that fail leave nothing behind; values and names that can't be meant are refused with a sentence."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

import pytest

from orm import models
from orm.errors import ImproperlyConfigured
from orm.models.apps import Apps


class Shelf(models.Model):
    label = models.CharField(max_length=20)
    notes = models.JSONField(null=True)


def test_a_declaration_that_fails_leaves_no_model_and_no_relations(registry: Apps) -> None:
    class Town(models.Model):
        name = models.CharField(max_length=20)

    before = dict(Town._meta.names)
    with pytest.raises(ImproperlyConfigured, match="already the reverse"):

        class Road(models.Model):
            start = models.ForeignKey(Town, models.CASCADE)
            end = models.ForeignKey(Town, models.CASCADE)

    assert list(registry) == [Town]
    assert Town._meta.all_related_objects == ()
    assert dict(Town._meta.names) == before
    assert not hasattr(Town, "road_set")

    class Road(models.Model):  # type: ignore[no-redef]  # the same, put right, is no second model of the name
        start = models.ForeignKey(Town, models.CASCADE, related_name="out")
        end = models.ForeignKey(Town, models.CASCADE, related_name="into")
        through = models.ManyToManyField(Town, related_name="crossed")

    assert {"out", "into", "crossed"} <= set(Town._meta.names)


def test_a_declaration_that_fails_after_a_many_to_many(registry: Apps) -> None:
    class Town(models.Model):
        name = models.CharField(max_length=20)

    with pytest.raises(ImproperlyConfigured):

        class Tour(models.Model):
            towns = models.ManyToManyField(Town)
            more = models.ManyToManyField(Town)

    assert registry.get_models(include_auto_created=True) == [Town]
    assert Town._meta.all_related_objects == ()


def test_a_manager_of_an_abstract_model() -> None:
    class Base(models.Model):
        class Meta:
            abstract = True

    class Custom(models.Model):
        objects = models.Manager()

        class Meta:
            abstract = True

    for model in (Base, Custom):
        with pytest.raises(AttributeError, match=rf"{model.__name__} is abstract.*Ask a model that inherits it"):
            model.objects.all()
    with pytest.raises(AttributeError, match="type object 'Base' has no attribute 'objets'"):
        Base.objets  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [{1, 2}, {"a": object()}, float("nan"), [float("inf")], b"x"])
def test_what_is_no_json_names_field_and_value(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"Shelf\.notes: .*\(got |Shelf\.notes"):
        Shelf._meta.get_field("notes").get_prep_value(value)


def test_json_goes_through_as_it_is() -> None:
    value = {"a": [1, 2.5, None, True, "x"]}
    assert Shelf._meta.get_field("notes").get_prep_value(value) is value


class Colour(str, enum.Enum):  # noqa: UP042
    RED = "red"


class Text(str):
    def __str__(self) -> str:
        return "what it says of itself"


@pytest.mark.parametrize(("value", "text"), [(Colour.RED, "red"), (Text("red"), "red")])
def test_subclasses_of_str_are_their_text(value: str, text: str) -> None:
    prepared = Shelf._meta.get_field("label").get_prep_value(value)
    assert prepared == text
    assert type(prepared) is str


@pytest.mark.parametrize(
    ("kind", "wrong", "meant"),
    [
        (models.CharField, "maxlength", "max_length"),
        (models.DecimalField, "max_digit", "max_digits"),
        (models.ManyToManyField, "relatedname", "related_name"),
    ],
)
def test_an_option_that_a_field_does_not_have_names_what_is_near(kind: Any, wrong: str, meant: str) -> None:
    said = rf"{kind.__name__}\(\) got an unexpected keyword argument '{wrong}'. Did you mean '{meant}'"
    with pytest.raises(TypeError, match=said):
        kind("x", **{wrong: 1})


def test_a_field_of_a_programs_own_takes_what_it_takes(registry: Apps) -> None:
    class Coloured(models.CharField):
        def __init__(self, *args: Any, **options: Any) -> None:
            self.colour = options.pop("colour")
            super().__init__(*args, **options)

    assert Coloured(max_length=3, colour="red").colour == "red"
    with pytest.raises(TypeError, match="'maxlength'"):
        Coloured(maxlength=3, colour="red")


def test_a_field_that_is_not_called() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Bare\.age is the class IntegerField, and no field: write Integer"):

        class Bare(models.Model):
            age = models.IntegerField


def test_a_class_of_fields_that_is_kept_on_purpose() -> None:
    class Form(models.Model):
        kind: ClassVar[type[models.Field[Any]]] = models.IntegerField
        made: ClassVar[tuple[Any, ...]] = (models.IntegerField(), 3)

    assert Form.kind is models.IntegerField
    assert [field.name for field in Form._meta.fields] == ["id"]


def test_a_comma_behind_a_field() -> None:
    with pytest.raises(ImproperlyConfigured, match="Shelf.name is a tuple with a field in it, and no field: take away"):

        class Shelf(models.Model):
            name = (models.TextField(),)
