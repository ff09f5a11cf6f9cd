"""What can't be right is refused at the call, with a sentence that names it and what was meant; SQL never sees it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest

import orm
from orm.errors import FieldError
from orm.models import Count, F, Max, Q, Sum
from orm.models.functions import Upper
from orm.structures.lazy import lazy, lazystr
from tests.case_names import case_name
from tests.counting import Queries
from tests.query import library as L
from tests.query.models import Author, Book, Document, Everything, Publisher, Tag

REFUSED = (orm.errors.Error, ValueError, TypeError)

# -- names that don't exist, with the nearest that do ------------------------------------------------------------------

UNKNOWN_NAMES: list[tuple[str, Any, str]] = [
    ("field", lambda: Author.objects.filter(nmae="x"), "nmae.*name"),
    ("field in exclude", lambda: Author.objects.exclude(nmae="x"), "nmae.*name"),
    ("field in Q", lambda: Author.objects.filter(Q(nmae="x") | Q(age=1)), "nmae.*name"),
    ("field in F", lambda: Author.objects.filter(name=F("nmae")), "nmae.*name"),
    ("field in an annotation", lambda: Author.objects.annotate(x=Upper("nmae")), "nmae.*name"),
    ("field in an aggregate", lambda: Author.objects.annotate(x=Sum("agee")), "agee.*age"),
    ("field in order_by", lambda: Author.objects.order_by("-nmae"), "nmae.*name"),
    ("field in values", lambda: Author.objects.values("nmae"), "nmae.*name"),
    ("field in values_list", lambda: Author.objects.values_list("nmae"), "nmae.*name"),
    ("field in only", lambda: Author.objects.only("nmae"), "nmae"),
    ("field in defer", lambda: Author.objects.defer("nmae"), "nmae"),
    ("relation", lambda: Book.objects.filter(autor__name="x"), "autor.*author"),
    ("field of a relation", lambda: Book.objects.filter(author__nmae="x"), "nmae.*name"),
    ("field two relations away", lambda: Book.objects.filter(author__country__nmae="x"), "nmae.*name"),
    ("relation in select_related", lambda: Book.objects.select_related("autor"), "autor.*author"),
    ("relation of a relation in select_related",
     lambda: Book.objects.select_related("author__contry"), "contry.*country"),
    ("lookup", lambda: Author.objects.filter(name__contians="x"), "contians.*contains"),
    ("lookup after a transform", lambda: Author.objects.filter(born__year__gtt=1), "gtt.*gt"),
    ("transform", lambda: Author.objects.filter(born__yaer=1), "yaer.*year"),
    ("lookup of a relation", lambda: Book.objects.filter(author__contains=1), "contains"),
    ("reverse relation by its accessor's wrong name",
     lambda: Author.objects.filter(book_set__title="x"), "book_set.*books"),
    ("empty name", lambda: Author.objects.filter(**{"": 1}), ""),
    ("trailing underscores", lambda: Author.objects.filter(name__=1), "name"),
    ("something past a plain column", lambda: Author.objects.filter(name__name="x"), "name"),
    ("lookup in values", lambda: Author.objects.values("name__contains"), "contains"),
    ("lookup in order_by", lambda: Author.objects.order_by("name__contains"), "contains"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), [c[1:] for c in UNKNOWN_NAMES], ids=[c[0] for c in UNKNOWN_NAMES])
def test_a_name_that_is_unknown_is_told_with_what_there_is(call: Any, message: str) -> None:
    with pytest.raises(FieldError, match=f"(?s){message}"):
        call()


def test_unknown_field_names_the_model() -> None:
    with pytest.raises(FieldError, match="Author"):
        Author.objects.filter(nmae="x")


def test_unknown_name_of_an_instance() -> None:
    with pytest.raises(TypeError, match="nmae"):
        Author(nmae="x")


async def test_unknown_name_in_create(database: Any) -> None:
    with pytest.raises(TypeError, match="nmae"):
        await Author.objects.acreate(nmae="x")


async def test_unknown_name_in_get(database: Any) -> None:
    with pytest.raises(FieldError, match=r"(?s)nmae.*name"):
        await Author.objects.aget(nmae="x")


# -- values of the wrong type, named with their field ------------------------------------------------------------------

WRONG_VALUES: list[tuple[str, Any]] = [
    ("integer", "many"), ("integer", object()), ("integer", 1.5), ("integer", [1]), ("integer", {}),
    ("boolean", "perhaps"), ("boolean", 7),
    ("date", "yesterday"), ("date", 5), ("date", datetime.time(1)),
    ("datetime", "2020-13-45"), ("datetime", 5.5), ("datetime", "noon"),
    ("time", "25:00"), ("time", 9),
    ("duration", "long"), ("duration", 5),
    ("decimal", "1,5"), ("decimal", float("nan")), ("decimal", object()),
    ("float", "pi"), ("float", object()),
    ("uuid", "not-a-uuid"), ("uuid", 1.5),
    ("binary", "text"), ("binary", 5),
    ("char", b"bytes"), ("text", b"bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG_VALUES, ids=case_name)
def test_filter_by_a_value_of_the_wrong_type(field: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=field):
        Everything.objects.filter(**{field: value})


@pytest.mark.parametrize(("field", "value"), WRONG_VALUES, ids=case_name)
async def test_save_a_value_of_the_wrong_type(database: Any, field: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=field):
        await Everything(**{field: value}).asave()
    assert await Everything.objects.acount() == 0


WRONG_LOOKUP_VALUES: list[tuple[str, Any]] = [
    ("integer__in", 5), ("integer__in", ["a"]), ("integer__range", (1,)), ("integer__range", 5),
    ("integer__isnull", "yes"), ("integer__gt", "many"), ("integer__gt", None), ("integer__lt", None),
    ("date__year", "MMXX"), ("char__contains", None), ("datetime__date", "noon"),
]  # fmt: skip


@pytest.mark.parametrize(("lookup", "value"), WRONG_LOOKUP_VALUES, ids=case_name)
def test_lookup_with_a_value_of_the_wrong_type(lookup: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Everything.objects.filter(**{lookup: value})


def test_instance_of_another_model_for_a_relation() -> None:
    with pytest.raises(ValueError, match="Author"):
        Book.objects.filter(author=Publisher(pk=1))


def test_unsaved_instance_for_a_relation() -> None:
    with pytest.raises(ValueError, match="unsaved|save it first"):
        Book.objects.filter(author=Author(name="x"))


def test_string_for_the_key_of_a_relation() -> None:
    with pytest.raises((TypeError, ValueError), match="(?i)author"):
        Book.objects.filter(author="Ada")


def test_positional_condition_that_is_none() -> None:
    with pytest.raises(TypeError):
        Author.objects.filter("name")


def test_positional_condition_that_is_not_a_condition() -> None:
    with pytest.raises(TypeError):
        Author.objects.filter(F("age") + 1)


def test_q_with_something_else() -> None:
    with pytest.raises(TypeError):
        Q(age=1) | 5


def test_annotation_that_is_not_an_expression() -> None:
    with pytest.raises(TypeError, match="expression"):
        Author.objects.annotate(x=5)


def test_annotation_that_clashes_with_a_relation() -> None:
    with pytest.raises(ValueError, match="books"):
        Author.objects.annotate(books=Count("edited"))


async def test_aggregate_of_an_aggregate(database: Any) -> None:
    with pytest.raises(FieldError, match="aggregate"):
        await Author.objects.aaggregate(x=Sum(Max("age")))


async def test_aggregate_inside_an_annotated_aggregate(database: Any) -> None:
    with pytest.raises(FieldError, match="aggregate"):
        await Author.objects.annotate(n=Count("books")).annotate(m=Sum("n"))


def test_unknown_database_alias() -> None:
    with pytest.raises(orm.errors.ConnectionDoesNotExist, match="elsewhere"):
        str(Author.objects.using("elsewhere").query)


# -- injection: names are never text -----------------------------------------------------------------------------------

NASTY = [
    'x" FROM query_author; DROP TABLE query_author; --',
    "x'; DROP TABLE query_author; --",
    "x; SELECT 1",
    "x/**/y",
    "x y",
    "x)",
    "x%sy",
    "x`y",
    "x\x00y",
    "x\ny",
    "x--y",
    "x[0]",
    "x\\y",
]

NAMES: list[tuple[str, Any]] = [
    ("filter", lambda text: Author.objects.filter(**{text: 1})),
    ("filter past a column", lambda text: Author.objects.filter(**{f"name__{text}": 1})),
    ("filter past a relation", lambda text: Book.objects.filter(**{f"author__{text}": 1})),
    ("exclude", lambda text: Author.objects.exclude(**{text: 1})),
    ("Q", lambda text: Author.objects.filter(Q(**{text: 1}))),
    ("F", lambda text: Author.objects.filter(name=F(text))),
    ("order_by", lambda text: Author.objects.order_by(text)),
    ("order_by descending", lambda text: Author.objects.order_by("-" + text)),
    ("order_by past a column", lambda text: Author.objects.order_by(f"name__{text}")),
    ("values", lambda text: Author.objects.values(text)),
    ("values_list", lambda text: Author.objects.values_list(text)),
    ("only", lambda text: Author.objects.only(text)),
    ("defer", lambda text: Author.objects.defer(text)),
    ("select_related", lambda text: Book.objects.select_related(text)),
    ("distinct", lambda text: Author.objects.distinct(text)),
    ("aggregate's column", lambda text: Author.objects.annotate(x=Sum(text))),
    ("update", lambda text: Author.objects.none().update(**{text: 1})),
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("call", [n[1] for n in NAMES], ids=[n[0] for n in NAMES])
def test_injection_through_a_name(call: Any, text: str) -> None:
    with pytest.raises(REFUSED):
        call(text)


ALIASES: list[tuple[str, Any]] = [
    ("annotate", lambda text: Author.objects.annotate(**{text: Count("books")})),
    ("alias", lambda text: Author.objects.alias(**{text: Count("books")})),
    ("values", lambda text: Author.objects.values(**{text: F("name")})),
    ("annotated expression", lambda text: Author.objects.annotate(**{text: Upper("name")})),
]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("call", [a[1] for a in ALIASES], ids=[a[0] for a in ALIASES])
def test_injection_through_an_alias(call: Any, text: str) -> None:
    with pytest.raises(REFUSED):
        call(text)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
async def test_injection_through_an_aggregates_alias(library: Any, text: str) -> None:
    with pytest.raises(REFUSED):
        await Author.objects.aaggregate(**{text: Count("pk")})
    assert await Author.objects.acount() == len(L.authors)


@pytest.mark.parametrize("text", [t for t in NASTY if "\x00" not in t], ids=lambda t: t[:6])
async def test_json_keys_are_data(database: Any, text: str) -> None:
    """A JSON key may be any text, so it is not refused: it is found, and nothing else happens."""
    await Document.objects.acreate(name="it", data={text: 1, "inner": {text: 2}})
    await Document.objects.acreate(name="other", data={"x": 1})
    assert [d.name async for d in Document.objects.filter(**{f"data__{text}": 1})] == ["it"]
    assert [d.name async for d in Document.objects.filter(**{f"data__inner__{text}": 2})] == ["it"]
    assert [d.name async for d in Document.objects.filter(data__has_key=text)] == ["it"]
    assert await Document.objects.acount() == 2


@pytest.mark.parametrize("text", [t for t in NASTY if "\x00" not in t], ids=lambda t: t[:6])
async def test_values_are_data(database: Any, text: str) -> None:
    await Tag.objects.acreate(name=text[:40])
    assert await Tag.objects.values_list("name", flat=True) == [text[:40]]
    for lookup in ("exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"):
        assert await Tag.objects.filter(**{f"name__{lookup}": text[:40]}).acount() == 1
    assert await Tag.objects.filter(name__in=[text[:40]]).acount() == 1


def test_connector_of_q_is_not_text() -> None:
    with pytest.raises(REFUSED):
        Author.objects.filter(Q(name="x", age=1, _connector=") OR 1=1 OR ("))


def test_private_keyword_of_filter_is_not_taken() -> None:
    with pytest.raises(REFUSED):
        Author.objects.filter(_connector="OR", name="x")


def test_integers_as_names_are_refused() -> None:
    with pytest.raises(REFUSED):
        Author.objects.order_by(1)
    with pytest.raises(REFUSED):
        Author.objects.values(1)


@pytest.mark.only(backend="postgresql")
async def test_text_too_long_for_its_column(database: Any) -> None:
    with pytest.raises((orm.errors.DataError, ValueError, orm.errors.IntegrityError), match="(?i)long|name|exceed"):
        await Tag.objects.acreate(name="x" * 41)


@pytest.mark.only(backend="postgresql")
async def test_text_with_a_nul_character(database: Any) -> None:
    with pytest.raises(orm.errors.UnsendableText, match="NUL") as caught:
        await Tag.objects.acreate(name="a\x00b")
    assert isinstance(caught.value, orm.errors.DataError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("lookup", ["startswith", "istartswith", "endswith", "iendswith", "icontains", "iexact"])
async def test_a_pattern_with_a_nul_character_is_refused_where_it_would_be_cut(database: Any, lookup: str) -> None:
    with pytest.raises(orm.errors.UnsendableText, match="NUL"):
        await Tag.objects.filter(**{f"name__{lookup}": "a\x00"}).acount()


async def test_decimal_with_too_many_digits(database: Any) -> None:
    with pytest.raises((ValueError, orm.errors.DataError)):
        await Everything.objects.acreate(decimal="123456789012345678.5")


async def test_key_that_is_a_uuid_for_an_integer(database: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        await Author.objects.aget(pk=uuid.uuid4())


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
async def test_get_by_a_key_beyond_every_column_finds_nothing(library: Any, value: int) -> None:
    with pytest.raises(Author.DoesNotExist):
        await Author.objects.aget(pk=value)


@pytest.mark.parametrize("pattern", ["(", "[a", "*x", "a{2,1}"])
@pytest.mark.parametrize("lookup", ["name__regex", "name__iregex"])
async def test_invalid_regular_expression(library: Any, lookup: str, pattern: str) -> None:
    assert await Author.objects.filter(**{lookup: "^ada$"}).acount() == (lookup == "name__iregex")
    with pytest.raises(orm.errors.DataError, match="(?i)invalid regular expression"):
        await Author.objects.filter(**{lookup: pattern}).acount()


@pytest.mark.only(backend="sqlite")
async def test_invalid_regular_expression_is_named_before_sql(library: Any, queries: Queries) -> None:
    with queries as sent, pytest.raises(orm.errors.DataError, match=r"'\[a': unterminated character set"):
        await Author.objects.filter(name__regex="[a").acount()
    assert not sent


@pytest.mark.parametrize("method", ["filter", "values_list", "aupdate", "update", "acount", "bulk_create", "acopy_in"])
async def test_wrong_arguments_are_told_by_the_names_users_know(database: Any, method: str) -> None:
    for source in (Author.objects, Author.objects.all()):
        with pytest.raises(TypeError, match=rf"^QuerySet\.{method}\(\) "):
            await getattr(source, method)(1, 2, 3, 4, 5, 6, 7, 8, 9, wrong=1, self=1)


async def test_half_of_a_surrogate_pair_is_a_wrong_value_in_both_colours(database: Any) -> None:
    half = "\ud800"
    with pytest.raises(orm.errors.UnsendableText, match="surrogates not allowed"):
        await Author.objects.acreate(name=half)
    with pytest.raises(orm.errors.UnsendableText, match="surrogates not allowed"):
        await Author.objects.filter(name=half).acount()
    with pytest.raises(orm.errors.UnsendableText, match="surrogates not allowed"):
        await Author.objects.abulk_create([Author(name=half)])
    with pytest.raises(orm.errors.UnsendableText, match="surrogates not allowed"):
        await Everything.objects.filter(json__a=half).acount()


# -- names that are lazy texts -----------------------------------------------------------------------------------------


async def test_a_lazy_text_names_a_field(library: Any) -> None:
    name = lazystr("name")
    expected = sorted(a.name for a in L.authors)
    assert await Author.objects.order_by("name").values_list(F(name), flat=True) == expected
    assert [a.get_deferred_fields() for a in await Author.objects.defer(name)[:1]] == [{"name"}]
    assert "name" not in (await Author.objects.only(name).afirst()).get_deferred_fields()  # type: ignore[union-attr]
    assert await Book.objects.select_related(lazystr("author")).acount() == len(L.books)
    with pytest.raises(TypeError, match="only.. takes names of fields, as texts, not 5"):
        Author.objects.only(lazy(int, int)(5))
