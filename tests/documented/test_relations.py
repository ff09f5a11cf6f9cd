"""Relations: what a foreign key may refer by, what a manager that shows a part of the rows changes, who is unsaved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.documented.models import Car, Driver, Keyword, Label, Page, Person, Plate, Topic, User


async def test_a_foreign_key_gives_what_the_field_it_refers_to_gives(database: Any) -> None:
    await Car.objects.acreate(plate=Plate("A 1"), maker="Saab")
    await Driver.objects.acreate(name="Ada", car_id="A 1")
    driver = await Driver.objects.aget()
    assert driver.car_id == Plate("A 1")
    assert await Driver.objects.values_list("car", flat=True).aget() == Plate("A 1")
    assert (await Driver.objects.select_related("car").aget()).car.plate == Plate("A 1")
    assert [one.name async for one in (await Car.objects.prefetch_related("drivers").aget()).drivers.all()] == ["Ada"]


async def test_what_refers_by_a_null_refers_to_nothing(database: Any) -> None:
    car = await Car.objects.acreate(plate=Plate("A 1"))
    driver = await Driver.objects.acreate(name="Ada", make=car)  # the car is saved, though it has no maker
    assert driver.make_id is None
    assert await car.fans.all() == []
    assert await Driver.objects.filter(make=car) == []


async def test_nothing_is_added_by_a_null(database: Any) -> None:
    car = await Car.objects.acreate(plate=Plate("A 1"))
    with pytest.raises(ValueError, match='needs to have a value for field "maker" before this relationship can be'):
        await car.fans.acreate(name="Ada")


async def test_an_unsaved_instance_is_refused_though_it_has_what_is_referred_to(database: Any) -> None:
    unsaved = Topic(word="sea")
    page = await Page.objects.acreate(title="One")
    with pytest.raises(ValueError, match="Model instances passed to related filters must be saved"):
        Page.objects.filter(keywords=unsaved)
    with pytest.raises(ValueError, match="Model instances passed to related filters must be saved"):
        Keyword.objects.filter(topic=unsaved)
    with pytest.raises(ValueError, match="prohibited to prevent data loss due to unsaved related object 'topic'"):
        await Keyword.objects.acreate(page=page, topic=unsaved)
    with pytest.raises(ValueError, match="needs to have a primary key value before this relationship can be used"):
        await unsaved.keyword_set.acount()


async def test_a_condition_by_an_instance_goes_by_what_the_join_model_refers_by(database: Any) -> None:
    await Topic.objects.acreate(word="land")
    sea = await Topic.objects.acreate(word="sea")
    page = await Page.objects.acreate(title="One")
    await page.keywords.aadd(sea)
    assert await Page.objects.filter(keywords=sea) == [page]
    assert await Page.objects.filter(keywords__in=[sea]) == [page]
    assert await Page.objects.exclude(keywords=sea) == []
    assert await Topic.objects.filter(described=page) == [sea]


async def test_a_manager_that_shows_a_part_clears_that_part(database: Any) -> None:
    sea = await Topic.objects.acreate(word="sea")
    await Page.every.acreate(title="One", topic=sea)
    await Page.every.acreate(title="Two", topic=sea, public=False)
    await sea.pages.aclear()
    assert await Page.every.filter(topic=sea).values_list("title", flat=True) == ["Two"]
    await sea.pages(manager="every").aclear()
    assert await Page.every.filter(topic=sea).acount() == 0


async def test_a_manager_that_shows_a_part_removes_only_of_that_part(database: Any) -> None:
    sea = await Topic.objects.acreate(word="sea")
    hidden = await Page.every.acreate(title="Two", topic=sea, public=False)
    await sea.pages.aremove(hidden)
    assert await Page.every.filter(topic=sea) == [hidden]


async def test_joined_rows_that_a_manager_hides_stay_joined(database: Any) -> None:
    sea = await Topic.objects.acreate(word="sea")
    shown, hidden = await Page.every.acreate(title="One"), await Page.every.acreate(title="Two", public=False)
    await sea.all_pages.aset([shown, hidden])
    await sea.all_pages.aremove(hidden)
    assert await Page.every.filter(topics=sea) == [shown, hidden]
    await sea.all_pages.aset([])
    assert await Page.every.filter(topics=sea) == [hidden]
    await sea.all_pages.aadd(shown)
    await sea.all_pages.aclear()
    assert await Page.every.filter(topics=sea) == [hidden]


async def test_removing_what_is_not_saved_changes_nothing(database: Any) -> None:
    page = await Page.objects.acreate(title="One")
    await page.topics.aremove(Topic(word="sea"))
    assert await page.topics.acount() == 0


async def test_removing_an_instance_of_another_model_is_a_value_error(database: Any) -> None:
    page = await Page.objects.acreate(title="One")
    with pytest.raises(ValueError, match='Must be "Topic" instance'):
        await page.topics.aremove(page)


async def test_a_manager_that_is_not_there_is_an_attribute_error(database: Any) -> None:
    sea = await Topic.objects.acreate(word="sea")
    with pytest.raises(AttributeError, match="Page has no manager 'hidden'"):
        sea.pages(manager="hidden")


@pytest.mark.only(colour="blocking")
def test_a_generic_key_knows_the_content_type_of_what_is_assigned(database: Any) -> None:
    person = Person.objects.create(name="Ada")
    label = Label(target=person)
    assert (label.kind.model, label.key) == ("person", person.pk)


async def test_a_function_that_says_what_to_set_is_called_for_rows_only(database: Any) -> None:
    user = await User.objects.acreate(name="Ada")
    await user.adelete()
    assert await User.objects.acount() == 0


async def test_rows_of_two_relations_know_what_each_was_found_through(database: Any, queries: Any) -> None:
    sea, land = await Topic.objects.acreate(word="sea"), await Topic.objects.acreate(word="land")
    await Page.objects.acreate(title="One", topic=sea)
    await Page.objects.acreate(title="Two", topic=land)
    with queries as counted:
        found = [page async for page in sea.pages.all() | land.pages.all()]
        assert [page.topic for page in found] == [sea, land]
    assert len(counted) == 1
