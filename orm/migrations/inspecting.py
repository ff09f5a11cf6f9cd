"""What models of an existing database look like: its tables and views, read into drafts of models.

Composite keys, foreign keys of one column and of several, unique constraints, indexes, generated columns, comments,
enumerated types and plain defaults become what a model has for them; what it has nothing for becomes a note.
``inspected_source`` writes the drafts. The twin is generated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orm.db.introspection import ColumnInfo, ConstraintInfo, Introspection, TableInfo
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import DatabaseError, NotSupportedError
from orm.migrations.inspected_columns import can_be_said, default_of, differs, offered
from orm.migrations.inspected_names import class_name, field_name
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.sql.dialect import Dialect


TWINS = ("ainspect",)

MAX_INDEX_NAME = 30
"""The longest name an index of a model may have."""

NOT_INHERITED = "NO INHERIT"
"""How a check ends that is not for partitions, which no model can say."""

VIEWS = frozenset({"view", "materialized view", "foreign table"})


def note_of_check(name: str, definition: str) -> str:
    """What is said of a check that a model does not declare."""
    return f"Check constraint {name}: {definition}"


def note_of_index(name: str, one: IndexDraft | ConstraintInfo) -> str:
    """What is said of an index that a model does not declare."""
    if one.unique:
        return f"A unique constraint could not be introspected. It is {name}: {one.definition}"
    return f"Index {name}: {one.definition}"


class Name(str):
    """A name that is written without quotes: of a class that is defined above."""


@dataclass
class FieldDraft:
    """One field: its class and arguments, as values that ``repr`` writes."""

    name: str
    column: str
    kind: str
    arguments: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    elements: list[FieldDraft] = field(default_factory=list)
    """The field of an array's elements."""
    own_type: str | None = None
    """The column's type, where the class by itself would make another."""
    imported: Any = None
    """The class, where it is none of ``orm.models``."""
    without_index: bool = False
    """Whether it is a foreign key whose column has no index in the database."""
    generated: tuple[str, bool] | None = None
    """The expression of a generated column, and whether it is stored."""


@dataclass
class IndexDraft:
    """One index, or a unique constraint that has a condition or expressions."""

    name: str
    parts: list[IndexPart]
    classes: list[str]
    """The operator class of each part, where one has not its type's own."""
    included: list[str]
    condition: str
    """Which rows it is about, in the database's words; empty for all."""
    unique: bool
    definition: str

    @property
    def by_hand(self) -> bool:
        """Whether something of it is in the database's words."""
        return bool(self.condition) or any(part.expression for part in self.parts)


class IndexPart(NamedTuple):
    """What an index is ordered by: a field's name, or an expression in the database's words."""

    what: str
    expression: bool
    descending: bool


@dataclass
class TableDraft:
    """One model, or the error that kept its table from being read."""

    table: str
    model: str
    kind: str
    comment: str = ""
    fields: list[FieldDraft] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    """The names of the fields of a composite key."""
    unique: list[list[str]] = field(default_factory=list)
    indexes: list[IndexDraft] = field(default_factory=list)
    checks: list[tuple[str, str, str]] = field(default_factory=list)
    """Names of checks, what each asks of a row in the database's words, and how the database defines it."""
    foreign: list[FieldDraft] = field(default_factory=list)
    """Foreign keys of several columns."""
    unmanaged: str = ""
    """Why migrations can't look after the table; empty where they can."""
    notes: list[str] = field(default_factory=list)
    error: str = ""


async def ainspect(
    using: str = DEFAULT_DB_ALIAS,
    tables: Collection[str] = (),
    *,
    views: bool = False,
    partitions: bool = False,
    all_there: bool = True,
    wanted: Callable[[str], bool] | None = None,
    named: Callable[[str], str] | None = None,
) -> list[TableDraft]:
    """Return drafts of models for the tables of a database, by name.

    Parameters: ``tables`` are the only ones wanted, and may be views; with ``views`` and ``partitions`` those come
    too; ``all_there`` False has a draft with an error for one that is not there; ``wanted`` chooses by name; ``named``
    makes a model's name of a table's.

    Raises ``NotSupportedError`` where the backend can't read what its database holds; ``LookupError`` for a table that
    is not there.
    """
    database = databases[using]
    reader = database.backend.introspection
    if reader is None:
        raise NotSupportedError(f"The backend {database.backend.name} can't read what a database holds.")
    found = {table.name: table for table in await reader.tables(database.fetch)}
    missing = sorted(set(tables) - found.keys())
    if missing and all_there:
        raise LookupError(f"There is no table {missing[0]!r} in the database {using!r}.")
    chosen = [
        table
        for name, table in found.items()
        if (name in tables if tables else _usual(table, views, partitions)) and (wanted is None or wanted(name))
    ]
    models: dict[str, str] = {}
    # Tables that nobody asked for need names as well, since foreign keys may lead to them; those asked for come first.
    for table in [*chosen, *found.values()]:
        if table.name not in models:
            model = named(table.name) if named else table.name
            models[table.name] = class_name(model, {*models.values(), *reader.own_names, "Now"})
    drafts: list[TableDraft] = []
    for table in chosen:
        draft = TableDraft(table.name, models[table.name], table.kind, table.comment)
        try:
            columns = await reader.columns(database.fetch, table.name)
            constraints = await reader.constraints(database.fetch, table.name)
            others = _referred(constraints)
            keys = {name: await _key(reader, database, name) for name in others}
            types = {name: await _types(reader, database, name) for name in others}
        # One table that can't be read (a right that is missing, say) does not keep the others from being described.
        except DatabaseError as error:
            draft.error = str(error)
        else:
            above = {one.model for one in drafts}
            Drafting(draft, reader, models, above, keys, types, database.dialect).fill(columns, constraints)
        drafts.append(draft)
    return drafts + [TableDraft(name, "", "table", error=f"There is no table {name!r}.") for name in missing]


def _usual(table: TableInfo, views: bool, partitions: bool) -> bool:
    if table.kind == "shadow table":
        return False
    if table.kind == "partition":
        return partitions
    return views if table.kind in VIEWS else True


def _referred(constraints: Mapping[str, ConstraintInfo]) -> set[str]:
    return {one.foreign_key[0] for one in constraints.values() if one.foreign_key is not None}


async def _key(reader: Introspection, database: AwaitableDatabase, table: str) -> tuple[str | None, ...]:
    """Return the columns of a table's primary key."""
    for one in (await reader.constraints(database.fetch, table)).values():
        if one.primary_key:
            return one.columns
    return ()


async def _types(reader: Introspection, database: AwaitableDatabase, table: str) -> dict[str, str]:
    """Return the types of a table's columns by name."""
    return {column.name: column.type for column in await reader.columns(database.fetch, table)}


class Drafting:
    """Fills the draft of one table.

    Parameters: ``models`` are the names of all models by table, ``above`` those written before this one, ``keys`` the
    primary keys and ``types`` the columns of the tables it refers to, ``dialect`` is that of the database.
    """

    def __init__(
        self,
        draft: TableDraft,
        reader: Introspection,
        models: Mapping[str, str],
        above: Collection[str],
        keys: Mapping[str, tuple[str | None, ...]],
        types: Mapping[str, Mapping[str, str]],
        dialect: Dialect,
    ) -> None:
        self.draft = draft
        self.reader = reader
        self.models = models
        self.above = above
        self.keys = keys
        self.types = types
        self.dialect = dialect
        self.names: dict[str, str] = {}
        """Names of fields by column."""
        self.taken: set[str] = set()
        """Names and attributes of fields."""
        self.indexed: set[tuple[str | None, ...]] = set()
        """The columns of each index there is."""

    def fill(self, columns: list[ColumnInfo], constraints: Mapping[str, ConstraintInfo]) -> None:
        """Draft the fields, the key and the rules of the table."""
        key = next((one.columns for one in constraints.values() if one.primary_key), ())
        if not key and self.draft.kind == "table":
            key = self._instead_of_key(columns, constraints)
        references = {
            one.columns[0]: one.foreign_key
            for one in constraints.values()
            if one.foreign_key is not None and len(one.columns) == 1
        }
        unique = {one.columns[0] for one in constraints.values() if one.unique and self._is_plain(one)
                  and len(one.columns) == 1}  # fmt: skip
        self.indexed = {one.columns for one in constraints.values() if one.index or one.unique or one.primary_key}
        for column in columns:
            self._field(column, key, references.get(column.name), column.name in unique)
        if len(key) > 1:
            self.draft.key = [self.names[str(column)] for column in key]
        elif not key and columns:
            self._assume_key()
        for name, one in constraints.items():
            self._rule(name, one)

    def _instead_of_key(
        self, columns: list[ColumnInfo], constraints: Mapping[str, ConstraintInfo]
    ) -> tuple[str | None, ...]:
        """Return columns that tell the rows of a table without a key apart; none where there are no such columns."""
        filled = {column.name for column in columns if not column.null}
        for one in constraints.values():
            if (
                one.unique
                and self._is_plain(one)
                and not one.deferrable
                and one.valid
                and filled.issuperset(one.columns)
            ):
                self.draft.notes.append(f"There is no primary key; what is unique is taken for one: {one.columns}.")
                return one.columns
        return ()

    @staticmethod
    def _is_plain(one: ConstraintInfo) -> bool:
        """Whether a rule is about columns alone: no condition, no expression."""
        return not one.condition and not one.expressions and None not in one.columns

    def _field(self, column: ColumnInfo, key: object, reference: Any, unique: bool) -> None:
        absent = reference is not None and reference[0] not in self.models
        relation = reference is not None and not absent and column.generated is None
        # A foreign key has an attribute of its own besides its name.
        attributes = {name[:-3] for name in self.taken if name.endswith("_id")} if relation else set()
        name, notes = field_name(column.name, self.taken | attributes, relation)
        self.names[column.name] = name
        self.taken |= {name, f"{name}_id"} if relation else {name}
        own = key == (column.name,)
        draft = FieldDraft(name, column.name, "", notes=notes)
        kept = f"{name}_id" if relation else name
        if reference is not None and relation:
            self._relation(draft, reference, own or unique)
            normal = self.reader.normal_reference
            if normal(column.type) != normal(self.types[reference[0]].get(reference[1][0], "")):
                self._say_type(draft, column)
            draft.without_index = (column.name,) not in self.indexed
        else:
            numbered = own and column.identity
            self._type(draft, column if numbered else column._replace(identity=False, primary_key=False))
            if reference is not None and absent:
                draft.notes.append(
                    f"It refers to {reference[0]} ({', '.join(reference[1])}), which is not in this schema."
                )
            if column.identity and not own:
                draft.notes.append("The database numbers the rows here, which only a key of one column can say.")
            if draft.kind == "TextField" and not column.choices and not _is_text(column.type):
                draft.notes.append(f"This field type is a guess: the column's type is {column.type}.")
        if own:
            draft.options["primary_key"] = True
        elif unique and not relation:
            draft.options["unique"] = True
        if kept != column.name:
            draft.options["db_column"] = column.name
        self._details(draft, column, own)
        self.draft.fields.append(draft)

    def _type(self, draft: FieldDraft, column: ColumnInfo) -> None:
        """Give a draft the class and options that make such a column; where no class does, the column's own type."""
        element = self.reader.element(column)
        if element is None:
            draft.kind, options = self.reader.field_type(column)
            draft.options = dict(options)
        else:
            inner = FieldDraft(draft.name, "", "")
            self._type(inner, element)
            if element.choices:
                inner.options["choices"] = [(one, one) for one in element.choices]
            draft.kind, draft.elements = "ArrayField", [inner]
        if draft.kind in self.reader.own_names:
            draft.imported = offered(draft.kind, self.reader)
        unsized = draft.kind == "DecimalField" and not draft.options  # which a model takes from no other class
        if unsized or differs(draft, column, self.reader, self.dialect):
            self._say_type(draft, column)

    def _say_type(self, draft: FieldDraft, column: ColumnInfo) -> None:
        """Give a draft the column's own type, which a class of its own will say."""
        if can_be_said(column.type):
            draft.own_type = column.type
        else:
            self.draft.unmanaged = f"Of the column {column.name} no field says the type: {column.type}"

    def _relation(self, draft: FieldDraft, reference: tuple[str, tuple[str, ...]], single: bool) -> None:
        table, columns = reference
        draft.kind = "OneToOneField" if single else "ForeignKey"
        draft.arguments = [self._model(table)]
        if self.keys.get(table) != columns:
            draft.options["to_field"] = field_name(columns[0], ())[0]
        others = [one for one in self.draft.fields if one.arguments[:1] == draft.arguments]
        if others:
            draft.options["related_name"] = f"{self.draft.model.lower()}_{draft.name}_set"

    def _model(self, table: str) -> str:
        if table == self.draft.table:
            return "self"
        model = self.models[table]
        return Name(model) if model in self.above else model

    def _details(self, draft: FieldDraft, column: ColumnInfo, own: bool) -> None:
        if column.domain:
            draft.notes.append(f"The column is of the domain {column.domain}.")
        if column.choices and not draft.elements:
            draft.options["choices"] = [(one, one) for one in column.choices]
            draft.notes.append(f"The column is of the enumerated type {column.type}.")
        if column.collation and draft.kind in ("CharField", "TextField"):
            draft.options["db_collation"] = column.collation
        if column.generated is not None:
            draft.generated = (column.generated, column.stored)
        if column.null and not own:
            draft.options.update(blank=True, null=True)
        if column.default is not None and not column.identity:
            self._default(draft, column.default)
        if column.comment:
            draft.options["db_comment"] = column.comment

    def _default(self, draft: FieldDraft, text: str) -> None:
        try:
            found = default_of(text, draft, self.reader, self.dialect)
        except ValueError:
            draft.notes.append(f"The column's default is {text}.")
            return
        if found is not None:
            draft.options["db_default"] = found

    def _assume_key(self) -> None:
        """A model needs a key: the first column is taken for one, and a note says so."""
        first = self.draft.fields[0]
        first.options = {"primary_key": True} | {
            name: value for name, value in first.options.items() if name not in ("null", "blank", "unique")
        }
        first.notes.append("There is no primary key; this column is taken for one.")
        self.draft.unmanaged = "The table has no key, which a table that migrations look after needs."

    def _rule(self, name: str, one: ConstraintInfo) -> None:
        """Take over a rule of the table, or note it."""
        columns = [str(column) for column in one.columns]
        draft = self.draft
        if one.primary_key:
            return
        if one.foreign_key is not None:
            if len(columns) > 1:
                self._foreign_object(columns, one.foreign_key)
        elif one.check and self._is_kept_by_field(one):
            pass
        elif one.check and self._can_be_declared(name, one):
            draft.checks.append((name, one.condition, one.definition))
        elif one.check:
            draft.notes.append(note_of_check(name, one.definition))
        elif one.unique and self._is_plain(one):
            if len(columns) > 1:
                draft.unique.append([self.names[column] for column in columns])
        elif one.index and self._is_declared_index(name, one):
            draft.indexes.append(self._index(name, one))
        elif one.index and self._is_plain(one) and not one.unique and one.type in ("", "idx"):
            signed = [part.what if not part.descending else f"-{part.what}" for part in self._index(name, one).parts]
            draft.notes.append(f"Index {name} on {', '.join(signed)}.")
        else:
            draft.notes.append(note_of_index(name, one))

    def _index(self, name: str, one: ConstraintInfo) -> IndexDraft:
        orders = one.orders or ("ASC",) * len(one.columns)
        texts = one.parts or ("",) * len(one.columns)
        parts = [
            IndexPart(self.names[column], False, way == "DESC")
            if column is not None and not _collated(text)
            else IndexPart(text, True, way == "DESC")
            for column, text, way in zip(one.columns, texts, orders, strict=False)
        ]
        included = [self.names[column] for column in one.included]
        return IndexDraft(name, parts, list(one.classes), included, one.condition, one.unique, one.definition)

    def _is_declared_index(self, name: str, one: ConstraintInfo) -> bool:
        """Whether a model can have an index: of the usual kind, under a name that a model's index may have."""
        named = one.unique or (len(name) <= MAX_INDEX_NAME and name[:1].isalpha())
        if not named or "%" in name or one.type not in ("", "idx") or not one.valid:
            return False
        if self._is_plain(one):
            return True
        # What the definition says of a part besides what is read as the part itself.
        more = re.search(r" NULLS (FIRST|LAST)\b| NULLS NOT DISTINCT\b", one.definition, re.IGNORECASE)
        collated = _collated(one.definition) and not any(map(_collated, one.parts))
        return more is None and not collated and not (one.expressions and one.classes) and all(one.parts)

    @staticmethod
    def _can_be_declared(name: str, one: ConstraintInfo) -> bool:
        """Whether a model can have a check as the database has it: a name's ``%`` would be filled in."""
        return bool(one.condition and one.valid and "%" not in name and not one.definition.endswith(NOT_INHERITED))

    def _is_kept_by_field(self, one: ConstraintInfo) -> bool:
        """Whether a check is what the class of the field brings: of numbers that are not negative, and of JSON."""
        if len(one.columns) != 1:
            return False
        found = next(field for field in self.draft.fields if field.column == one.columns[0])
        plain = re.sub(r"""[\s"`()\[\]]|^CONSTRAINT.*?(?=CHECK)""", "", one.definition, flags=re.IGNORECASE)
        said = plain.upper().removeprefix("CHECK").removeprefix("JSON_VALID")
        name = re.sub(r"""[\s"`()\[\]]""", "", found.column).upper()
        if found.kind == "JSONField":
            return said in (name, f"{name}OR{name}ISNULL")
        return found.kind.startswith("Positive") and said == f"{name}>=0"

    def _foreign_object(self, columns: list[str], target: tuple[str, tuple[str, ...]]) -> None:
        table, far = target
        if table not in self.models:
            self.draft.notes.append(
                f"{', '.join(columns)} refer to {table} ({', '.join(far)}), which is not in this schema."
            )
            return
        name, _ = field_name("_".join(columns), self.taken, True)
        self.taken.add(name)
        options = {
            "from_fields": [self.names[column] for column in columns],
            "to_fields": [field_name(column, ())[0] for column in far],
            "related_name": f"{self.draft.model.lower()}_{name}_set",
        }
        self.draft.foreign.append(FieldDraft(name, "", "ForeignObject", [self._model(table)], options))


def _collated(text: str) -> bool:
    return re.search(r"\bCOLLATE\b", text, re.IGNORECASE) is not None


def _is_text(kind: str) -> bool:
    return any(word in kind.lower() for word in ("text", "char", "clob", "string"))
