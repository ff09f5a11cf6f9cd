"""Which constraints and indexes tables have, as a schema editor asks: the database, or what the models say of it.

While a migration's statements are collected and not run, the database has not what earlier operations would have made;
what it has is asked of the state of the models then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from orm.db.introspection import ConstraintInfo

if TYPE_CHECKING:
    from orm.db.database_blocking import Database
    from orm.models.schema_declared import DeclaredSchema, NamesByRule


class KnownConstraints:
    """The part of a schema editor that finds constraints and indexes by table and columns."""

    database: Database
    names: NamesByRule | None
    begun: DeclaredSchema | None
    declared: DeclaredSchema | None

    async def constraints_of(self, table: str) -> Mapping[str, ConstraintInfo]:
        """Return a table's constraints and indexes; nothing where the backend can't read them."""
        reader = self.database.backend.introspection
        if self.declared is not None and not self.may_ask(table):
            return self.declared.constraints(table)
        found = await reader.constraints(self.database.fetch, table) if reader is not None else {}
        if self.declared is None or self.begun is None:
            return found
        return self.declared.as_found(table, found, self.begun)

    def may_ask(self, table: str) -> bool:
        """Whether the database knows the names of a table's constraints, while a migration's SQL is collected."""
        begun = self.begun is not None and table in self.begun.models
        return begun and self.names is not None and self.names.ask

    async def referring(self, table: str) -> list[tuple[str, str]]:
        """Return the foreign keys of other tables that refer to this one, as pairs of table and name."""
        reader = self.database.backend.introspection
        if self.declared is not None:
            own = self.declared.referring(table)
            if not self.may_ask(table):
                return own
            return [
                (other, name)
                for other in dict.fromkeys(other for other, _ in own)
                for name, info in (await self.constraints_of(other)).items()
                if info.foreign_key is not None and info.foreign_key[0] == table
            ]
        return await reader.referring(self.database.fetch, table) if reader is not None else []

    async def names_of(
        self,
        table: str,
        columns: Sequence[str],
        *,
        unique: bool | None = None,
        primary_key: bool | None = None,
        index: bool | None = None,
        foreign_key: bool | None = None,
        check: bool | None = None,
        exclude: Iterable[str] = (),
    ) -> list[str]:
        """Return the names of a table's constraints on exactly these columns that are of the given kinds."""
        wanted = {"unique": unique, "primary_key": primary_key, "index": index, "check": check}
        left_out = set(exclude)
        return [
            name
            for name, info in (await self.constraints_of(table)).items()
            if tuple(columns) == info.columns
            and name not in left_out
            and all(value is None or getattr(info, kind) == value for kind, value in wanted.items())
            and (foreign_key is None or (info.foreign_key is not None) == foreign_key)
        ]
