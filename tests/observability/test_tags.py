"""``qs.tag("checkout")``: a comment before each statement of a query."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.db.observing.spans import first_word
from orm.models import Count, F
from tests.conftest import Run
from tests.query.models import Counter, Country


async def test_statements_carry_the_tag(database: Run) -> None:
    chile = await Country.objects.acreate(name="Chile")
    tagged = Country.objects.tag("checkout")
    with orm.capture_queries() as queries:
        await tagged.filter(name="Chile").aget()
        await tagged
        await tagged.all().acount()
        await tagged.all().aexists()
        await tagged.all()[:1].acount()
        await tagged.aaggregate(n=Count("pk"))
        await tagged.union(Country.objects.filter(name="Peru"))
        [country async for country in tagged.aiterator()]
        await tagged.filter(pk=chile.pk).aupdate(name=F("name"))
        await Counter.objects.tag("checkout").filter(pk=0).adelete()
    assert len(queries) == 10
    assert [query.sql for query in queries if not query.sql.startswith("/* checkout */ ")] == []
    assert [query.sql.count("/*") for query in queries] == [1] * 10


async def test_further_tags_are_added(database: Run) -> None:
    with orm.capture_queries() as queries:
        await Country.objects.tag("shop").tag("checkout: 100%?").acount()
        await Country.objects.acount()
    assert queries[0].sql.startswith("/* shop, checkout: 100%? */ SELECT")
    assert queries[1].sql.startswith("SELECT")


@pytest.mark.parametrize(
    "text", ["*/ DROP TABLE query_country; /*", "a /* b", "*/", "line\nbreak", "nul\0", "esc\x1b", "", " "]
)
def test_text_that_could_leave_the_comment_is_refused(database: Run, text: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        Country.objects.tag(text)
    assert Country.objects.count() == 0


def test_only_text_is_a_tag(database: Run) -> None:
    number: Any = 7
    with pytest.raises(TypeError, match="takes a text"):
        Country.objects.tag(number)


def test_the_first_word_of_a_statement() -> None:
    assert first_word("/* a */ /* b */ select 1") == "SELECT"
    assert first_word("") == "SQL"
