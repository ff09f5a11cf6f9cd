"""exclude(): the complement, NULLs included, and what it means across relations with many rows."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import F, Q
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Publisher, Tag


async def test_exclude_keeps_rows_with_null(library: Any) -> None:
    assert await names(Author.objects.exclude(age=36)) == named(a for a in L.authors if a.age != 36)


@pytest.mark.parametrize("lookup", ["gt", "gte", "lt", "lte"])
async def test_exclude_comparison_keeps_rows_with_null(library: Any, lookup: str) -> None:
    matching = {a.name async for a in Author.objects.filter(**{f"age__{lookup}": 36})}
    found = Author.objects.exclude(**{f"age__{lookup}": 36})
    assert await names(found) == named(a for a in L.authors if a.name not in matching)


async def test_exclude_null(library: Any) -> None:
    assert await names(Author.objects.exclude(age=None)) == named(a for a in L.authors if a.age is not None)


async def test_exclude_isnull_false(library: Any) -> None:
    assert await names(Author.objects.exclude(age__isnull=False)) == named(a for a in L.authors if a.age is None)


async def test_exclude_in(library: Any) -> None:
    found = Author.objects.exclude(age__in=[36, 24])
    assert await names(found) == named(a for a in L.authors if a.age not in {36, 24})


async def test_exclude_in_empty_list_gives_everything(library: Any) -> None:
    assert await names(Author.objects.exclude(age__in=[])) == named(L.authors)


async def test_exclude_without_conditions_gives_everything(library: Any) -> None:
    assert await names(Author.objects.exclude()) == named(L.authors)


async def test_exclude_several_conditions_excludes_where_all_hold(library: Any) -> None:
    found = Author.objects.exclude(age=36, name="Ada")
    assert await names(found) == named(a for a in L.authors if not (a.age == 36 and a.name == "Ada"))


async def test_exclude_q_or(library: Any) -> None:
    found = Author.objects.exclude(Q(age=36) | Q(active=False))
    assert await names(found) == named(a for a in L.authors if not (a.age == 36 or not a.active))


async def test_exclude_of_a_negation(library: Any) -> None:
    found = Author.objects.exclude(~Q(age=36))
    assert await names(found) == named(a for a in L.authors if a.age == 36)


async def test_chained_excludes(library: Any) -> None:
    found = Author.objects.exclude(age=36).exclude(active=False)
    assert await names(found) == named(a for a in L.authors if a.age != 36 and a.active)


async def test_exclude_f_keeps_rows_with_null_on_either_side(library: Any) -> None:
    found = Book.objects.exclude(author=F("editor"))
    assert await titles(found) == titled(b for b in L.books if b.author is not b.editor)


async def test_exclude_pattern(library: Any) -> None:
    found = Book.objects.exclude(title__contains="Cotton")
    assert await titles(found) == titled(b for b in L.books if "Cotton" not in b.title)


# -- forward relations -------------------------------------------------------------------------------------------------


async def test_exclude_forward_relation(library: Any) -> None:
    assert await titles(Book.objects.exclude(author__name="Ada")) == titled(b for b in L.books if b.author is not L.ADA)


async def test_exclude_optional_relation_keeps_rows_without_it(library: Any) -> None:
    found = Book.objects.exclude(publisher__name="Penguin")
    assert await titles(found) == titled(b for b in L.books if b.publisher is not L.PENGUIN)


async def test_exclude_two_optional_steps(library: Any) -> None:
    found = Book.objects.exclude(publisher__country__name="France")
    assert await titles(found) == titled(b for b in L.books if not (b.publisher and b.publisher.country is L.FRANCE))


async def test_exclude_nullable_column_of_an_optional_relation(library: Any) -> None:
    found = Book.objects.exclude(editor__age__gte=36)
    assert await titles(found) == titled(
        b for b in L.books if not (b.editor and b.editor.age is not None and b.editor.age >= 36)
    )


async def test_exclude_absent_relation(library: Any) -> None:
    assert await titles(Book.objects.exclude(editor=None)) == titled(b for b in L.books if b.editor)


async def test_exclude_instance(library: Any) -> None:
    camus = await Author.objects.aget(name="Camus")
    found = Book.objects.exclude(editor=camus)
    assert await titles(found) == titled(b for b in L.books if b.editor is not L.CAMUS)


# -- relations with many rows ------------------------------------------------------------------------------------------


async def test_exclude_reverse_relation_excludes_whoever_has_one_such_row(library: Any) -> None:
    found = Author.objects.exclude(books__pages__gt=200)
    assert await names(found) == named(a for a in L.authors if not any(b.pages > 200 for b in a.books))


async def test_exclude_many_to_many(library: Any) -> None:
    found = Book.objects.exclude(tags__name="classic")
    assert await titles(found) == titled(b for b in L.books if "classic" not in b.tags)


async def test_exclude_many_to_many_gives_each_row_once(library: Any) -> None:
    found = [book.pk async for book in Book.objects.exclude(tags__name="poetry")]
    assert len(found) == len(set(found))


async def test_exclude_many_to_many_by_instance(library: Any) -> None:
    novel = await Tag.objects.aget(name="novel")
    found = Book.objects.exclude(tags=novel)
    assert await titles(found) == titled(b for b in L.books if "novel" not in b.tags)


async def test_exclude_many_to_many_in(library: Any) -> None:
    found = Book.objects.exclude(tags__name__in=["novel", "science"])
    assert await titles(found) == titled(b for b in L.books if not {"novel", "science"} & set(b.tags))


async def test_exclude_nullable_column_of_a_reverse_relation(library: Any) -> None:
    found = Author.objects.exclude(books__price__lt=10)
    assert await names(found) == named(
        a for a in L.authors if not any(b.price is not None and b.price < 10 for b in a.books)
    )


async def test_exclude_without_related_rows(library: Any) -> None:
    assert await names(Author.objects.exclude(books=None)) == named(a for a in L.authors if a.books)


async def test_exclude_two_steps_with_many_rows(library: Any) -> None:
    found = Author.objects.exclude(books__reviews__stars__lte=2)
    assert await names(found) == named(
        a for a in L.authors if not any(r.stars <= 2 for b in a.books for r in b.reviews)
    )


async def test_exclude_through_forward_then_many(library: Any) -> None:
    found = Book.objects.exclude(author__edited__title="L'Étranger")
    assert await titles(found) == titled(
        b for b in L.books if not any(e.title == "L'Étranger" for e in b.author.edited)
    )


async def test_exclude_many_through_two_relations(library: Any) -> None:
    found = Publisher.objects.exclude(books__tags__name="novel")
    assert await names(found) == named(p for p in L.publishers if not any("novel" in b.tags for b in p.books))


async def test_exclude_conditions_on_many_rows_need_not_meet_in_one_row(library: Any) -> None:
    """As Django documents: exclude() takes each condition on its own, unlike filter()."""
    found = Book.objects.exclude(reviews__reviewer="Ann", reviews__stars__gte=4)
    assert await titles(found) == titled(
        b for b in L.books if not (any(r.reviewer == "Ann" for r in b.reviews) and any(r.stars >= 4 for r in b.reviews))
    )


async def test_exclude_rows_that_meet_conditions_together_through_a_subquery(library: Any) -> None:
    """The remedy Django documents."""
    five_by_bob = Book.objects.filter(reviews__reviewer="Bob", reviews__stars=5)
    found = Book.objects.exclude(pk__in=five_by_bob)
    assert await titles(found) == titled(
        b for b in L.books if not any(r.reviewer == "Bob" and r.stars == 5 for r in b.reviews)
    )


async def test_exclude_after_filter_on_the_same_relation(library: Any) -> None:
    found = Author.objects.filter(books__pages__gt=50).exclude(books__pages__gt=200).distinct()
    assert await names(found) == named(
        a for a in L.authors if any(b.pages > 50 for b in a.books) and not any(b.pages > 200 for b in a.books)
    )


async def test_negated_q_across_many_rows(library: Any) -> None:
    found = Book.objects.filter(~Q(tags__name="classic"), pages__gt=50)
    assert await titles(found) == titled(b for b in L.books if "classic" not in b.tags and b.pages > 50)


async def test_negated_q_across_many_rows_inside_or(library: Any) -> None:
    found = Book.objects.filter(~Q(tags__name="classic") | Q(pages=66))
    assert await titles(found) == titled(b for b in L.books if "classic" not in b.tags or b.pages == 66)


async def test_exclude_f_from_the_outer_row_across_many_rows(library: Any) -> None:
    found = Book.objects.exclude(reviews__reviewer=F("author__name"))
    assert await titles(found) == titled(b for b in L.books if not any(r.reviewer == b.author.name for r in b.reviews))


async def test_exclude_many_to_many_to_itself(library: Any) -> None:
    found = Author.objects.exclude(friends__name="Ada")
    assert await names(found) == named(a for a in L.authors if not any({a, L.ADA} == {x, y} for x, y in L.friendships))


async def test_exclude_reverse_one_to_one(library: Any) -> None:
    found = Author.objects.exclude(profile__motto="Compute!")
    assert await names(found) == named(a for a in L.authors if a.motto != "Compute!")


# -- values across relations with many rows, and computed values -------------------------------------------------------

COMPARED_ACROSS = [
    {"books__pages__gt": F("books__price") * 10},
    {"books__pages__gt": F("edited__pages") + 1},
    {"books__pages": F("edited__pages")},
    {"age__lt": F("books__pages") - 20},
    {"books__reviews__stars__lt": F("books__stock__quantity")},
    {"books__editor__age__in": [F("books__pages"), F("age"), 46]},
    {"age__range": (F("books__reviews__stars"), F("books__pages"))},
]


@pytest.mark.parametrize("condition", COMPARED_ACROSS, ids=str)
async def test_exclude_of_a_value_across_many_rows_is_the_complement(library: Any, condition: dict[str, Any]) -> None:
    matching = {author.pk async for author in Author.objects.filter(**condition)}
    found = [author.pk async for author in Author.objects.exclude(**condition)]
    assert sorted(found) == sorted(a.pk for a in L.authors if a.pk not in matching)
    assert 0 < len(matching) < len(L.authors)
    either = Author.objects.exclude(Q(**condition) | Q(name="Gina"))
    assert await names(either) == named(a for a in L.authors if a.pk not in matching and a is not L.GINA)


async def test_exclude_of_an_annotation_and_a_value_across_many_rows(library: Any) -> None:
    double = Author.objects.alias(double=F("age") * 2)
    matching = {author.pk async for author in double.filter(double__gt=F("books__pages"))}
    assert await names(double.exclude(double__gt=F("books__pages"))) == named(
        a for a in L.authors if a.pk not in matching
    )
    assert matching


async def test_the_negation_of_an_unknown_computed_comparison_is_unknown(library: Any) -> None:
    """As in Django: NULL in a column is no match; what is computed from NULL is unknown, and so is its negation."""
    books = [b for b in L.books if b.price is not None and b.editor is not None and b.editor.age is not None]
    assert await titles(Book.objects.exclude(pages__gt=F("price") + F("editor__age"))) == titled(
        b for b in books if not b.pages > b.price + b.editor.age
    )
    one = Q(pages__gt=F("price") + F("editor__age"))
    assert await titles(Book.objects.filter(~one ^ Q(pages=310))) == titled(
        b for b in L.books if ((b in books and not b.pages > b.price + b.editor.age) != (b.pages == 310))
    )
