"""CTEs: queries with names, joined by others, and going on from their own rows."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import CTE, CharField, Count, F, Value
from orm.models.functions import Cast
from orm.query import shape
from tests.conftest import Run
from tests.query.models import Author, Book, Category, Counter


@pytest.fixture
def forest(database: Run) -> dict[str, Category]:
    """root with a and b, a with c; and another root."""
    made: dict[str, Category] = {}
    for name, parent in (("root", None), ("a", "root"), ("b", "root"), ("c", "a"), ("other", None)):
        made[name] = Category.objects.create(name=name, parent=made[parent] if parent else None)
    return made


def tree(*roots: str) -> CTE:
    return CTE(
        "tree",
        Category.objects.filter(name__in=list(roots)).values("id", depth=Value(0)),
        recursive=lambda tree: Category.objects.with_cte(tree, on={"parent_id": "id"}).values(
            "id", depth=F("tree__depth") + 1
        ),
    )


def rooted(*roots: str, **options: Any) -> Any:
    return Category.objects.with_cte(tree(*roots), on={"pk": "id"}, **options)


async def test_a_tree_with_depths(forest: Any) -> None:
    found = await rooted("root").annotate(depth=F("tree__depth")).order_by("tree__depth", "name")
    assert [(one.name, one.depth) for one in found] == [("root", 0), ("a", 1), ("b", 1), ("c", 2)]
    again = await rooted("other", "a").order_by("name").values_list("name", "tree__depth")
    assert [tuple(row) for row in again] == [("a", 0), ("c", 1), ("other", 0)]


async def test_conditions_counts_and_groups(forest: Any) -> None:
    assert await rooted("root").acount() == 4
    assert await rooted("root").filter(tree__depth__gte=1).exclude(tree__depth=2).acount() == 2
    assert await rooted("a").aexists()
    assert not await rooted("nothing").aexists()
    assert (await rooted("root").aget(tree__depth=2)).name == "c"
    groups = await rooted("root").values("tree__depth").annotate(n=Count("pk")).order_by("tree__depth")
    assert [(row["tree__depth"], row["n"]) for row in groups] == [(0, 1), (1, 2), (2, 1)]
    assert [one.name for one in await rooted("root").order_by("-tree__depth", "name")[1:3]] == ["a", "b"]
    assert await rooted("root").distinct().acount() == 4


async def test_rows_that_meet_none_may_stay(forest: Any) -> None:
    found = await rooted("a", optional=True).order_by("name").values_list("name", "tree__depth")
    expected = [("a", 0), ("b", None), ("c", 1), ("other", None), ("root", None)]
    assert [tuple(row) for row in found] == expected


async def test_rows_stay_beside_one_that_can_have_no_row(forest: Any) -> None:
    nothing = CTE("w", Category.objects.filter(pk__in=[]).values("id", "name", n=F("pk") + 1))
    kept = Category.objects.with_cte(nothing, on={"pk": "id"}, optional=True)
    assert sorted([tuple(row) for row in await kept.values_list("name", "w__id", "w__name", "w__n")]) == [
        (name, None, None, None) for name in sorted(forest)
    ]
    assert await kept.acount() == len(forest)
    assert await Category.objects.with_cte(nothing, on={"pk": "id"}).acount() == 0
    assert await kept.aupdate(name=Value("x")) == len(forest)
    assert (await kept.filter(parent=forest["a"]).adelete())[0] == 1


async def test_a_tree_without_roots_has_no_row(forest: Any) -> None:
    further = Category.objects.all()
    for none in (Category.objects.none(), Category.objects.filter(pk__in=[])):
        for first in (none, none.union(none)):
            bare = CTE(
                "t",
                first.values("id"),
                recursive=lambda t: further.with_cte(t, on={"parent_id": "id"}).values("id"),
            )
            assert await further.with_cte(bare, on={"pk": "id"}).acount() == 0
            kept = further.with_cte(bare, on={"pk": "id"}, optional=True).filter(t__id=None)
            assert await kept.acount() == len(forest)


async def test_inside_other_queries(forest: Any) -> None:
    inside = await Category.objects.filter(pk__in=rooted("root").values("pk")).order_by("name")
    assert [one.name for one in inside] == ["a", "b", "c", "root"]
    both = await rooted("a").union(rooted("other"))
    assert {one.name for one in both} == {"a", "c", "other"}
    assert await rooted("root").filter(parent__name="a").acount() == 1


async def test_rows_joined_to_a_cte_are_changed_deleted_and_inserted(forest: Any) -> None:
    assert await rooted("a").aupdate(name=F("name")) == 2
    rows = await rooted("a").returning("name").aupdate(name=Value("x"))
    assert rows == [("x",), ("x",)]
    deleted, _ = await rooted("b").adelete()
    assert deleted == 1
    names = Category.objects.with_cte(tree("root"), on={"pk": "id"}).values(key=F("name"), value=F("tree__depth"))
    assert await Counter.objects.ainsert_from(names.filter(tree__depth=0)) == 1
    assert (await Counter.objects.aget()).key == "root"


async def test_a_change_takes_values_from_one(forest: Any) -> None:
    rows = await rooted("a").returning("name").aupdate(name=Cast(F("tree__depth"), CharField(max_length=9)))
    assert sorted(rows) == [("0",), ("1",)]


async def test_rows_that_are_deleted_beside_one_come_back(forest: Any) -> None:
    assert await rooted("b").returning("name").adelete() == [("b",)]
    assert not await Category.objects.filter(name="b").aexists()


async def test_a_plain_one_and_two_at_once(library: Any) -> None:
    for materialized in (None, True, False):
        written = CTE(
            "written", Book.objects.values("author").annotate(n=Count("pk")).order_by(), materialized=materialized
        )
        pages = CTE("long", Book.objects.filter(pages__gt=100).values("author", "title"))
        authors = Author.objects.with_cte(written, on={"pk": "author"})
        expected = [tuple(row) async for row in Author.objects.annotate(n=Count("books")).values_list("name", "n")]
        found = [tuple(row) async for row in authors.values_list("name", "written__n")]
        assert sorted(found) == sorted(row for row in expected if row[1])
        titles = authors.with_cte(pages, on={"pk": "author"}).values_list("name", "written__n", "long__title")
        assert {(name, n) for name, n, _ in await titles} <= set(found)
        assert {title for _, _, title in await titles} == {
            book.title async for book in Book.objects.filter(pages__gt=100)
        }


async def test_equal_ctes_share_a_shape(forest: Any) -> None:
    await rooted("root").acount()
    before = shape.size()
    assert await rooted("a").acount() == 2
    assert shape.size() == before


async def test_what_a_cte_refuses(forest: Any) -> None:
    with pytest.raises(ValueError, match="letters"):
        CTE('t" AS (SELECT 1)', Category.objects.all())
    with pytest.raises(ValueError, match="two underscores"):
        CTE("a__b", Category.objects.all())
    with pytest.raises(TypeError, match="queryset"):
        CTE("t", [1, 2])
    with pytest.raises(ValueError, match="columns"):
        CTE("t", Category.objects.values("id"), recursive=lambda t: Category.objects.values("name"))
    with pytest.raises(FieldError, match="no column 'height'"):
        rooted("root").filter(tree__height=1)
    with pytest.raises(FieldError, match="no column 'key'"):
        Category.objects.with_cte(tree("root"), on={"pk": "key"})
    with pytest.raises(FieldError, match="nothing"):
        Category.objects.with_cte(tree("root"), on={"nothing": "id"})
    with pytest.raises(TypeError, match="how rows meet"):
        Category.objects.with_cte(tree("root"), on={})
    with pytest.raises(ValueError, match="has that name"):
        Category.objects.with_cte(CTE("name", Category.objects.values("id")), on={"pk": "id"})
    with pytest.raises(ValueError, match="has that name"):
        Category.objects.with_cte(CTE("query_category", Category.objects.values("id")), on={"pk": "id"})
    with pytest.raises(ValueError, match="has that name"):
        rooted("root").with_cte(tree("root"), on={"pk": "id"})
    with pytest.raises(FieldError, match="own table"):
        Category.objects.with_cte(tree("root"), on={"parent__name": "id"})
