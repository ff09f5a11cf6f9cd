"""What constraints are called by the rule of their names, for statements that no database is asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orm.db.introspection import ConstraintInfo
from orm.records import NamedTuple
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect


class Altered(NamedTuple):
    """What a field got after it was made: ``unique``, ``check`` or ``pk``, by ALTER TABLE, which names it otherwise."""

    app_label: str
    model_name: str
    field_name: str
    what: str


class NamesByRule(NamedTuple):
    """How statements that are only collected get names of constraints.

    ``altered`` is what fields got after they were made. With ``ask`` the database is where the statements begin, so
    that what is there has the name it has there.
    """

    altered: Collection[Altered] = ()
    ask: bool = False


class DeclaredSchema:
    """The tables of a state's models, as they are if all of its migrations have run.

    Parameters: ``models`` are all of a state, join models too; ``altered`` is what fields got after they were made.
    Tables and columns that were renamed since have constraints under the names that they had before; what is said of
    those is wrong.
    """

    def __init__(self, models: Iterable[Any], dialect: Dialect, altered: Collection[Altered]) -> None:
        self.dialect = dialect
        self.altered = altered
        self.models: dict[str, Any] = {model._meta.db_table: model for model in models}

    def constraints(self, table: str) -> dict[str, ConstraintInfo]:
        """A table's constraints and indexes, but for those whose names a program gave."""
        model = self.models.get(table)
        return {} if model is None else dict(self._constraints(model))

    def as_found(
        self, table: str, found: Mapping[str, ConstraintInfo], begun: DeclaredSchema
    ) -> dict[str, ConstraintInfo]:
        """A table's constraints, with the names that they have in the database.

        Parameters: ``found`` is what the database has, ``begun`` what the models said when the database was so: what
        they did not speak of then is still there.
        """
        waiting = [(_kind(info), name, info) for name, info in found.items()]
        before = {_kind(info) for info in begun.constraints(table).values()}
        told: dict[str, ConstraintInfo] = {name: info for kind, name, info in waiting if kind not in before}
        for name, info in self.constraints(table).items():
            there = [(one, its) for kind, one, its in waiting if kind == _kind(info)]
            told.update(there or [(name, info)])
        return told

    def referring(self, table: str) -> list[tuple[str, str]]:
        """The foreign keys of other tables that refer to this one, as pairs of table and name."""
        return [
            (other, ddl.foreign_key_name(field, self.dialect))
            for other, model in self.models.items()
            if other != table
            for field in ddl.declared_foreign_keys(model, self.dialect)
            if field.target_field.model._meta.db_table == table
        ]

    def _constraints(self, model: Any) -> Iterator[tuple[str, ConstraintInfo]]:
        meta, dialect = model._meta, self.dialect
        for field in ddl.columns_of_table(model):
            columns = (field.column,)
            if field.primary_key:
                yield self._name(model, field, "pk"), ConstraintInfo(columns, primary_key=True, unique=True)
            elif field.unique:
                yield self._name(model, field, "unique"), ConstraintInfo(columns, unique=True)
            if field.column_check(dialect.quote(field.column), dialect) is not None:
                yield self._name(model, field, "check"), ConstraintInfo(columns, check=True)
            for kind in ddl.index_kinds(field, dialect):
                name = ddl.name_of(meta.db_table, columns, kind, dialect)
                definition = ddl.field_index(model, field, kind, dialect)
                yield name, ConstraintInfo(columns, index=True, type="idx", definition=definition)
        for field in ddl.declared_foreign_keys(model, dialect):
            target = field.target_field
            info = ConstraintInfo((field.column,), foreign_key=(target.model._meta.db_table, (target.column,)))
            yield ddl.foreign_key_name(field, dialect), info
        if getattr(meta.pk, "is_composite", False):
            parts = tuple(part.column for part in meta.pk.fields)
            info = ConstraintInfo(parts, primary_key=True, unique=True)
            yield dialect.implied_name(meta.db_table, "", "pkey"), info
        for groups, suffix in ((meta.unique_together, "uniq"), (meta.index_together, "idx")):
            for group in groups:
                several = tuple(ddl.column_of(model, name) for name in group)
                info = ConstraintInfo(several, unique=suffix == "uniq", index=suffix == "idx", type="idx")
                yield ddl.name_of(meta.db_table, several, suffix, dialect), info

    def _name(self, model: Any, field: Any, what: str) -> str:
        """What ALTER TABLE called a column's constraint, or the server itself, where it came with the column."""
        meta = model._meta
        if Altered(meta.app_label, meta.model_name, field.name, what) in self.altered:
            suffix = {"unique": "uniq"}.get(what, what)
            return ddl.name_of(meta.db_table, [field.column], suffix, self.dialect)
        own = {"unique": "key", "pk": "pkey", "check": "check"}[what]
        return self.dialect.implied_name(meta.db_table, "" if what == "pk" else field.column, own)


def _kind(info: ConstraintInfo) -> tuple[object, ...]:
    """What a constraint does, whatever it is called; of indexes, what it is for."""
    patterns = "_pattern_ops" in info.definition
    return (
        info.columns,
        info.primary_key,
        info.unique,
        info.check,
        info.foreign_key,
        info.index and not info.unique,
        patterns,
    )
