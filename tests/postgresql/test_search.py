"""Full-text search, trigrams and accents."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import F, Value
from orm.postgresql import (
    Lexeme,
    SearchHeadline,
    SearchQuery,
    SearchRank,
    SearchVector,
    TrigramDistance,
    TrigramSimilarity,
    TrigramWordSimilarity,
)
from tests.postgresql.models import Post

pytestmark = pytest.mark.only(backend="postgresql")


async def library() -> None:
    for title, body in (
        ("Ducks", "The quick duck swims in the river."),
        ("Rivers", "A river is long, and a duck is short."),
        ("Crêpe", "Flour, milk and eggs."),
    ):
        await Post.objects.acreate(title=title, body=body)


async def titles(queryset: Any) -> list[str]:
    return [title async for title in queryset.values_list("title", flat=True)]


async def test_search_lookup(database: Any) -> None:
    await library()
    assert await titles(Post.objects.filter(body__search="ducks swim")) == ["Ducks"]
    assert await titles(Post.objects.filter(body__search=SearchQuery("flour", config="simple"))) == ["Crêpe"]
    assert await titles(Post.objects.filter(body__search="' OR 1=1; --")) == []


async def test_vectors_of_several_columns_with_weights_and_ranks(database: Any) -> None:
    await library()
    vector = SearchVector("title", weight="A", config="english") + SearchVector("body", weight="D", config="english")
    ranked = Post.objects.annotate(rank=SearchRank(vector, SearchQuery("river", config="english"))).filter(rank__gt=0)
    assert await titles(ranked.order_by("-rank")) == ["Rivers", "Ducks"]
    weighted = Post.objects.annotate(rank=SearchRank(vector, "duck", weights=[1.0, 0, 0, 0.1], normalization=2))
    assert await titles(weighted.order_by("-rank")[:1]) == ["Ducks"]
    covered = Post.objects.annotate(
        rank=SearchRank(vector, "duck", normalization=Value(2).bitor(Value(4)), cover_density=True)
    )
    assert (await titles(covered.order_by("-rank")))[2] == "Crêpe"


async def test_a_stored_vector(database: Any) -> None:
    await library()
    await Post.objects.aupdate(searchable=SearchVector("title", "body", config="english"))
    assert await titles(Post.objects.filter(searchable=SearchQuery("swimming", config="simple"))) == []
    found = Post.objects.filter(searchable=SearchQuery("swimming", config="english"))
    assert await titles(found) == ["Ducks"]


async def test_queries_combine(database: Any) -> None:
    await library()
    posts = Post.objects.annotate(search=SearchVector("body")).order_by("title")
    duck, swims, eggs = SearchQuery("duck"), SearchQuery("swims"), SearchQuery("eggs")
    assert await titles(posts.filter(search=duck & swims)) == ["Ducks"]
    assert await titles(posts.filter(search=eggs | swims)) == ["Crêpe", "Ducks"]
    assert await titles(posts.filter(search=duck & ~swims)) == ["Rivers"]
    assert await titles(posts.filter(search=~(duck | eggs))) == []
    assert await titles(posts.filter(search=SearchQuery("is short", search_type="phrase"))) == ["Rivers"]
    assert await titles(posts.filter(search=SearchQuery('duck -"quick duck"', search_type="websearch"))) == ["Rivers"]
    assert await titles(posts.filter(search=SearchQuery("swi:* & duck", search_type="raw"))) == ["Ducks"]
    assert await titles(posts.filter(search=Lexeme("egg", prefix=True))) == ["Crêpe"]
    assert await titles(posts.filter(search=Lexeme("it's' | ' duck"))) == []


async def test_headline(database: Any) -> None:
    await library()
    marked = SearchHeadline(
        "body", SearchQuery("duck"), start_sel='<b a="1">', stop_sel="</b>", highlight_all=True, config="english"
    )
    found = await Post.objects.annotate(headline=marked).aget(title="Ducks")
    assert found.headline == 'The quick <b a="1">duck</b> swims in the river.'


async def test_trigrams(database: Any) -> None:
    await library()
    alike = Post.objects.annotate(likeness=TrigramSimilarity("title", "Duckz")).filter(likeness__gt=0.3)
    assert await titles(alike) == ["Ducks"]
    nearest = Post.objects.annotate(distance=TrigramDistance("title", "River")).order_by("distance")
    assert (await titles(nearest))[0] == "Rivers"
    words = Post.objects.annotate(likeness=TrigramWordSimilarity("swims", "body")).filter(likeness=1)
    assert await titles(words) == ["Ducks"]
    assert await titles(Post.objects.filter(title__trigram_similar="Duckz")) == ["Ducks"]
    assert await titles(Post.objects.filter(body__trigram_word_similar="flour")) == ["Crêpe"]


async def test_unaccent_on_both_sides(database: Any) -> None:
    await library()
    assert await titles(Post.objects.filter(title__unaccent="crepe".capitalize())) == ["Crêpe"]
    assert await titles(Post.objects.filter(title__unaccent__icontains="CRÊPE")) == ["Crêpe"]


async def test_a_vector_of_an_expression_and_of_what_is_no_text(database: Any) -> None:
    await library()
    await Post.objects.filter(title="Ducks").aupdate(likes=77)
    found = Post.objects.annotate(search=SearchVector(F("likes"), "title")).filter(search="77")
    assert await titles(found) == ["Ducks"]


def test_closed_sets_are_closed() -> None:
    with pytest.raises(ValueError, match="weight"):
        SearchVector("title", weight="A', 'B")
    with pytest.raises(ValueError, match="search_type"):
        SearchQuery("x", search_type="to_tsquery('x')")
    with pytest.raises(TypeError, match="can only be combined"):
        SearchVector("title") + F("body")
    with pytest.raises(TypeError, match="can only be combined"):
        SearchQuery("x") & F("body")


def test_queries_show_themselves() -> None:
    duck, river = SearchQuery("duck"), SearchQuery("river")
    assert str(duck) == "SearchQuery(Value('duck'))"
    assert str(~duck) == "~SearchQuery(Value('duck'))"
    assert str(duck | ~river) == "(SearchQuery(Value('duck')) || ~SearchQuery(Value('river')))"
    assert repr(duck & river) == "<CombinedSearchQuery: (SearchQuery(Value('duck')) && SearchQuery(Value('river')))>"
    assert str(SearchVector("a") + SearchVector("b")) == "SearchVector(F(a)) || SearchVector(F(b))"


async def test_a_rank_is_of_plain_names_and_texts(database: Any) -> None:
    await library()
    plain = SearchRank("body", "swims", weights=[0.1, 0.2, 0.4, 1.0])
    for same in (
        SearchRank(SearchVector("body"), SearchQuery("swims"), weights=Value([0.1, 0.2, 0.4, 1.0])),
        SearchRank(SearchVector("body"), Value("swim"), weights=[0.1, 0.2, 0.4, 1.0]),
    ):
        ranked = Post.objects.annotate(rank=plain, other=same).order_by("-rank")
        assert await titles(ranked.filter(rank__gt=0, rank=F("other"))) == ["Ducks"]


async def test_a_rank_takes_weights_that_are_numbers(database: Any) -> None:
    for wrong in (5, "four", [1, 2, 3, "4"]):
        with pytest.raises(TypeError, match="SearchRank's weights are a list of four numbers"):
            SearchRank("body", "duck", weights=wrong)  # type: ignore[arg-type]


async def test_expressions_are_read_as_what_is_searched_for(database: Any) -> None:
    await library()
    await Post.objects.aupdate(searchable=SearchVector("body", config="english"), extra={"word": "swims"})
    assert await titles(Post.objects.filter(body__search=Value("swims"))) == ["Ducks"]
    assert await titles(Post.objects.filter(body__search=F("extra__word")).order_by("title")) == ["Ducks"]
    vectors = Post.objects.annotate(vector=SearchVector("title"))
    assert await titles(vectors.filter(vector=F("title")).order_by("title")) == ["Crêpe", "Ducks", "Rivers"]


async def test_a_headline_reads_what_is_searched_for_with_its_configuration(database: Any) -> None:
    await Post.objects.acreate(body="ducks swim")
    for config, query, marked in (
        ("english", "duck", "<b>ducks</b> swim"),
        ("simple", "duck", "ducks swim"),
        ("simple", Value("swim"), "ducks <b>swim</b>"),
    ):
        headline = SearchHeadline("body", query, config=config)
        assert await Post.objects.annotate(headline=headline).values_list("headline", flat=True).aget() == marked


async def test_there_is_nothing_to_search_for_in_none(database: Any) -> None:
    with pytest.raises(ValueError, match=r"Cannot use None as a query value.* of search"):
        Post.objects.filter(body__search=None)
