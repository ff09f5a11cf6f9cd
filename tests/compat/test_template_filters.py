"""Template filters and ``humanize`` as functions, which models and commands call: what Django 5.2 gives."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from orm.compat.django import humanize
from orm.compat.django import template_filters as filters
from orm.compat.django.settings import settings

NOON = datetime.datetime(2020, 1, 2, 12, 4, 5)


@pytest.fixture(autouse=True)
def djangos_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings as if ``settings.configure()`` had been called, without handing anything on to the ORM."""
    monkeypatch.setitem(settings.__dict__, "_values", {})


@pytest.mark.parametrize(
    ("given", "places", "written"),
    [
        (34.23234, -1, "34.2"),
        (34.0, -1, "34"),
        (34.26, 3, "34.260"),
        (34.0, -3, "34"),
        ("39.56000", 0, "40"),
        (2.5, 0, "3"),
        (-0.04, 1, "0.0"),
        (34232.34, "2g", "34,232.34"),
        (10**30, "3u", f"{10**30}.000"),
        ("x", -1, ""),
        (1.5, "x", "1.5"),
        (float("inf"), 1, "inf"),
    ],
)
def test_floatformat(given: Any, places: Any, written: str) -> None:
    assert filters.floatformat(given, places) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [(0, "0 bytes"), (1, "1 byte"), (1536, "1.5 KB"), (1024**3, "1.0 GB"), (-2048, "-2.0 KB"), ("x", "0 bytes")],
)
def test_filesizeformat(size: Any, written: str) -> None:
    assert filters.filesizeformat(size) == written.replace(" ", "\xa0")


@pytest.mark.parametrize(
    ("number", "endings", "written"),
    [(1, "s", ""), (2, "s", "s"), (1, "y,ies", "y"), ([1, 2], "es", "es"), ("x", "s", ""), (2, "a,b,c", "")],
)
def test_pluralize(number: Any, endings: str, written: str) -> None:
    assert filters.pluralize(number, endings) == written


def test_texts() -> None:
    assert filters.title("joe's bar 3RD") == "Joe's Bar 3rd"
    assert filters.truncatechars("Joel is a slug", 7) == "Joel i…"
    assert filters.truncatewords("Joel is a slug", 2) == "Joel is …"
    assert filters.linebreaksbr("a < b\r\nc") == "a &lt; b<br>c"
    assert filters.linebreaks_filter("a\n\nb") == "<p>a</p>\n\n<p>b</p>"
    assert filters.striptags("<b>Joel</b>") == "Joel"
    assert filters.slugify(5) == "5"
    assert filters.urlencode("https://www.example.org/foo?a=b", "") == "https%3A%2F%2Fwww.example.org%2Ffoo%3Fa%3Db"
    assert filters.wordwrap("Joel is a slug\n", 5) == "Joel\nis a\nslug\n"


def test_values_of_any_kind() -> None:
    assert [filters.yesno(value, "yeah,no,maybe") for value in (True, False, None)] == ["yeah", "no", "maybe"]
    assert filters.yesno(None, "yeah,no") == "no"
    assert filters.default("", "nothing") == "nothing"
    assert filters.default_if_none("", "nothing") == ""
    assert filters.add("4", 2) == 6
    assert filters.add([1], [2]) == [1, 2]
    assert filters.join(["a", "<b>"], " // ") == "a // &lt;b&gt;"
    assert filters.length(5) == 0
    assert filters.get_digit(123456789, 2) == 8


def test_dates() -> None:
    assert filters.date(NOON, "Y-m-d") == "2020-01-02"
    assert filters.date(NOON.date()) == "Jan. 2, 2020"
    assert filters.time(NOON, "H:i") == "12:04"
    assert filters.date("x") == filters.date(None) == ""
    assert filters.timesince_filter(NOON, NOON + datetime.timedelta(hours=3)) == "3\xa0hours"
    assert filters.timeuntil_filter(None) == ""


@pytest.mark.parametrize(
    ("number", "ordinal", "word", "commas"),
    [
        (1, "1st", "one", "1"),
        (3, "3rd", "three", "3"),
        (11, "11th", 11, "11"),
        (1_200_023, "1200023rd", 1_200_023, "1,200,023"),
        ("4500", "4500th", 4500, "4,500"),
        (-4500.5, "-4500", -4500, "-4,500.5"),
        (Decimal("4500.20"), "4500th", 4500, "4,500.20"),
        ("4500.2", "4500.2", "4500.2", "4,500.2"),
        ("x", "x", "x", "x"),
        (None, None, None, "None"),
    ],
)
def test_numbers_as_people_say_them(number: Any, ordinal: str, word: Any, commas: str) -> None:
    assert (humanize.ordinal(number), humanize.apnumber(number), humanize.intcomma(number)) == (ordinal, word, commas)


@pytest.mark.parametrize(
    ("number", "said"),
    [(999_999, 999_999), (1_200_000, "1.2 million"), (-(10**9), "-1.0 billion"), (10**100, "1.0 googol"), ("x", "x")],
)
def test_large_numbers_in_words(number: Any, said: Any) -> None:
    assert humanize.intword(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "a second"), (30, "30 seconds"), (90, "a minute"), (7300, "2 hours"), (90_000, "1 day, 1 hour")],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds + 0.5)
    ago = str(humanize.naturaltime(moment)).replace("\xa0", " ")
    # A busy machine may let a second pass in between.
    assert ago == f"{said} ago" or (seconds < 60 and ago.endswith("seconds ago"))


def test_days_near_today() -> None:
    today = datetime.datetime.now().date()
    day = datetime.timedelta(days=1)
    assert humanize.naturalday(today - 9 * day, "Y") in {str(today.year), str(today.year - 1)}
    said = [humanize.naturalday(datetime.datetime.now().date() + n * day) for n in (-1, 0, 1)]
    assert said == ["yesterday", "today", "tomorrow"]
    assert humanize.naturalday("x") == "x"
