"""Constants that code imports from ``django.db.models.sql``: how things are joined, what a query gives."""

from __future__ import annotations

from orm.models.fields.base import BLANK_CHOICE
from orm.query.joined import INNER_JOIN, OUTER_JOIN

__all__ = [
    "AND",
    "BLANK_CHOICE_DASH",
    "CURSOR",
    "GET_ITERATOR_CHUNK_SIZE",
    "INNER",
    "LOUTER",
    "MAX_GET_RESULTS",
    "MULTI",
    "NO_RESULTS",
    "OR",
    "ORDER_DIR",
    "REPR_OUTPUT_SIZE",
    "ROW_COUNT",
    "SINGLE",
    "XOR",
]

AND, OR, XOR = "AND", "OR", "XOR"
INNER, LOUTER = INNER_JOIN, OUTER_JOIN
MULTI, SINGLE, NO_RESULTS, CURSOR, ROW_COUNT = "multi", "single", "no results", "cursor", "row count"
ORDER_DIR = {"ASC": ("ASC", "DESC"), "DESC": ("DESC", "ASC")}
GET_ITERATOR_CHUNK_SIZE = 100
MAX_GET_RESULTS = 21
REPR_OUTPUT_SIZE = 20
BLANK_CHOICE_DASH = list(BLANK_CHOICE)
