"""``CTE``: a query with a name that others join (``QuerySet.with_cte``), and that may go on from its own rows.

What this module refuses: a name that is no identifier, columns without different names, and a recursive part with other
columns than the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from orm.query.layout import ComputedType, finish
from orm.query.steps import check_alias
from orm.sql.types import SQLType


class CTE:
    """A common table expression.

    Parameters:
        name: what other queries call it; its columns are ``<name>__<column>`` there.
        queryset: its rows; the columns are those chosen with ``values()``, or all of the model.
        recursive: a function that is given this CTE and returns the queryset of the rows that follow from those there
            are, with the same columns: it joins the CTE by ``with_cte``. Repeated until no row follows.
        materialized: True to have it computed once, False as part of what uses it; None leaves that to the database.

    Example, a tree with the depth of each node::

        tree = CTE(
            "tree",
            Category.objects.filter(parent=None).values("id", depth=Value(0)),
            recursive=lambda tree: Category.objects.with_cte(tree, on={"parent_id": "id"})
            .values("id", depth=F("tree__depth") + 1),
        )
        Category.objects.with_cte(tree, on={"pk": "id"}).order_by("tree__depth")
    """

    def __init__(
        self,
        name: str,
        queryset: object,
        *,
        recursive: Callable[[CTE], Any] | None = None,
        materialized: bool | None = None,
    ) -> None:
        check_name(name, "a CTE")
        if not hasattr(queryset, "query_structure"):
            raise TypeError(f"CTE() takes a queryset, not {queryset!r}")
        if not isinstance(materialized, (bool, type(None))):
            raise TypeError(f"CTE(materialized=…) is True, False or None, not {materialized!r}")
        if recursive is not None and not callable(recursive):
            raise TypeError(f"CTE(recursive=…) takes a function of the CTE, not {recursive!r}")
        self.name = name
        self.materialized = materialized
        self.is_recursive = recursive is not None
        first = with_columns(queryset)
        self.columns = columns_of(first)
        self.queryset = first
        self.is_open = False  # while the recursive part is made, the name is known and its rows are not
        if recursive is not None:
            self.is_open = True
            try:
                further = recursive(self)
            finally:
                self.is_open = False
            if not hasattr(further, "query_structure"):
                raise TypeError(f"The recursive part of the CTE {name!r} is a queryset, not {further!r}")
            further = further._with_whole_names()
            if tuple(columns_of(further)) != tuple(self.columns):
                raise ValueError(
                    f"The recursive part of the CTE {name!r} has the columns {', '.join(columns_of(further))}; "
                    f"the first one has {', '.join(self.columns)}"
                )
            self.queryset = first.union(further, all=True)

    def __repr__(self) -> str:
        return f"<CTE {self.name}: {', '.join(self.columns)}>"

    def query_structure(self, values: list[object]) -> Hashable:
        """Return the key of this CTE as part of a query, whose values get this one's."""
        if self.is_open:
            return (CTE, self.name, *self.columns.items())
        return (CTE, self.name, self.queryset.query_structure(values), self.materialized)


def check_name(name: object, what: str) -> None:
    """Refuse what can't name a source of columns. Raises ``TypeError`` and ``ValueError``."""
    if not isinstance(name, str):
        raise TypeError(f"The name of {what} is a string, not {name!r}")
    check_alias(name)
    if "__" in name:
        raise ValueError(f"{name!r} can't name {what}: two underscores stand between it and its columns")


def with_columns(queryset: Any) -> Any:
    """Return a queryset that has chosen its columns: those of ``values()``, or all of the model."""
    select = queryset._shape.select
    return (queryset if select.values is not None else queryset.values())._with_whole_names()


def columns_of(queryset: Any) -> Mapping[str, SQLType | None]:
    """Return the columns a queryset has chosen, with their types.

    Raises ``ValueError`` when two have one name.
    """
    _, layout = finish(queryset._shape.select)
    types = [kind.sql_type if isinstance(kind, ComputedType) else kind for kind in layout.types]
    found = dict(zip(layout.names, types, strict=True))
    if len(found) != len(types) or "" in found:
        raise ValueError(f"The columns of a CTE or of joined rows need names of their own: {', '.join(layout.names)}")
    return found
