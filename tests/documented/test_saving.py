"""Saving: which fields a signal hears of, what is saved of an instance that was not read whole, forced statements."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models.signals import pre_save
from tests.documented.models import Driver, Page, Topic


async def heard_of(instance: Any, **options: Any) -> Any:
    """Which fields receivers are told of when an instance is saved."""
    heard: list[Any] = []

    def listen(update_fields: Any, **named: Any) -> None:
        heard.append(update_fields)

    pre_save.connect(listen, sender=type(instance))
    try:
        await instance.asave(**options)
    finally:
        pre_save.disconnect(listen, sender=type(instance))
    (fields,) = heard
    return fields


async def test_signals_hear_of_the_fields_that_were_read(database: Any) -> None:
    await Driver.objects.acreate(name="Ada")
    assert await heard_of(await Driver.objects.only("name").aget()) == {"name"}
    assert await heard_of(await Driver.objects.defer("name").aget()) == {"car_id", "make_id"}


async def test_signals_hear_of_no_limit_where_only_the_key_was_read(database: Any) -> None:
    await Driver.objects.acreate(name="Ada")
    assert await heard_of(await Driver.objects.only("pk").aget()) is None


async def test_an_instance_that_was_not_read_whole_cannot_be_copied(database: Any) -> None:
    await Driver.objects.acreate(name="Ada")
    driver = await Driver.objects.defer("name").aget()
    driver.pk = None
    with pytest.raises(ValueError, match="Cannot force an update in save\\(\\) with no primary key"):
        await driver.asave()


async def test_no_fields_save_nothing_also_where_an_insert_is_forced(database: Any) -> None:
    await Topic(word="sea").asave(force_insert=True, update_fields=[])
    assert await Topic.objects.acount() == 0


def test_what_is_no_relation_is_of_no_kind_of_relation() -> None:
    title, topic = Page._meta.get_field("title"), Page._meta.get_field("topic")
    assert (title.many_to_one, title.one_to_one, title.many_to_many, title.one_to_many) == (None, None, None, None)
    assert (topic.many_to_one, topic.one_to_one, topic.many_to_many, topic.one_to_many) == (True, False, False, False)
