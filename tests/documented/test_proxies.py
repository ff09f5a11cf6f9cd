"""Proxies: relations that name one are those of its model, and a deletion is reported as what was deleted."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models.signals import post_delete, pre_delete
from tests.documented.models import Member, Note, Person


async def test_what_refers_to_a_proxy_is_found_from_its_model(database: Any) -> None:
    member = await Member.objects.acreate(name="Ada")
    note = await Note.objects.acreate(about=member)
    person = await Person.objects.aget()
    assert await person.notes.all() == [note]


async def test_a_deleted_proxy_counts_as_itself(database: Any) -> None:
    member = await Member.objects.acreate(name="Ada")
    await Note.objects.acreate(about=member)
    assert await member.adelete() == (2, {"documented.Note": 1, "documented.Member": 1})
    await Member.objects.acreate(name="Bob")
    assert await Member.objects.all().adelete() == (1, {"documented.Member": 1})


@pytest.mark.parametrize("by_queryset", [False, True], ids=["instance", "queryset"])
async def test_signals_of_a_deletion_come_from_the_proxy(database: Any, by_queryset: bool) -> None:
    heard: list[Any] = []

    def listen(sender: Any, signal: Any, instance: Any, **named: Any) -> None:
        heard.append((sender, instance.name))

    member = await Member.objects.acreate(name="Ada")
    for signal in (pre_delete, post_delete):
        signal.connect(listen, sender=Member)
        signal.connect(listen, sender=Person)
    try:
        if by_queryset:
            await Member.objects.all().adelete()
        else:
            await member.adelete()
    finally:
        for signal in (pre_delete, post_delete):
            signal.disconnect(listen, sender=Member)
            signal.disconnect(listen, sender=Person)
    assert heard == [(Member, "Ada"), (Member, "Ada")]


def test_the_parents_of_a_proxy_are_what_stands_behind_it() -> None:
    assert Member._meta.get_parent_list() == [Person]
