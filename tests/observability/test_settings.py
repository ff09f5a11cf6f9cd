"""What settings switch on: slow-query logging, warnings of repeated queries, OpenTelemetry spans."""

from __future__ import annotations

import asyncio
import linecache
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.db.database_blocking import Database
from orm.db.observing import repeats
from orm.errors import DatabaseError, ImproperlyConfigured, RepeatedQueryWarning
from tests.conftest import Run
from tests.query.models import Author, Book, Country


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    yield
    orm.configure(slow_query_seconds=None, repeated_query_limit=None, tracer=None)


async def test_slow_queries_are_logged(database: Run, caplog: pytest.LogCaptureFixture) -> None:
    orm.configure(slow_query_seconds=0)
    with caplog.at_level(logging.WARNING, "orm.queries"):
        await Country.objects.filter(name="secret").acount()
    assert len(caplog.records) == 1
    message = caplog.records[0].getMessage()
    assert "slow query on 'default'" in message
    assert database.colour in message
    assert "SELECT" in message
    assert "secret" not in message
    assert "secret" in caplog.records[0].query.params  # type: ignore[attr-defined]
    orm.configure(slow_query_seconds=10)
    caplog.clear()
    await Country.objects.acount()
    assert caplog.records == []
    orm.configure(slow_query_seconds=None)
    assert type(orm.databases["default"]) is Database


async def test_a_line_that_repeats_a_query_is_warned_of_once(database: Run) -> None:
    chile = await Country.objects.acreate(name="Chile")
    authors = await Author.objects.abulk_create([Author(name=str(n), country=chile) for n in range(6)])
    await Book.objects.abulk_create([Book(title=author.name, author=author) for author in authors])
    orm.configure(repeated_query_limit=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for book in await Book.objects.order_by("pk"):
            (await book.author).name  # the line
        for _ in range(3):
            await Country.objects.tag(database.backend).acount()
    assert [warning.category for warning in caught] == [RepeatedQueryWarning]
    assert caught[0].filename == __file__
    assert "# the line" in linecache.getline(__file__, caught[0].lineno)
    assert "more than 3 times" in str(caught[0].message)


def test_counts_do_not_grow_for_ever(database: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that lives for months sends statements from many places."""
    monkeypatch.setattr(repeats, "MOST_PLACES", 5)
    for number in range(20):
        repeats.note_repeat("default", f"SELECT {number}", 100)
        assert 0 < len(repeats.counts_of_caller()) <= 5


@pytest.mark.only(colour="awaitable")
async def test_each_task_counts_by_itself(database: Run) -> None:
    orm.configure(repeated_query_limit=3)
    await Country.objects.acount()

    async def request() -> None:
        await Country.objects.acount()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await asyncio.gather(*(request() for _ in range(10)))
    assert caught == []


async def test_each_statement_is_a_span_below_the_callers(database: Run) -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    orm.configure(tracer=tracer)
    with tracer.start_as_current_span("request") as request:
        await Country.objects.tag("checkout").acount()
        with pytest.raises(DatabaseError):
            await Country.objects.raw("SELECT nothing FROM nowhere")
    orm.configure(tracer=None)
    await Country.objects.acount()
    count, failed, outer = exporter.get_finished_spans()
    assert outer.name == "request"
    assert count.parent.span_id == failed.parent.span_id == request.get_span_context().span_id
    assert count.name.startswith("SELECT")
    assert count.kind.name == "CLIENT"
    assert count.attributes["db.system.name"] == database.backend
    assert count.attributes["db.query.text"].startswith("/* checkout */ SELECT")
    assert count.attributes["duotone.colour"] == database.colour
    assert count.status.is_ok or count.status.is_unset
    assert not failed.status.is_ok
    assert [event.name for event in failed.events] == ["exception"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"slow_query_seconds": -1},
        {"slow_query_seconds": True},
        {"slow_query_seconds": "1"},
        {"repeated_query_limit": 0},
        {"repeated_query_limit": 1.5},
        {"tracer": "shop"},
    ],
)
def test_wrong_settings_are_refused(database: Run, wrong: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match=next(iter(wrong))):
        orm.configure(**wrong)
    assert Country.objects.count() == 0
    assert type(orm.databases["default"]) is Database
