"""What was compiled is forgotten when what it was compiled from changes; nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.epoch import Reason, epoch
from orm.models import CharField, IntegerField, Transform
from orm.models.signals import post_init
from orm.query import delete_instances, shape
from orm.sql.lookups import Exact
from tests.conftest import Run
from tests.query.models import Author, Tag


class Backwards(Transform):
    """Gives a name's length, once and again to another one."""

    lookup_name = "size"
    function = "LENGTH"
    output_field = IntegerField()


@pytest.fixture
def lookups() -> Iterator[None]:
    held = dict(vars(CharField).get("class_lookups", {}))
    yield
    CharField.class_lookups = held
    epoch.advance(Reason.LOOKUPS)


async def test_a_lookup_registered_after_its_shape_was_interned(library: Any, lookups: None) -> None:
    ada = Author.objects.filter(name="Ada")
    assert [author.name for author in await Author.objects.filter(name="Ada")] == ["Ada"]

    class Never(Exact):
        lookup_name = "exact"

        def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
            sql, params = super().as_sql(compiler, connection)
            return f"NOT ({sql})", params

    CharField.register_lookup(Never)
    assert "Ada" not in [author.name for author in await Author.objects.filter(name="Ada")]
    assert await Author.objects.filter(name="Ada").acount() > 1
    assert [author.name for author in await ada] == ["Ada"]  # what was resolved before means what it meant


async def test_a_lookup_registered_after_a_get_by_one_value(library: Any, lookups: None) -> None:
    assert (await Author.objects.aget(name="Ada")).name == "Ada"

    class Mirrored(Exact):
        lookup_name = "exact"

        def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
            sql, params = super().as_sql(compiler, connection)
            return f"NOT ({sql})", params

    CharField.register_lookup(Mirrored)
    with pytest.raises(Author.MultipleObjectsReturned):
        await Author.objects.aget(name="Ada")


async def test_a_transform_registered_after_its_shape_was_refused(library: Any, lookups: None) -> None:
    with pytest.raises(orm.errors.FieldError, match="size"):
        Author.objects.filter(name__size=3)
    CharField.register_lookup(Backwards)
    assert {len(author.name) for author in await Author.objects.filter(name__size=3)} == {3}
    CharField._unregister_lookup(Backwards)
    with pytest.raises(orm.errors.FieldError, match="size"):
        Author.objects.filter(name__size=3)


async def test_post_init_connected_after_a_query_has_run(library: Any) -> None:
    everybody = Author.objects.order_by("pk")
    count = len(await everybody.all())
    await Author.objects.aget(name="Ada")
    heard: list[str] = []

    def listen(instance: Any, **named: Any) -> None:
        heard.append(instance.name)

    post_init.connect(listen, sender=Author)
    try:
        assert len(await everybody.all()) == count  # also a queryset that was made before
        assert len(heard) == count
        await Author.objects.aget(name="Ada")
        assert heard[count:] == ["Ada"]
    finally:
        post_init.disconnect(listen, sender=Author)
    await everybody.all()
    await Author.objects.aget(name="Ada")
    assert len(heard) == count + 1


async def test_settings_change_what_is_written_and_read(database: Run) -> None:
    author = await Author.objects.acreate(name="Zoe")
    number = epoch.number
    await author.asave()
    await Author.objects.all()
    assert epoch.number == number  # work changes nothing
    assert shape.root(Author).plans
    columns: Any = Author._meta.write_plan.keyless
    compiled = set(columns.updates.values())
    await author.asave()
    assert set(columns.updates.values()) == compiled
    orm.configure(use_tz=False)
    try:
        assert not shape.root(Author).plans
        await author.asave()
        assert compiled.isdisjoint(one for one in columns.updates.values() if one.epoch == epoch.number)
    finally:
        orm.configure(use_tz=True)
    assert (await Author.objects.aget(pk=author.pk)).name == "Zoe"


@pytest.mark.only(backend="sqlite")
async def test_the_statement_of_a_deletion_is_made_anew_when_the_epoch_has_advanced(
    database: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[object]()
    real = delete_instances.OneDelete
    monkeypatch.setattr(delete_instances, "OneDelete", lambda *given: made.append(given) or real(*given))
    one, two, three = [await Tag.objects.acreate(name=name) for name in "abc"]
    await one.adelete()
    before = len(made)
    await two.adelete()
    assert len(made) == before
    epoch.advance(Reason.SETTINGS)
    await three.adelete()
    assert len(made) == 2 * before
    assert await Tag.objects.acount() == 0


def test_what_is_compiled_while_the_epoch_advances_is_not_kept() -> None:
    root = shape.root(Author)

    def make() -> object:
        epoch.advance(Reason.LOOKUPS)
        return object()

    first = root.compiled("a key of this test", make)
    assert root.compiled("a key of this test", make) is not first
    assert root.compiled("another key", object) is root.compiled("another key", object)


def test_a_select_is_frozen_once_a_shape_holds_it() -> None:
    select = Author.objects.filter(name="Ada")._shape.select
    with pytest.raises(AttributeError, match="copy"):
        select.distinct = True
    with pytest.raises(TypeError):
        select.joins["x"] = select.joins["query_author"]
    changed = select.copy()
    changed.distinct = True
    assert not select.distinct
