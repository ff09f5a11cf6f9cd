"""Declarations: what tables are called that nobody named, and what an abstract Meta says to those who inherit it."""

from __future__ import annotations

from orm import models
from orm.models.apps import Apps


def test_a_long_name_of_a_table_ends_in_a_digest_as_django_makes_it() -> None:
    class Place(models.Model):
        rooms_with_a_name_that_is_longer_than_any_database_can_take = models.ManyToManyField("self")

        class Meta:
            app_label = "places"
            apps = Apps()

    through = Place.rooms_with_a_name_that_is_longer_than_any_database_can_take.through
    assert through._meta.db_table == "places_place_rooms_with_a_name_that_is_longer_than_any_data1301"


def test_a_meta_that_inherits_an_abstract_ones_is_not_abstract() -> None:
    class Named(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            abstract = True
            app_label = "places"
            apps = Apps()

    assert Named._meta.abstract
    assert Named.Meta.abstract is False
