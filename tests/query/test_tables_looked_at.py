"""What code may see of the tables of a query: ``queryset.query.alias_map`` and what goes with it."""

from __future__ import annotations

import pytest

from orm.models import F, Q
from orm.query.joined import INNER_JOIN, OUTER_JOIN, BaseTable, Join
from tests.query.models import Author, Book

pytestmark = pytest.mark.usefixtures("database")


def test_a_query_of_one_table() -> None:
    query = Author.objects.filter(name="Ada").query
    table = query.alias_map["query_author"]
    assert (query.base_table, query.get_initial_alias(), query.count_active_tables()) == (*["query_author"] * 2, 1)
    assert (type(table), table.table_name, table.join_type, table.parent_alias) == (
        BaseTable,
        "query_author",
        None,
        None,
    )
    assert query.alias_refcount == {"query_author": 1}


def test_a_row_that_must_be_there_is_joined_inside() -> None:
    base, joined = Book.objects.filter(author__name="Ada").query.alias_map.values()
    assert isinstance(joined, Join)
    assert (joined.join_type, joined.parent_alias, joined.table_name) == (INNER_JOIN, base.table_alias, "query_author")


def test_rows_without_one_stay_where_either_condition_will_do() -> None:
    _, joined = Author.objects.filter(Q(books__title="A") | Q(age=1)).query.alias_map.values()
    assert joined.join_type == OUTER_JOIN


def test_the_map_names_the_tables_that_the_statement_does() -> None:
    query = Book.objects.filter(author__age__gt=F("pages")).query
    assert all(f'"{table.table_name}"' in str(query) for table in query.alias_map.values())
