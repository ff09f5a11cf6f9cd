"""What constraints are called by the rule of their names, for statements that no database is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orm.db.introspection import ConstraintInfo
from orm.records import NamedTuple
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect


class Place(NamedTuple):
    """A constraint or index by the model's words: of which fields, and what it is.

    ``what`` is ``pk``, ``unique``, ``check``, ``fk``, ``uniq`` or ``idx`` of several fields, or an index of one field
    as ``ddl.index_kinds`` calls it.
    """

    app_label: str
    model_name: str
    fields: tuple[str, ...]
    what: str


ALTERED = ""
"""In place of a name: that ALTER TABLE gave the constraint to a column that was there, and so named it."""


class NamesByRule(NamedTuple):
    """How statements that are only collected get names of constraints.

    ``known`` are names that the rule would not give, since the constraint is older than the table's or a column's name
    (or ``ALTERED``): first those before a migration, then those after each of its operations. ``ask``: the statements
    begin at the state the database is in, so names of existing constraints are read there.
    """

    known: Sequence[Mapping[Place, str]] = ()
    ask: bool = False

    def at(self, place: int) -> Mapping[Place, str]:
        """The names after the operation of this number; with 0 before the first."""
        return self.known[place] if place < len(self.known) else {}


class DeclaredSchema:
    """The tables of a state's models, as they are if all of its migrations have run.

    Parameters: ``models`` are all of a state, join models too; ``known`` are names that the rule would not
    give, or ``ALTERED``.
    """

    def __init__(self, models: Iterable[Any], dialect: Dialect, known: Mapping[Place, str]) -> None:
        self.dialect = dialect
        self.known = known
        self.models: dict[str, Any] = {model._meta.db_table: model for model in models}

    def moved(self, old: str, new: str) -> DeclaredSchema:
        """The same after a table got another name, which leaves those of its constraints."""
        twin = DeclaredSchema((), self.dialect, self.known)
        twin.models = {new if table == old else table: model for table, model in self.models.items()}
        return twin

    def constraints(self, table: str) -> dict[str, ConstraintInfo]:
        """A table's constraints and indexes, but for those whose names a program gave."""
        model = self.models.get(table)
        return {} if model is None else {name: info for _, name, info in self.placed(model)}

    def as_found(
        self, table: str, found: Mapping[str, ConstraintInfo], begun: DeclaredSchema
    ) -> dict[str, ConstraintInfo]:
        """A table's constraints, with the names that they have in the database.

        Parameters: ``found`` is what the database has, ``begun`` what the models said when the database was so: what
        they did not speak of then is still there, and what has another name by now was made again since.
        """
        waiting = [(_kind(info), name, info) for name, info in found.items()]
        before = {_kind(info): name for name, info in begun.constraints(table).items()}
        told: dict[str, ConstraintInfo] = {name: info for kind, name, info in waiting if kind not in before}
        for name, info in self.constraints(table).items():
            same = before.get(_kind(info)) == name
            there = [(one, its) for kind, one, its in waiting if same and kind == _kind(info)]
            told.update(there or [(name, info)])
        return told

    def referring(self, table: str) -> list[tuple[str, str]]:
        """The foreign keys of other tables that refer to this one, as pairs of table and name."""
        return [
            (other, name)
            for other in self.models
            if other != table
            for name, info in self.constraints(other).items()
            if info.foreign_key is not None and info.foreign_key[0] == table
        ]

    def placed(self, model: Any) -> Iterator[tuple[Place, str, ConstraintInfo]]:
        """A model's constraints and indexes, each with its place and its name."""
        meta = model._meta
        for fields, what, rule, info in self._constraints(model):
            place = Place(meta.app_label, meta.model_name, fields, what)
            name = self.known.get(place)
            if name == ALTERED:
                suffix = {"unique": "uniq"}.get(what, what)
                columns = [str(one) for one in info.columns]
                name = ddl.name_of(meta.db_table, columns, suffix, self.dialect)
            yield place, name or rule, info

    def _constraints(self, model: Any) -> Iterator[tuple[tuple[str, ...], str, str, ConstraintInfo]]:
        """Fields, what they have, what a new table has it under, and what it is."""
        meta, dialect = model._meta, self.dialect
        for field in ddl.columns_of_table(model):
            columns, fields = (field.column,), (field.name,)
            if field.primary_key:
                yield (
                    fields,
                    "pk",
                    self._implied(model, "", "pkey"),
                    ConstraintInfo(columns, primary_key=True, unique=True),
                )
            elif field.unique:
                yield fields, "unique", self._implied(model, field.column, "key"), ConstraintInfo(columns, unique=True)
            if field.column_check(dialect.quote(field.column), dialect) is not None:
                yield fields, "check", self._implied(model, field.column, "check"), ConstraintInfo(columns, check=True)
            for kind in ddl.index_kinds(field, dialect):
                name = ddl.name_of(meta.db_table, columns, kind, dialect)
                definition = ddl.field_index(model, field, kind, dialect)
                yield fields, kind, name, ConstraintInfo(columns, index=True, type="idx", definition=definition)
        for field in ddl.declared_foreign_keys(model, dialect):
            target = field.target_field
            info = ConstraintInfo((field.column,), foreign_key=(target.model._meta.db_table, (target.column,)))
            yield (field.name,), "fk", ddl.foreign_key_name(field, dialect), info
        if getattr(meta.pk, "is_composite", False):
            parts = tuple(part.column for part in meta.pk.fields)
            info = ConstraintInfo(parts, primary_key=True, unique=True)
            yield tuple(part.name for part in meta.pk.fields), "pk", self._implied(model, "", "pkey"), info
        for groups, suffix in ((meta.unique_together, "uniq"), (meta.index_together, "idx")):
            for group in groups:
                several = tuple(ddl.column_of(model, name) for name in group)
                info = ConstraintInfo(several, unique=suffix == "uniq", index=suffix == "idx", type="idx")
                yield tuple(group), suffix, ddl.name_of(meta.db_table, several, suffix, dialect), info

    def _implied(self, model: Any, column: str, kind: str) -> str:
        """What the server itself calls a constraint that came with its column."""
        return self.dialect.implied_name(model._meta.db_table, column, kind)


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
