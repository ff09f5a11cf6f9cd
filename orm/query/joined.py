"""Tables of a query as code may look at them: ``queryset.query.alias_map``."""

from __future__ import annotations

INNER_JOIN, OUTER_JOIN = "INNER JOIN", "LEFT OUTER JOIN"


class BaseTable:
    """The first table of FROM."""

    join_type: str | None = None
    parent_alias: str | None = None

    def __init__(self, table_name: str, alias: str) -> None:
        self.table_name = table_name
        self.table_alias = alias

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table_name} {self.table_alias}>"


class Join(BaseTable):
    """A table that is joined to ``parent_alias``; rows that have none stay where ``join_type`` is an outer join."""

    def __init__(self, table_name: str, alias: str, parent_alias: str, join_type: str) -> None:
        super().__init__(table_name, alias)
        self.parent_alias = parent_alias
        self.join_type = join_type
