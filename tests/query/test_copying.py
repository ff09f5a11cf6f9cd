"""copy_in() and copy_out(): rows in bulk from whatever they come in, what they lack, who is told, what is left after
an error or a cancellation."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest

import orm
from orm.errors import BadRow, FieldError, IntegrityError, OperationalError, UnsendableText
from orm.models import Count, F, Func, TextField, Value
from orm.query import copying
from tests.query.models import Author, Book, Counter, Defaults, Everything, Keyed, Nulling, Owner, Stamped

UTC = datetime.UTC

WHOLE: dict[str, Any] = {
    "boolean": True,
    "smallint": -3,
    "integer": 2**31 - 1,
    "bigint": -(2**63),
    "positive": 7,
    "char": 'a "quoted", comma\\ and\ttab',
    "text": "lines\r\nand ünïcode \\N",
    "slug": "a-slug",
    "email": "a@example.org",
    "url": "https://example.org",
    "date": datetime.date(2020, 2, 29),
    "time": datetime.time(23, 59, 58, 123456),
    "datetime": datetime.datetime(2021, 5, 6, 7, 8, 9, 10, tzinfo=UTC),
    "duration": datetime.timedelta(days=-3, seconds=5, microseconds=7),
    "decimal": Decimal("-12345.678901"),
    "float": 0.1,
    "uuid": uuid.UUID(int=5),
    "json": {"a": [1, None, "x\ty"], "b": {"c": 1.5}},
    "binary": b"\x00\xff\\x",
}
EMPTY: dict[str, Any] = dict.fromkeys(WHOLE)


async def values_of(model: Any, *names: str) -> list[Any]:
    return list(await model.objects.order_by("pk").values_list(*names))


# -- in ----------------------------------------------------------------------------------------------------------------


async def test_tuples_give_the_fields_that_are_named() -> None:
    assert await Counter.objects.acopy_in([("a", 1), ("b", 2)], fields=["key", "value"]) == 2
    assert await values_of(Counter, "key", "value", "note") == [("a", 1, ""), ("b", 2, "")]


async def test_tuples_without_names_give_all_columns_but_a_key_that_the_database_counts() -> None:
    assert await Counter.objects.acopy_in([("a", 1, "n", None, 5), ["b", 2, "", 6, None]]) == 2
    assert await values_of(Counter, "key", "note", "left", "right") == [("a", "n", None, 5), ("b", "", 6, None)]


async def test_mappings_give_what_their_keys_say_in_any_order() -> None:
    assert await Counter.objects.acopy_in([{"key": "a", "value": 1}, {"value": 2, "key": "b"}]) == 2
    assert await values_of(Counter, "key", "value") == [("a", 1), ("b", 2)]


async def test_instances_give_all_of_their_columns() -> None:
    assert await Counter.objects.acopy_in(Counter(key=f"k{n}", value=n, note="x") for n in range(3)) == 3
    assert await values_of(Counter, "key", "value", "note") == [(f"k{n}", n, "x") for n in range(3)]


async def test_instances_with_keys_keep_them() -> None:
    await Counter.objects.acopy_in([Counter(pk=900, key="a"), Counter(pk=901, key="b")])
    assert await values_of(Counter, "pk") == [(900,), (901,)]


async def test_every_kind_of_column_comes_back_as_it_went() -> None:
    assert await Everything.objects.acopy_in([WHOLE, EMPTY]) == 2
    whole, empty = await Everything.objects.order_by("pk")
    assert {name: getattr(whole, name) for name in WHOLE} == WHOLE
    assert {name: getattr(empty, name) for name in EMPTY} == EMPTY


async def test_values_are_converted_as_save_does_it() -> None:
    await Everything.objects.acopy_in([{"integer": "5", "decimal": 0.5, "date": "2020-01-02", "uuid": "0" * 32}])
    made = await Everything.objects.aget()
    assert (made.integer, made.decimal) == (5, Decimal("0.5"))
    assert (made.date, made.uuid) == (datetime.date(2020, 1, 2), uuid.UUID(int=0))


async def test_what_rows_lack_is_what_a_new_instance_has() -> None:
    await Defaults.objects.acopy_in([(1,), (2,)], fields=["count"])
    made = await Defaults.objects.order_by("count").afirst()
    assert (made.price, made.day, made.items) == (Decimal("1.50"), datetime.date(2020, 2, 29), [])


async def test_a_default_that_is_a_function_is_called_for_each_row() -> None:
    await Keyed.objects.acopy_in([("a",), ("b",)], fields=["label"])
    assert len({key for (key,) in await values_of(Keyed, "pk")}) == 2


async def test_the_moment_of_auto_now_is_now() -> None:
    await Stamped.objects.acopy_in([{"label": "a"}])
    made = await Stamped.objects.aget()
    assert abs(datetime.datetime.now(UTC) - made.created) < datetime.timedelta(minutes=5)


async def test_a_foreign_key_is_given_by_instance_or_by_key() -> None:
    owner = await Owner.objects.acreate(name="o")
    await Nulling.objects.acopy_in([(owner,), (None,)], fields=["owner"])
    await Nulling.objects.acopy_in([(owner.pk,)], fields=["owner_id"])
    assert await values_of(Nulling, "owner") == [(owner.pk,), (None,), (owner.pk,)]


async def test_the_rows_of_a_query_can_be_copied(library: Any) -> None:
    names = Author.objects.order_by("pk").values_list("name")
    assert await Counter.objects.acopy_in(names, fields=["key"]) == len(library.authors)


async def test_rows_may_be_read_in_the_transaction_they_are_copied_in(library: Any) -> None:
    async with orm.atomic():
        rows = Author.objects.order_by("pk").values_list("name")
        assert await Counter.objects.acopy_in(rows.aiterator(chunk_size=2), fields=["key"]) == len(library.authors)
    assert await Counter.objects.acount() == len(library.authors)


async def test_an_async_iterable_is_walked_in_either_colour() -> None:
    class Given:
        async def __aiter__(self) -> AsyncIterator[tuple[str]]:
            for number in range(5):
                await asyncio.sleep(0)
                yield (f"k{number}",)

    assert await Counter.objects.acopy_in(Given(), fields=["key"]) == 5


async def test_no_rows_are_none() -> None:
    assert await Counter.objects.acopy_in([]) == 0


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PART", 3)
    monkeypatch.setattr(copying, "SMALL_PART", 3)


async def test_rows_are_taken_a_part_at_a_time(small_parts: None) -> None:
    taken: list[int] = []
    told: list[tuple[int, int]] = []

    def rows() -> Iterator[tuple[str]]:
        for number in range(8):
            taken.append(number)
            yield (f"k{number}",)

    await Counter.objects.acopy_in(rows(), fields=["key"], progress=lambda done: told.append((done, len(taken))))
    assert told == [(3, 3), (6, 6), (8, 8)]


async def test_progress_may_be_a_coroutine_function(small_parts: None) -> None:
    told: list[int] = []

    class Teller:
        async def tell(self, done: int) -> None:
            await asyncio.sleep(0)
            told.append(done)

    await Counter.objects.acopy_in([(f"k{n}",) for n in range(4)], fields=["key"], progress=Teller().tell)
    assert told == [3, 4]


async def test_a_bar_is_shown_to_nobody_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    assert await Counter.objects.acopy_in([("a",)], fields=["key"], progress=True) == 1
    assert capfd.readouterr().err == ""


async def test_nothing_stays_of_rows_one_of_which_is_refused(small_parts: None) -> None:
    rows = [(f"k{n}",) for n in range(7)]
    with pytest.raises(IntegrityError, match=r"Row 8 of query\.Counter"):
        await Counter.objects.acopy_in([*rows, ("k3",)], fields=["key"])
    assert await Counter.objects.acount() == 0


async def test_the_database_s_error_names_the_row_and_keeps_its_class() -> None:
    with pytest.raises(IntegrityError, match=r"Row 2 of query\.Counter, field key: ") as caught:
        await Counter.objects.acopy_in([("a",), (None,), ("b",)], fields=["key"])
    assert (caught.value.row, caught.value.column) == (2, "key")


@pytest.mark.parametrize("form", [tuple, dict])
async def test_a_text_that_is_none_in_utf_8_names_its_row(form: Any) -> None:
    rows = [(key,) if form is tuple else form(key=key) for key in ("a", "b", "half \ud83d")]
    with pytest.raises(UnsendableText, match=r"Row 3 of query\.Counter: ") as caught:
        await Counter.objects.acopy_in(rows, fields=["key"])
    assert caught.value.row == 3
    assert await Counter.objects.acount() == 0


async def test_a_value_that_a_field_refuses_names_row_field_and_model() -> None:
    with pytest.raises(BadRow, match=r"Row 3 of query\.Counter: query\.Counter\.value: .*'many'") as caught:
        await Counter.objects.acopy_in([("a", 1), ("b", 2), ("c", "many")], fields=["key", "value"])
    assert caught.value.row == 3
    assert await Counter.objects.acount() == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1), ("b",)], r"Row 2 .* it has 1 values for 2 fields \(key, value\)"),
        ([("a", 1), ("b", 1, 2)], r"Row 2 .* it has 3 values for 2 fields"),
        ([("a", 1), {"key": "b", "value": 1}], r"Row 2 .* it is a mapping .* the first row is a tuple or list"),
        ([("a", 1), "ab"], r"Row 2 .* it is no row"),
        ([{"key": "a", "value": 1}, {"key": "b", "note": ""}], r"Row 2 .* it lacks 'value' and 'note' is not among"),
        ([{"key": "a", "value": 1}, ("b", 1)], r"Row 2 .* it is a tuple or list"),
        ([5], r"Row 1 .* not 5"),
        ([("a", 2**64)], r"Row 1 .*query\.Counter\.value can't hold"),
        ([("a", F("value"))], r"Row 1 .*expressions can't be copied"),
    ],
)
async def test_a_row_that_is_not_like_the_first_is_named(rows: list[Any], said: str) -> None:
    with pytest.raises(BadRow, match=said):
        await Counter.objects.acopy_in(rows, fields=["key", "value"])
    assert await Counter.objects.acount() == 0


async def test_an_instance_of_another_model_is_named() -> None:
    with pytest.raises(BadRow, match=r"Row 2 of query\.Counter: it is no row"):
        await Counter.objects.acopy_in([Counter(key="a"), Owner(name="o")])


async def test_fields_are_those_of_the_model() -> None:
    with pytest.raises(FieldError, match=r"no column 'keey'.*Did you mean 'key'"):
        await Counter.objects.acopy_in([("a",)], fields=["keey"])
    with pytest.raises(FieldError, match="no column 'tags'"):
        await Book.objects.acopy_in([{"title": "t", "tags": []}])
    with pytest.raises(ValueError, match="named twice"):
        await Counter.objects.acopy_in([("a", "b")], fields=["key", "key"])
    with pytest.raises(TypeError, match="list of names"):
        await Counter.objects.acopy_in([("a",)], fields="key")
    with pytest.raises(ValueError, match="at least one field"):
        await Counter.objects.acopy_in([()], fields=[])


async def test_a_field_that_nothing_fills_is_named_at_once() -> None:
    with pytest.raises(TypeError, match=r"needs a value for query\.Book\.author"):
        await Book.objects.acopy_in([("t",)], fields=["title"])


async def test_what_is_no_iterable_of_rows_is_refused() -> None:
    for wrong in ("ab", {"key": "a"}, 5, Counter(key="a")):
        with pytest.raises(TypeError, match=r"copy_in\(\) takes an iterable"):
            await Counter.objects.acopy_in(wrong)


async def test_some_of_the_rows_are_no_place_to_copy_to() -> None:
    with pytest.raises(TypeError, match=r"Counter\.objects\.copy_in"):
        await Counter.objects.filter(value=1).acopy_in([("a",)], fields=["key"])


async def test_unknown_progress_is_refused() -> None:
    with pytest.raises(TypeError, match="progress is a function"):
        await Counter.objects.acopy_in([("a",)], fields=["key"], progress=5)


async def test_in_a_transaction_the_rows_are_part_of_it() -> None:
    with pytest.raises(ZeroDivisionError):
        async with orm.atomic():
            await Counter.objects.acopy_in([("a",)], fields=["key"])
            assert await Counter.objects.acount() == 1
            raise ZeroDivisionError
    assert await Counter.objects.acount() == 0


async def test_a_transaction_goes_on_after_rows_that_were_refused() -> None:
    async with orm.atomic():
        await Counter.objects.acreate(key="before")
        with pytest.raises(IntegrityError):
            await Counter.objects.acopy_in([("a",), ("a",)], fields=["key"])
        with pytest.raises(BadRow):
            await Counter.objects.acopy_in([("a",), ()], fields=["key"])
        await Counter.objects.acreate(key="after")
    assert await values_of(Counter, "key") == [("before",), ("after",)]


async def test_an_error_of_the_iterable_leaves_as_it_is_and_nothing_stays(small_parts: None) -> None:
    def rows() -> Iterator[tuple[str]]:
        for number in range(5):
            yield (f"k{number}",)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Counter.objects.acopy_in(rows(), fields=["key"])
    assert await Counter.objects.acount() == 0


async def test_a_generator_that_was_not_walked_to_its_end_is_closed(small_parts: None) -> None:
    closed: list[bool] = []

    def rows() -> Iterator[Any]:
        try:
            for number in range(8):
                yield (f"k{number}",) if number != 3 else None
        finally:
            closed.append(True)

    kept = rows()
    with pytest.raises(BadRow, match="Row 4"):
        await Counter.objects.acopy_in(kept, fields=["key"])
    assert closed == [True]


@pytest.mark.only(colour="awaitable")
async def test_a_cancellation_leaves_no_row_and_a_clean_pool(database: Any, small_parts: None) -> None:
    begun = asyncio.Event()

    async def rows() -> AsyncIterator[tuple[str]]:
        number = 0
        while True:
            yield (f"k{number}",)
            number += 1
            if number > 10:
                begun.set()
            await asyncio.sleep(0)

    task = asyncio.create_task(Counter.objects.acopy_in(rows(), fields=["key"]))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Counter.objects.acount() == 0
    assert sum(pool.busy for pool in orm.databases["default"].statistics.pools) == 0


@pytest.mark.only(backend="postgresql", colour="awaitable")
async def test_a_cancellation_within_a_copy_ends_it_at_the_server(database: Any) -> None:
    rows = [("x" * 90 + str(number),) for number in range(40_000)]
    for delay in (0.001, 0.01, 0.03):
        task = asyncio.create_task(Author.objects.acopy_in(rows, fields=["name"]))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await Author.objects.acount() == 0


# -- out ---------------------------------------------------------------------------------------------------------------


async def test_rows_come_out_as_tuples_of_all_columns(counters: Any) -> None:
    found = [row async for row in Counter.objects.order_by("value").acopy_out()]
    assert found == [(one.pk, one.key, one.value, one.note, None, None) for one in counters]


async def test_rows_come_out_as_tuples_of_what_values_chose(library: Any) -> None:
    counted = Author.objects.values("name").annotate(n=Count("books")).order_by("name")
    found = [row async for row in counted.acopy_out()]
    assert found == sorted((one.name, len(one.books)) for one in library.authors)


async def test_what_was_copied_out_can_be_copied_in() -> None:
    await Everything.objects.acopy_in([WHOLE, EMPTY])
    names = list(WHOLE)
    rows = [row async for row in Everything.objects.order_by("pk").values_list(*names).acopy_out()]
    await Everything.objects.acopy_in(rows, fields=names)
    assert await values_of(Everything, *names) == [*rows, *rows]


async def read_csv(queryset: Any, **options: Any) -> list[list[str]]:
    text = (await queryset.acopy_out_csv(**options)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


async def test_csv_has_a_header_and_a_line_for_each_row(counters: Any) -> None:
    queryset = Counter.objects.order_by("value").values_list("key", "value")
    assert await queryset.acopy_out_csv() == b"key,value\n" + b"".join(b"k%d,%d\n" % (n, n) for n in range(5))
    assert (await queryset.acopy_out_csv(header=False)).startswith(b"k0,0\n")


async def test_csv_of_every_kind_of_value_is_the_same_on_every_database() -> None:
    await Everything.objects.acopy_in([WHOLE, EMPTY])
    [header, whole, empty] = await read_csv(Everything.objects.order_by("pk").values(*WHOLE))
    found = dict(zip(header, whole, strict=True))
    assert json.loads(found.pop("json")) == WHOLE["json"]
    assert found == {
        "boolean": "t",
        "smallint": "-3",
        "integer": "2147483647",
        "bigint": "-9223372036854775808",
        "positive": "7",
        "char": WHOLE["char"],
        "text": WHOLE["text"],
        "slug": "a-slug",
        "email": "a@example.org",
        "url": "https://example.org",
        "date": "2020-02-29",
        "time": "23:59:58.123456",
        "datetime": "2021-05-06 07:08:09.00001+00",
        "duration": "-3 days +00:00:05.000007",
        "decimal": "-12345.678901",
        "float": "0.1",
        "uuid": str(uuid.UUID(int=5)),
        "binary": "\\x00ff5c78",
    }
    assert set(empty) == {""}


async def test_csv_tells_an_empty_text_from_null() -> None:
    await Everything.objects.acopy_in([("", None)], fields=["char", "text"])
    assert await Everything.objects.values_list("char", "text").acopy_out_csv(header=False) == b'"",\n'


async def test_csv_goes_into_files_of_bytes_and_of_text(counters: Any) -> None:
    queryset = Counter.objects.order_by("value").values_list("key")
    for held in (io.BytesIO(), io.StringIO()):
        assert await queryset.acopy_out_csv(held, header=False) == 5
        assert held.getvalue() in (b"k0\nk1\nk2\nk3\nk4\n", "k0\nk1\nk2\nk3\nk4\n")


async def test_csv_goes_into_a_file_whose_write_is_a_coroutine_function(counters: Any) -> None:
    class Sent:
        data = b""

        async def write(self, data: bytes) -> None:
            await asyncio.sleep(0)
            self.data += data

    sent = Sent()
    assert await Counter.objects.values_list("key").acopy_out_csv(sent, header=False) == 5
    assert sent.data.count(b"\n") == 5


async def test_the_values_of_a_query_are_bound(library: Any) -> None:
    hostile = "x' || (SELECT 'y'); DROP TABLE query_author; -- $1"
    await Author.objects.acreate(name=hostile, age=30)
    wanted = (
        Author.objects.filter(name__in=[hostile, "Ada"], age__gt=29).annotate(said=Value("it's $1")).order_by("age")
    )
    found = await read_csv(wanted.values_list("name", "said"), header=False)
    assert found == [[hostile, "it's $1"], ["Ada", "it's $1"]]
    assert await read_csv(Author.objects.filter(name=hostile, age=30, born__isnull=True).values("pk")[0:1])


async def test_csv_of_no_rows_is_its_header() -> None:
    assert await Counter.objects.none().values_list("key").acopy_out_csv() == b"key\n"
    assert await Counter.objects.values_list("key").acopy_out_csv() == b"key\n"


async def test_csv_inside_a_transaction_sees_it_and_leaves_it_open(counters: Any) -> None:
    async with orm.atomic():
        await Counter.objects.filter(value__gt=0).adelete()
        assert await Counter.objects.filter(value__gte=0).values_list("key").acopy_out_csv(header=False) == b"k0\n"
        assert await Counter.objects.acount() == 1


async def test_an_error_of_the_file_leaves_as_it_is_and_the_session_clean(counters: Any) -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError("no space left")

    for queryset in (Counter.objects.all(), Counter.objects.filter(value__gt=1)):
        with pytest.raises(OSError, match="no space left"):
            await queryset.acopy_out_csv(Full(), header=False)
        async with orm.atomic():
            assert await Counter.objects.acount() == 5


async def test_an_error_of_the_file_in_the_middle_of_the_copy_leaves_as_it_is() -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError("no space left")

    await Counter.objects.acopy_in([(f"{number:050}", 0) for number in range(5000)], fields=["key", "value"])
    with pytest.raises(OSError, match="no space left"):
        await Counter.objects.acopy_out_csv(Full(), header=False)
    async with orm.atomic():
        assert await Counter.objects.acount() == 5000


async def test_a_path_is_no_file() -> None:
    with pytest.raises(TypeError, match="open"):
        await Counter.objects.acopy_out_csv("/tmp/x.csv")


@pytest.mark.only(backend="postgresql")
async def test_a_limit_of_time_stops_a_copy() -> None:
    sleep = "(%(function)s(%(expressions)s)::text)"
    slow = Func(Value(1.0), function="pg_sleep", template=sleep, output_field=TextField())
    await Counter.objects.acreate(key="a")
    with pytest.raises(OperationalError, match="limit"):
        await Counter.objects.annotate(slow=slow).values_list("slow").timeout(0.2).acopy_out_csv()
    assert await Counter.objects.acount() == 1
