"""explain(): how the database runs a query, as a tree to be read and as its parts."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from orm.models import Count
from orm.sql import types
from tests.query.models import Author, Book


async def test_it_is_a_text_with_one_step_in_a_line(library: Any) -> None:
    plan: Any = await Book.objects.filter(author__age__gt=3).order_by("title").aexplain()
    assert isinstance(plan, str)
    assert plan.text == plan == repr(plan)
    titles = [node.title for node in plan.nodes]
    assert len(titles) > 1
    assert [line.strip() for line in plan.splitlines() if line.strip().split("  (")[0] in titles]
    assert any("query_book" in title for title in titles)


async def test_steps_hang_below_those_that_take_their_rows(library: Any) -> None:
    inner = Author.objects.filter(age__gt=3).order_by("age").values("pk")[:2]
    plan: Any = await Book.objects.filter(pk__in=inner).aexplain()
    assert plan.nodes[0] is plan.steps[0]
    assert sum(len(node.steps) for node in plan.nodes) + len(plan.steps) == len(plan.nodes)


async def test_without_analyze_nothing_is_measured(library: Any) -> None:
    plan: Any = await Book.objects.all().aexplain()
    assert plan.total_time is None
    assert all(node.time is None and node.rows is None for node in plan.nodes)


async def test_analyze_runs_the_query_and_says_what_it_took(library: Any) -> None:
    plan: Any = await Book.objects.filter(pages__gt=3).order_by("title").aexplain(analyze=True)
    assert plan.total_time > 0
    assert plan.splitlines()[-1].endswith((" ms", " rows"))
    assert f"ran in {plan.total_time:,.3f} ms" in plan


@pytest.mark.only(backend="postgresql")
async def test_analyze_says_rows_and_time_of_each_step(library: Any) -> None:
    plan: Any = await Book.objects.filter(pages__gt=3).order_by("title").aexplain(analyze=True)
    top = plan.nodes[0]
    assert top.title == "Sort"
    assert top.rows == sum(book.pages > 3 for book in library.books)
    assert 0 < top.time <= plan.total_time + 1
    assert "Sort Key: title" in top.details
    assert top.raw["Node Type"] == "Sort"
    assert f"Sort  ({top.rows:,.0f} rows of " in plan


@pytest.mark.only(backend="postgresql")
async def test_titles_are_those_of_the_database_s_own_text(library: Any) -> None:
    queries = [
        Book.objects.filter(author__age__gt=3),
        Book.objects.select_related("editor").order_by("-pages")[:3],
        Author.objects.annotate(n=Count("books")).filter(n__gt=0),
        Book.objects.values("pages").distinct(),
        Book.objects.filter(pages=1).union(Book.objects.filter(pages=2)),
        Book.objects.filter(pk__in=Author.objects.values("pk")),
        Author.objects.filter(pk=5),
    ]
    for queryset in queries:
        plan: Any = await queryset.aexplain()
        text = (await queryset.aexplain(format="text")).replace('"', "")
        for node in plan.nodes:
            if ": " not in node.title:  # a subquery's name has a line of its own there
                assert f"{node.title}  (cost" in text, (node.title, text)


@pytest.mark.only(backend="sqlite")
async def test_sqlite_counts_and_times_the_query_as_a_whole(library: Any) -> None:
    plan: Any = await Book.objects.all().aexplain(analyze=True)
    assert plan.endswith(f", {len(library.books)} rows")


async def test_a_query_that_is_not_sent_has_no_steps(library: Any) -> None:
    plan: Any = await Book.objects.none().aexplain()
    assert (plan.nodes, plan) == ([], "no query is sent: the conditions can't be met")


async def test_a_format_that_the_database_does_not_have_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="not a recognized format"):
        await Book.objects.all().aexplain(format="fancy")


async def test_under_the_legacy_answers_it_is_the_database_s_text(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(types, "same_everywhere", False)
    said: Any = await Book.objects.all().aexplain()
    assert said.nodes == []
    assert repr(said) == repr(str.__str__(said))


async def test_it_is_pickled_with_its_parts(library: Any) -> None:
    plan: Any = await Book.objects.all().aexplain(analyze=True)
    again = pickle.loads(pickle.dumps(plan))
    assert (again, again.nodes, again.total_time) == (plan, plan.nodes, plan.total_time)
