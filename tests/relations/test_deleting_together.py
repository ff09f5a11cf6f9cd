"""Deleting what others refer to: how many statements it takes, and that all of it goes."""

from __future__ import annotations

import uuid
from typing import Any

from tests.counting import Queries
from tests.relations.models import Leaf, Twig


async def tree() -> tuple[Any, list[Any]]:
    """A twig with two below it, one of which has one more; each has a leaf, and the first two are friends."""
    top = await Twig.objects.acreate()
    below = [await Twig.objects.acreate(parent=top) for _ in range(2)]
    last = await Twig.objects.acreate(parent=below[0])
    other = await Twig.objects.acreate()
    everyone = [top, *below, last, other]
    for twig in everyone:
        await Leaf.objects.acreate(twig=twig)
    await top.friends.aadd(below[0], other)
    return top, everyone


async def test_one_row_and_all_that_refers_to_it(database: Any, queries: Queries) -> None:
    top, everyone = await tree()
    with queries as counted:
        deleted = await top.adelete()
    assert deleted == (4 + 4 + 4, {"relations.Twig": 4, "relations.Leaf": 4, "relations.Twig_friends": 4})
    if database.backend == "postgresql":
        assert len(counted) == 1
    else:  # one for each table, in a transaction, and nobody has looked at the rows before
        assert [sql.split()[0] for sql in counted if sql.split()[0] not in ("BEGIN", "COMMIT")] == ["DELETE"] * 3
    assert [twig.pk async for twig in Twig.objects.all()] == [everyone[-1].pk]
    assert await Leaf.objects.acount() == 1 and await Twig.friends.through.objects.acount() == 0
    assert isinstance(everyone[-1].pk, uuid.UUID) and top.pk is None


async def test_rows_that_refer_to_each_other_in_a_circle(database: Any) -> None:
    one = await Twig.objects.acreate()
    other = await Twig.objects.acreate(parent=one)
    await Twig.objects.filter(pk=one.pk).aupdate(parent=other)
    assert await one.adelete() == (2, {"relations.Twig": 2})
    assert not await Twig.objects.aexists()


async def test_the_same_statements_serve_every_key(database: Any, queries: Queries) -> None:
    sent = []
    for _ in range(2):
        top, _ = await tree()
        with queries as counted:
            await top.adelete()
        sent.append(list(counted))
    assert sent[0] == sent[1]


async def test_many_rows(database: Any, queries: Queries) -> None:
    _, everyone = await tree()
    with queries as counted:
        assert (await Twig.objects.filter(pk=everyone[0].pk).adelete())[0] == 12
    assert sum(sql.startswith("DELETE") for sql in counted) <= 3
    with queries as counted:
        assert await Leaf.objects.all().adelete() == (1, {"relations.Leaf": 1})
    assert len(counted) == 1
