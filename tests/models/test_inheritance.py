"""Models that inherit from models with tables: links, keys, fields, managers, Meta, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm import models
from orm.errors import FieldDoesNotExist, FieldError, ImproperlyConfigured
from orm.models.managers import Manager


class Quiet(Manager):
    """A manager of its own class."""


def declared() -> tuple[Any, Any, Any, Any]:
    """A chain of three tables and a proxy of the middle one."""

    class Place(models.Model):
        name = models.CharField(max_length=20)

        class Meta:
            ordering = ["name"]
            get_latest_by = "name"

    class Restaurant(Place):
        stars = models.IntegerField(default=0)

    class Trattoria(Restaurant):
        gnocchi = models.BooleanField(default=False)

    class Listed(Restaurant):
        class Meta:
            proxy = True
            ordering = ["-stars"]

    return Place, Restaurant, Trattoria, Listed


def names(fields: Any) -> list[str]:
    return [field.name for field in fields]


def test_a_child_has_a_link_for_its_key_and_its_parents_fields_first() -> None:
    place, restaurant, trattoria, _ = declared()
    meta = restaurant._meta
    assert names(meta.fields) == ["id", "name", "place_ptr", "stars"]
    assert names(meta.local_fields) == names(meta.table_fields) == ["place_ptr", "stars"]
    assert meta.pk.name == "place_ptr" and meta.pk.primary_key and meta.pk.remote_field.parent_link
    assert meta.parents == {place: meta.pk}
    assert trattoria._meta.get_parent_list() == [restaurant, place]
    assert trattoria._meta.get_base_chain(place) == [restaurant, place]
    assert trattoria._meta.get_ancestor_link(place) is trattoria._meta.pk
    assert trattoria._meta.pk.attname == "restaurant_ptr_id"
    assert restaurant._meta.db_table != place._meta.db_table
    assert issubclass(restaurant.DoesNotExist, place.DoesNotExist)
    assert (meta.ordering, meta.get_latest_by) == (["name"], "name")


def test_a_proxy_has_no_fields_of_its_own() -> None:
    _place, restaurant, _, listed = declared()
    meta = listed._meta
    assert (meta.local_fields, meta.fields, meta.pk) == ([], restaurant._meta.fields, restaurant._meta.pk)
    assert meta.parents == {restaurant: None}
    assert meta.proxy_for_model is meta.concrete_model is restaurant
    assert meta.db_table == restaurant._meta.db_table
    assert (meta.ordering, meta.get_latest_by) == (["-stars"], "name")
    assert names(meta.get_fields(include_parents=False)) == ["trattoria", "place_ptr", "stars"]  # of its table


def test_relations_of_a_parent_are_the_childs_too_but_not_the_links() -> None:
    place, restaurant, trattoria, listed = declared()

    class Review(models.Model):
        place = models.ForeignKey("Place", on_delete=models.CASCADE)
        listed = models.ForeignKey("Listed", on_delete=models.CASCADE, related_name="listings")

    assert names(place._meta.related_objects) == ["restaurant", "review"]
    assert names(restaurant._meta.related_objects) == ["review", "trattoria", "listings"]
    assert names(trattoria._meta.related_objects) == ["review", "listings"]
    assert names(listed._meta.related_objects) == names(restaurant._meta.related_objects)
    assert names(restaurant._meta.get_fields(include_parents=False)) == ["trattoria", "listings", "place_ptr", "stars"]


def test_a_link_can_be_declared() -> None:
    class Place(models.Model):
        name = models.CharField(max_length=20)

    class Bar(Place):
        place = models.OneToOneField(Place, on_delete=models.CASCADE, parent_link=True, related_name="as_bar")

    class Pub(Place):
        number = models.IntegerField(primary_key=True)
        place = models.OneToOneField("Place", on_delete=models.CASCADE, parent_link=True)

    class Club(Place):
        """A relation to the parent that is not said to be the link is just a relation."""

        twin = models.OneToOneField(Place, on_delete=models.CASCADE, related_name="club_beside")

    assert names(Bar._meta.local_fields) == ["place"] and Bar._meta.pk.name == "place"
    assert Pub._meta.pk.name == "number" and Pub._meta.parents[Place].name == "place"
    assert names(Club._meta.local_fields) == ["place_ptr", "twin"] and Club._meta.pk.name == "place_ptr"
    assert "as_bar" in Place._meta.names and "bar" not in Place._meta.names


def test_abstract_models_between_tables() -> None:
    class Place(models.Model):
        name = models.CharField(max_length=20)

    class Rated(Place):
        stars = models.IntegerField(default=0)

        class Meta:
            abstract = True

    class Hotel(Rated):
        pass

    assert names(Hotel._meta.fields) == ["id", "name", "place_ptr", "stars"]
    assert Hotel._meta.parents == {Place: Hotel._meta.pk}
    assert Hotel._meta.pk.model is Hotel


def test_several_parents() -> None:
    class Named(models.Model):
        named_id = models.AutoField(primary_key=True)
        name = models.CharField(max_length=20)

    class Priced(models.Model):
        priced_id = models.AutoField(primary_key=True)
        price = models.IntegerField()

    class Ware(Named, Priced):
        pass

    assert Ware._meta.pk.name == "named_ptr"
    assert list(Ware._meta.parents) == [Named, Priced]
    assert {"name", "price", "named_ptr", "priced_ptr"} <= set(Ware._meta.names)
    assert sorted(Ware._meta.names) == sorted(set(Ware._meta.names))


def test_fields_of_parents_with_tables_are_not_hidden() -> None:
    place, restaurant, _, _ = declared()
    with pytest.raises(FieldError, match="Local field 'name' in class 'Wrong' clashes with field of the same name"):

        class Wrong(restaurant):
            name = models.IntegerField()

    with pytest.raises(FieldError, match="Auto-generated field 'place_ptr' in class 'Taken'"):

        class Taken(place):
            place_ptr = models.IntegerField()

    with pytest.raises(ImproperlyConfigured, match="has no column in this table"):

        class Elsewhere(place):
            class Meta:
                unique_together = [("name",)]


def test_fields_of_abstract_parents_can_be_hidden_or_taken_out() -> None:
    class Base(models.Model):
        name = models.CharField(max_length=20)
        age = models.IntegerField()

        class Meta:
            abstract = True

    class Other(Base):
        name = models.IntegerField()
        age = None

    assert names(Other._meta.fields) == ["id", "name"]
    assert isinstance(Other._meta.get_field("name"), models.IntegerField)
    with pytest.raises(FieldDoesNotExist):
        Other._meta.get_field("age")


def test_a_childs_own_managers_come_first_and_named_ones_are_inherited() -> None:
    class Place(models.Model):
        first = Manager()
        second = Quiet()

        class Meta:
            default_manager_name = "second"
            base_manager_name = "second"

    class Same(Place):
        pass

    class Own(Place):
        third = Quiet()

    assert names(Same._meta.managers) == ["first", "second"]
    assert Same._default_manager.name == "second" and Same._default_manager.model is Same
    assert names(Own._meta.managers) == ["third", "first", "second"]
    assert Own._default_manager.name == "third"
    assert isinstance(Own._base_manager, Quiet)


def test_a_named_base_manager_is_that_of_all_generations() -> None:
    class Place(models.Model):
        first = Manager()
        second = Quiet()

        class Meta:
            default_manager_name = "second"
            base_manager_name = "second"

    class Child(Place):
        pass

    class Grandchild(Child):
        pass

    class Listed(Grandchild):
        class Meta:
            proxy = True

    for model in (Child, Grandchild, Listed):
        assert (model._base_manager.name, model._base_manager.model) == ("second", model)
    assert (Child._default_manager.name, Grandchild._default_manager.name) == ("second", "first")


def test_a_swappable_model_is_swapped_by_the_settings() -> None:
    class User(models.Model):
        class Meta:
            swappable = "CORE_USER"

    class Customer(models.Model):
        pass

    before = orm.config.settings.swapped_models
    assert User._meta.swapped is None and User.objects.model is User
    try:
        orm.configure(swapped_models={"CORE_USER": "tests.Customer"})
        assert User._meta.swapped == "tests.Customer"
        with pytest.raises(AttributeError, match="has been swapped for 'tests.Customer'"):
            User.objects
        orm.configure(swapped_models={"CORE_USER": "tests.User"})
        assert User._meta.swapped is None
    finally:
        orm.configure(swapped_models=before)
