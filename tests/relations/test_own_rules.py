"""Rules of deletion that are functions of the program's own: what they say of referring rows is what happens."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.errors import ProtectedError
from tests.relations.models import Contract, Enclosure, Folder, Letter, drafts_go


async def folder() -> Folder:
    """A folder with a draft, which has an enclosure, a finished letter and a contract."""
    made = await Folder.objects.acreate(name="f")
    draft = await Letter.objects.acreate(folder=made, draft=True)
    await Enclosure.objects.acreate(letter=draft)
    await Letter.objects.acreate(folder=made, draft=False)
    await Contract.objects.acreate(folder=made)
    return made


async def test_some_rows_go_and_others_lose_their_reference(database: Any) -> None:
    made = await folder()
    other = await folder()
    number, by_model = await made.adelete()
    assert (number, set(by_model)) == (3, {"relations.Folder", "relations.Letter", "relations.Enclosure"})
    letters = Letter.objects.order_by("pk").values_list("draft", "folder")
    assert [row async for row in letters] == [(False, None), (True, other.pk), (False, other.pk)]
    assert [key async for key in Contract.objects.order_by("pk").values_list("folder", flat=True)] == [None, other.pk]


async def test_an_error_of_the_function_is_told_as_that_of_a_rule(database: Any) -> None:
    await folder()
    signed = await Contract.objects.acreate(folder=await folder(), signed=True)
    with pytest.raises(ProtectedError, match="protected foreign keys: 'Contract.folder'") as caught:
        await Folder.objects.all().adelete()
    assert caught.value.protected_objects == {signed}
    assert await Folder.objects.acount() == 2 and await Letter.objects.acount() == 4


def test_the_function_is_what_the_field_tells_of_itself() -> None:
    field = Letter._meta.get_field("folder")
    assert field.remote_field.on_delete is drafts_go
    assert field.deconstruct()[3]["on_delete"] is drafts_go
    with pytest.raises(TypeError, match="on_delete must be callable"):
        models.ForeignKey(Folder, on_delete="CASCADE")  # type: ignore[call-overload]
