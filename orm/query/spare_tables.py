"""The model's own table, where a question about rows needs none of its columns: counting what a relation leads to.

``article.tags.count()`` counts the join model's rows of the article; each refers to one tag, since a foreign key says
so. What this module leaves alone: everything but whether there are rows, and how many.
"""

from __future__ import annotations

from typing import Any

from orm.sql.columns import Col, Column
from orm.sql.conditions import Where
from orm.sql.lookups import IsNull
from orm.sql.select import Select, SubSelect
from orm.sql.select_text import inner_aliases


def leave_out_spare_table(select: Select) -> None:
    """Note that a select may do without its own table, where a foreign key of the next one stands for it.

    Whether it does is decided with the dialect, which may have no foreign keys.
    """
    base, *others = select.joins.values()
    if not others or base.source is not None or any(join.parent == base.alias for join in others[1:]):
        return
    first = others[0]
    hop = first.hop
    if first.parent != base.alias or hop is None or first.condition is not None or hop.further or hop.restriction:
        return
    key: Any = hop.rhs
    if not (key.is_relation and key.concrete and key.db_constraint and key.target_field is hop.lhs):
        return
    if first.alias not in inner_aliases(select):
        return
    for expression in select.expressions():
        for node in expression.walk():
            if isinstance(node, SubSelect) or (isinstance(node, (Col, Column)) and node.alias == base.alias):
                return
    if key.null:
        select.where = (select.where or Where(())).and_with(IsNull(Col(first.alias, key), False))
    select.spare = base.alias
