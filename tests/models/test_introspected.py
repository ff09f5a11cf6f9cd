"""``_meta`` and fields, as packages look at models: names, order and values are those that Django documents or has."""

from __future__ import annotations

import pytest

from orm import models
from orm.models import Q
from orm.structures.deprecation import RemovedInDjango60Warning
from orm_sqlite.dialect import SQLiteDialect


class Place(models.Model):
    name = models.CharField(max_length=10)

    class Meta:
        app_label = "introspected"


class Cafe(Place):
    tables = models.IntegerField(default=2)
    near = models.ManyToManyField(Place, related_name="cafes")

    class Meta:
        app_label = "introspected"


class Visit(models.Model):
    place = models.ForeignKey(Place, models.CASCADE, related_name="visits")
    cafe = models.ForeignKey(Cafe, models.CASCADE, related_name="cafe_visits", limit_choices_to={"tables": 2})

    class Meta:
        app_label = "introspected"


class Nick(models.CharField):
    """A text for which a dash stands for nothing."""

    empty_values = [None, "", "-"]


class Guest(models.Model):
    nick = Nick(max_length=10, choices={"a": "A"}, blank=True)

    class Meta:
        app_label = "introspected"


def test_what_is_inherited_comes_before_what_is_the_models_own() -> None:
    names = [field.name for field in Cafe._meta.get_fields()]
    assert names == ["cafes", "visits", "id", "name", "cafe_visits", "place_ptr", "tables", "near"]


def test_the_far_side_knows_what_the_near_side_is() -> None:
    rel = Place._meta.get_field("visits")
    assert (rel.get_internal_type(), rel.limit_choices_to, rel.symmetrical) == ("ForeignKey", {}, False)
    assert Cafe._meta.get_field("cafe_visits").limit_choices_to == {"tables": 2}


def test_relations_describe_themselves() -> None:
    fields = Visit._meta.get_field("place"), Cafe._meta.get_field("place_ptr"), Cafe._meta.get_field("near")
    assert [field.description for field in fields] == [
        "Foreign Key (type determined by related field)",
        "One-to-one relationship",
        "Many-to-many relationship",
    ]


def test_a_many_to_many_relation_is_no_column() -> None:
    near = Cafe._meta.get_field("near")
    assert near.db_type(SQLiteDialect()) is None
    assert near.db_parameters(SQLiteDialect()) == {"type": None, "check": None}


def test_a_field_says_itself_what_counts_as_no_value() -> None:
    Guest(nick="-").clean_fields()
    assert Guest._meta.get_field("id").empty_values == [None, "", [], (), {}]


def test_the_older_name_of_a_condition_is_warned_of() -> None:
    with pytest.warns(RemovedInDjango60Warning, match="CheckConstraint.check is deprecated in favor of `.condition`"):
        models.CheckConstraint(check=Q(a=1), name="a_is_1")


def test_every_unknown_option_of_meta_is_named() -> None:
    with pytest.raises(TypeError, match=r"'class Meta' got invalid attribute\(s\): nope,nada, in Odd\."):

        class Odd(models.Model):
            class Meta:
                app_label = "introspected"
                nope = 1
                nada = 2


def test_a_proxy_of_an_abstract_model_with_fields_is_refused() -> None:
    class Fields(models.Model):
        name = models.TextField()

        class Meta:
            app_label = "introspected"
            abstract = True

    with pytest.raises(TypeError, match="Abstract base class containing model fields not permitted for proxy model"):

        class Stand(Fields):
            class Meta:
                app_label = "introspected"
                proxy = True
