"""Which tables SQL written by hand speaks of by name, in a query that becomes part of another one."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from orm.late import late_pattern
from orm.sql.handwritten import RawSQL
from orm.sql.references import Outer

if TYPE_CHECKING:
    from orm.sql.select import Select

_RENAMED = late_pattern(r"\b[Uu]\d+\W*\.")


def tables_spoken_of(select: Select, taken: Set[str]) -> set[str]:
    """Return the tables that SQL by hand names in a query that is made part of another: they have to keep their names.

    A table that the other query has, too (``taken``), is this one's where nothing but ``extra()`` was said of it, as in
    Django; else the text may mean the other one. A text that says ``U0`` knows of the new names. Where this query
    refers to the one around it, a name of both would come between.
    """
    nodes = [node for item in select.expressions() for node in item.walk()]
    text = " ".join(node.sql for node in nodes if isinstance(node, RawSQL))
    if not text or any(isinstance(node, Outer) for node in nodes) or _RENAMED.search(text):
        return set()
    named = {join.table for alias, join in select.joins.items() if join.table == alias and f"{alias}." in _bare(text)}
    conditions = () if select.where is None else select.where.nodes
    untouched = select.values is None and all(isinstance(condition, RawSQL) for condition in conditions)
    return named if untouched else named - taken


def _bare(text: str) -> str:
    """Return SQL without what quotes its names."""
    return text.replace('"', "").replace("`", "")
