"""Following foreign keys and one-to-one relations: loading, keeping, assigning, refusing."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

import orm
from orm.bridge.guard import policy
from orm.errors import FieldFetchBlocked, IntegrityError, ValidationError
from orm.models import FETCH_PEERS, RAISE
from tests.relations.models import Author, Award, Book, Country, Loan, Profile


async def ada_and_her_book() -> tuple[Author, Book]:
    ada = await Author.objects.acreate(name="Ada")
    await Book.objects.acreate(title="Notes", author=ada)
    return ada, await Book.objects.aget(title="Notes")


async def test_loads_once(database: Any, queries: Any) -> None:
    ada, book = await ada_and_her_book()
    with queries as counted:
        assert (await book.author) == ada
        assert book.author is (await book.author)
    assert len(counted) == 1


@pytest.mark.only(colour="awaitable")
async def test_blocking_that_is_allowed_loads_on_a_loops_thread(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, book = await ada_and_her_book()
    monkeypatch.setattr(policy, "_explicit", True)
    assert book.author.name == "Ada"
    short = Book.objects.only("pk").get(pk=book.pk)
    assert short.title == "Notes"
    async with orm.atomic():  # on this very loop, which a blocking load would wait for
        (book,) = await Book.objects.all()
        assert (await book.author) == ada


async def test_null_is_none_without_a_query(database: Any, queries: Any) -> None:
    _, book = await ada_and_her_book()
    with queries as counted:
        assert book.editor is None
    assert not counted


async def test_to_field(database: Any) -> None:
    finland = await Country.objects.acreate(name="Finland", code="FI")
    tove = await Author.objects.acreate(name="Tove", country=finland)
    assert tove.country_id == "FI"
    fresh = await Author.objects.aget(country=finland)
    assert (await fresh.country).name == "Finland"
    assert await Author.objects.filter(country="FI").acount() == 1
    assert await Country.objects.filter(authors=tove).acount() == 1


async def test_a_changed_key_forgets_the_instance(database: Any) -> None:
    _, book = await ada_and_her_book()
    bob = await Author.objects.acreate(name="Bob")
    assert (await book.author).name == "Ada"
    book.author_id = bob.pk
    assert (await book.author).name == "Bob"
    book.editor = bob
    book.editor_id = None
    assert book.editor is None


async def test_assigning_saves_the_key(database: Any) -> None:
    _, book = await ada_and_her_book()
    book.author = await Author.objects.acreate(name="Bob")
    await book.asave()
    assert (await (await Book.objects.aget(pk=book.pk)).author).name == "Bob"


async def test_an_unsaved_instance_can_not_be_referred_to(database: Any) -> None:
    book = Book(title="x", author=Author(name="Bob"))
    with pytest.raises(ValueError, match="unsaved related object 'author'"):
        await book.asave()
    await book.author.asave()
    await book.asave()
    assert book.author_id == book.author.pk


async def test_a_deferred_key_is_loaded_with_the_relation(database: Any) -> None:
    ada, _ = await ada_and_her_book()
    book = await Book.objects.only("title").aget()
    assert (await book.author) == ada


async def test_a_key_without_a_row(database: Any) -> None:
    book = Book(title="x", author_id=12345)
    with pytest.raises(Author.DoesNotExist):
        await book.author
    with pytest.raises(IntegrityError):
        await book.asave()


async def test_select_related_fills_both_ends(database: Any, queries: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    await Profile.objects.acreate(author=ada, text="counts")
    with queries as counted:
        profile = await Profile.objects.select_related("author").aget()
        assert profile.author.profile is profile
        author = await Author.objects.select_related("profile", "country").aget()
        assert author.profile.author is author
        assert author.country is None
    assert len(counted) == 2


async def test_reverse_one_to_one(database: Any, queries: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    await Profile.objects.acreate(author=ada, text="counts")
    fresh = await Author.objects.aget(pk=ada.pk)
    with queries as counted:
        profile = await fresh.profile
        assert profile.author is fresh
        assert (await fresh.profile) is profile
    assert len(counted) == 1


async def test_reverse_one_to_one_without_a_row(database: Any, queries: Any) -> None:
    await Author.objects.acreate(name="Ada")
    ada = await Author.objects.aget()
    with pytest.raises(Profile.DoesNotExist, match="has no profile"):
        await ada.profile
    with pytest.raises(Author.profile.RelatedObjectDoesNotExist):
        await ada.profile
    with queries as counted, pytest.raises(AttributeError):
        await ada.profile
    assert not counted


async def test_assigning_the_reverse_of_a_one_to_one(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    ada.profile = Profile(text="new")
    await ada.profile.asave()
    assert (await Profile.objects.aget()).author_id == ada.pk
    with pytest.raises(ValueError, match='"Author.profile" must be a "Profile" instance, or None'):
        ada.profile = ada  # type: ignore[assignment]


async def test_peers_follow_each_other(database: Any, queries: Any) -> None:
    for name in ("Ada", "Bob"):
        author = await Author.objects.acreate(name=name)
        await Profile.objects.acreate(author=author)
    await Author.objects.acreate(name="Cleo")
    authors = await Author.objects.fetch_mode(FETCH_PEERS).order_by("name")
    with queries as counted:
        assert (await authors[0].profile).author is authors[0]
        assert (await authors[1].profile).author is authors[1]
        with pytest.raises(Profile.DoesNotExist):
            await authors[2].profile
    assert len(counted) == 1


async def test_raise_refuses(database: Any) -> None:
    await ada_and_her_book()
    book = await Book.objects.fetch_mode(RAISE).aget()
    with pytest.raises(FieldFetchBlocked, match=r"Book\.author"):
        await book.author


async def test_pickles_keep_what_is_loaded(database: Any, queries: Any) -> None:
    _, book = await ada_and_her_book()
    await book.author
    copy = pickle.loads(pickle.dumps(book))
    with queries as counted:
        assert copy.author.name == "Ada"
    assert not counted


@pytest.mark.only(colour="awaitable")
async def test_what_is_not_loaded_is_good_for_await_only(database: Any) -> None:
    _, book = await ada_and_her_book()
    unloaded = book.author
    with pytest.raises(FieldFetchBlocked, match=r"Book\.author is not loaded.*await instance\.author"):
        _ = unloaded.name
    with pytest.raises(FieldFetchBlocked):
        bool(unloaded)
    assert "unloaded Book.author" in repr(unloaded)
    first, second = await asyncio.gather(unloaded, book.author)
    assert first.name == second.name == "Ada"
    assert book.author.name == "Ada"
    with pytest.raises(ValueError, match='"Book.author" must be a "Author" instance'):
        Book().author = (await Book.objects.aget()).author


async def test_validation_looks_for_the_row(database: Any) -> None:
    ada, book = await ada_and_her_book()
    await book.afull_clean()
    book.author_id = ada.pk + 1000
    with pytest.raises(ValidationError) as caught:
        await book.afull_clean()
    assert list(caught.value.message_dict) == ["author"]
    assert "is not a valid choice" in str(caught.value)
    book.author_id = None
    with pytest.raises(ValidationError, match="author"):
        await book.afull_clean()


async def test_validation_asks_limit_choices_to(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada", living=False)
    award = Award(winner=ada)
    with pytest.raises(ValidationError, match="is not a valid choice"):
        await award.afull_clean()
    award.winner = await Author.objects.acreate(name="Bob")
    await award.afull_clean()


async def test_errors_of_relations_stand_among_the_others_in_the_order_of_the_fields(database: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        await Loan(book_id=99, reader="x" * 21).afull_clean()
    assert list(caught.value.error_dict) == ["book", "reader"]


async def test_rows_of_many_do_not_refer_to_what_was_not_saved(database: Any) -> None:
    """Also where the relation refers to another column than the key, which has its value already."""
    author = Author(name="Ada", country=Country(code="xx"))
    with pytest.raises(ValueError, match=r"bulk_create\(\) prohibited .* unsaved related object 'country'"):
        await Author.objects.abulk_create([author])
    assert author.country is not None
    await author.country.asave()
    await Author.objects.abulk_create([author])
    assert author.country_id == "xx"


async def test_a_relation_that_is_not_written_may_refer_to_what_was_not_saved(database: Any) -> None:
    author = await Author.objects.acreate(name="Ada")
    author.name, author.country = "Bob", Country(code="xx")
    assert await Author.objects.abulk_update([author], ["name"]) == 1
    with pytest.raises(ValueError, match=r"bulk_update\(\) prohibited .* unsaved related object 'country'"):
        await Author.objects.abulk_update([author], ["name", "country"])
    assert await Author.objects.values_list("name", "country_id").aget() == ("Bob", None)
