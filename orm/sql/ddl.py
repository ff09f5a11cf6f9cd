"""The text of a schema: CREATE TABLE, its constraints and indexes, and DROP, from models and a dialect.

Pure functions. They look at a model's ``_meta`` and ask the dialect for every spelling; nothing here waits or knows a
database by name. Statements come out ready to run, without parameters: values are literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from orm.config import settings
from orm.errors import FieldError
from orm.late import hashlib
from orm.sql.expressions import Value
from orm.sql.literals import literal
from orm.sql.nodes import Param
from orm.sql.statement_compiler import StatementCompiler

if TYPE_CHECKING:
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Dialect
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Prepare
    from orm.sql.types import SQLType


LONGEST_NAME = 200
"""How long a generated name may be where the database takes any length."""


def finished(sql: str) -> str:
    """Turn the dialect's ``%%`` back into ``%``: a statement without parameters is sent as it is."""
    return sql.replace("%%", "%")


# -- names and values --------------------------------------------------------------------------------------------------


def name_of(table: str, columns: Sequence[str], suffix: str, dialect: Dialect) -> str:
    """A name for an index or constraint: table, columns, a digest of them, a suffix; cut to what the database takes.

    The same as Django's, so that statements written by hand for its databases (and ours) find what they name.
    """
    table = unquoted(table)
    digest = hashlib.md5("".join([table, *columns]).encode(), usedforsecurity=False).hexdigest()[:8]
    limit = min(dialect.capabilities.max_identifier_length, LONGEST_NAME)
    end = f"{digest}_{suffix}" if suffix else digest
    what = "_".join(columns)
    if len(table) + len(what) + len(end) + 2 <= limit:
        return f"{table}_{what}_{end}"
    end = end[: max(limit // 3, len(digest))]
    room = (limit - len(end)) // 2 - 1
    name = f"{table[:room]}_{what[:room]}_{end}"
    return f"D{name[:-1]}" if name[0] == "_" or name[0].isdigit() else name


def unquoted(table: str) -> str:
    """A table's name without its schema and quotes (``"accounts"."user"`` is ``user``)."""
    return table.rpartition('"."')[2].strip('"')


def named_for_model(name: str, placeholders: Mapping[str, str]) -> str:
    """The name of an index or constraint with ``%(app_label)s`` and ``%(class)s`` filled in; any other ``%`` stays."""
    for placeholder, value in placeholders.items():
        name = name.replace(f"%({placeholder})s", value)
    return name


def column_of(model: Any, name: str) -> str:
    """The column of the field called ``name``."""
    meta = model._meta
    column: str = (meta.pk if name == "pk" else meta.get_field(name)).column
    return column


def columns_of(model: ModelClass, names: Iterable[str], dialect: Dialect) -> str:
    """The quoted columns of several fields, with commas."""
    return ", ".join(dialect.quote(column_of(model, name)) for name in names)


def default_literal(field: Any, dialect: Dialect) -> str:
    """The DEFAULT of a field with ``db_default``: a literal, or an expression in parentheses."""
    default = field.db_default
    if hasattr(default, "resolve_expression") and not isinstance(default, Value):
        return f"({constant_sql(field, default, dialect)})"
    given = isinstance(default, Value)
    value = field.get_prep_value(default.value) if given else field.store_preparer(dialect)(default)
    adapter = dialect.adapter(field)
    return literal(value if value is None or adapter is None else adapter(value), dialect)


class _Constants:
    """What an expression in a schema is resolved against: it takes values, and knows no columns."""

    of_upsert = False

    def __init__(self, field: ModelField) -> None:
        self.field = field
        self.values: list[object] = []

    def take_slot(self, value: object, prepare: Prepare | None) -> int:
        """Keep a value, prepared."""
        self.values.append(prepare(value) if prepare is not None else value)
        return len(self.values) - 1

    def preparer_for(self, lhs: Expression, sql_type: SQLType) -> Prepare:
        """Return what prepares a value compared to ``lhs``."""
        return sql_type.get_prep_value

    def describe(self, lhs: Expression) -> str:
        """Return what an error calls the left side of a comparison."""
        return type(lhs).__name__

    def _refused(self, *args: object, **options: object) -> NoReturn:
        raise FieldError(f"{self.field}: db_default is made of values and functions; it can't look at columns or rows")

    resolve_ref = resolve_condition = resolve_value = path = _refused
    embed_value = embed_rows = embed_condition = mark_list = refuse_sharing = _refused


def constant_sql(field: ModelField, expression: Expression, dialect: Dialect) -> str:
    """An expression without columns as SQL text, its values as literals.

    Raises ``FieldError`` when it names a column or holds a query.
    """
    constants = _Constants(field)
    resolved = expression.resolve_expression(constants, False, None, False, True)
    text, params = StatementCompiler(dialect).compile(resolved)
    return with_literals(text, [_adapted(param, constants.values) for param in params], dialect)


def with_literals(text: str, values: Sequence[object], dialect: Dialect) -> str:
    """Compiled text with values, adapted for the driver, as literals in the places of its parameters."""
    waiting = iter(values)
    # ``%%s`` is a percent sign and an s, in a name or a text.
    return re.sub("%%|%s", lambda found: found[0] if found[0] == "%%" else literal(next(waiting), dialect), text)


def _adapted(param: object, values: Sequence[object]) -> object:
    if not isinstance(param, Param):
        return param
    value = values[param.slot]
    return value if value is None or param.adapter is None else param.adapter(value)


# -- tables ------------------------------------------------------------------------------------------------------------


def column_definition(field: Any, dialect: Dialect, default: str | None = None) -> str:
    """One column of CREATE TABLE or ADD COLUMN, without its foreign key.

    ``default`` is the literal that rows which exist already get, where the field has no default in the database.
    """
    parts = [dialect.quote(field.column), field.db_type(dialect)]
    collation = collation_of(field)
    if collation:
        parts.append(dialect.collation(dialect.quote(collation)))
    if field.has_db_default:
        default = default_literal(field, dialect)
    if default is not None:
        parts.append(f"DEFAULT {default}")
    if getattr(field, "generated", False):
        parts.append(generated_clause(field, dialect))  # which may give NULL, whatever the field says
    else:
        parts.append("NULL" if field.null else "NOT NULL")
    if field.primary_key:
        parts.append(f"PRIMARY KEY{_place_of_index(field, dialect)}")
        if field.auto:
            parts.append(dialect.generated_key_clause(field))
    elif field.unique:
        parts.append(f"UNIQUE{_place_of_index(field, dialect)}")
    check = field.column_check(dialect.quote(field.column), dialect)
    if check is not None:
        parts.append(f"CHECK ({check})")
    return " ".join(parts)


def index_tablespace(field: ModelField) -> str | None:
    """Where indexes of a field are stored, as it or the settings say; else it is where the table is."""
    return field.db_tablespace or settings.default_index_tablespace or None


def _place_of_index(field: Any, dialect: Dialect) -> str:
    """The tablespace of the index that a column's own constraint brings: its field's, or else its model's."""
    meta = getattr(getattr(field, "model", None), "_meta", None)
    place = index_tablespace(field) or getattr(meta, "db_tablespace", None)
    return f" USING INDEX TABLESPACE {dialect.quote(place)}" if place and dialect.capabilities.tablespaces else ""


def collation_of(field: Any) -> str | None:
    """The collation of a field's column; a foreign key has that of the column it refers to."""
    while field.is_relation or getattr(field, "base_field", None) is not None:
        field = field.target_field if field.is_relation else field.base_field
    collation: str | None = getattr(field, "db_collation", None)
    return collation


def generated_clause(field: Any, dialect: Dialect) -> str:
    """``GENERATED ALWAYS AS (...)`` of a column the database computes from others of its row."""
    stored = "STORED" if field.db_persist else "VIRTUAL"
    return f"GENERATED ALWAYS AS ({field.expression_sql(dialect)}) {stored}"


def columns_of_table(model: Any) -> tuple[Any, ...]:
    """The fields with a column in this model's own table."""
    found: tuple[Any, ...] = model._meta.table_fields
    return found


def foreign_keys(model: ModelClass) -> list[Any]:
    """The fields of ``model`` that become foreign key constraints."""
    return [field for field in columns_of_table(model) if field.is_relation and getattr(field, "db_constraint", True)]


def declared_foreign_keys(model: Any, dialect: Dialect) -> list[Any]:
    """Those of ``foreign_keys`` that ``dialect`` has declared in its tables."""
    return foreign_keys(model) if dialect.capabilities.foreign_keys else []


def foreign_key_name(field: Any, dialect: Dialect, table: str | None = None) -> str:
    """The name of a field's foreign key constraint; ``table`` where it is not that of the field's model."""
    target = field.target_field
    suffix = f"fk_{unquoted(target.model._meta.db_table)}_{target.column}"
    return name_of(table or field.model._meta.db_table, [field.column], suffix, dialect)


def foreign_key_clause(field: Any, dialect: Dialect, table: str | None = None) -> str:
    """``CONSTRAINT name FOREIGN KEY (...) REFERENCES ...``; ``table`` where it is not that of the field's model."""
    target = field.target_field
    other = target.model._meta.db_table
    name = foreign_key_name(field, dialect, table)
    when = " DEFERRABLE INITIALLY DEFERRED" if dialect.capabilities.deferrable_foreign_keys else ""
    rule = field.remote_field.rule
    action = f" ON DELETE {rule.database_action}" if rule is not None and rule.database_action else ""
    return (
        f"CONSTRAINT {dialect.quote(name)} FOREIGN KEY ({dialect.quote(field.column)}) "
        f"REFERENCES {dialect.quote(other)} ({dialect.quote(target.column)}){action}{when}"
    )


def create_table(model: Any, dialect: Dialect, *, if_not_exists: bool = False, without: Iterable[object] = ()) -> str:
    """CREATE TABLE with its constraints; foreign keys in ``without`` are left for ``add_foreign_key``, constraints in
    it for ALTER TABLE.
    """
    meta = model._meta
    left_out = set(map(id, without))
    lines = [column_definition(field, dialect) for field in columns_of_table(model)]
    lines += [
        foreign_key_clause(field, dialect, meta.db_table)
        for field in declared_foreign_keys(model, dialect)
        if id(field) not in left_out
    ]
    if getattr(meta.pk, "is_composite", False):
        lines.append(f"PRIMARY KEY ({', '.join(dialect.quote(part.column) for part in meta.pk.fields)})")
    lines += [
        unique_clause(meta.db_table, [column_of(model, name) for name in group], dialect)
        for group in meta.unique_together
    ]
    lines += [
        clause
        for one in meta.constraints
        if id(one) not in left_out and (clause := one.table_clause(model, dialect)) is not None
    ]
    body = ",\n    ".join(lines)
    guard = "IF NOT EXISTS " if if_not_exists else ""
    place = meta.db_tablespace if dialect.capabilities.tablespaces else ""
    where = f" TABLESPACE {dialect.quote(place)}" if place else ""
    partitioned = getattr(meta, "partitioned", "")  # set by the operation that creates such a table
    return finished(f"CREATE TABLE {guard}{dialect.quote(meta.db_table)} (\n    {body}\n){partitioned}{where}")


def repeated_uniques(model: Any, dialect: Dialect) -> list[Any]:
    """The unique constraints over columns that are unique already: servers take those of one CREATE TABLE as one."""
    meta = model._meta
    known: set[tuple[str, ...]] = {(field.column,) for field in columns_of_table(model) if field.unique}
    known |= {tuple(column_of(model, name) for name in group) for group in meta.unique_together}
    found = []
    for one in meta.constraints:
        names = getattr(one, "fields", ())
        if not names or one.table_clause(model, dialect) is None:
            continue
        columns = tuple(column_of(model, name) for name in names)
        if columns in known:
            found.append(one)
        known.add(columns)
    return found


def unique_clause(table: str, columns: Sequence[str], dialect: Dialect) -> str:
    """``CONSTRAINT name UNIQUE (...)`` over columns, with the name this library gives it."""
    name = name_of(table, columns, "uniq", dialect)
    return f"CONSTRAINT {dialect.quote(name)} UNIQUE ({', '.join(map(dialect.quote, columns))})"


def add_foreign_key(field: ModelField, dialect: Dialect, table: str | None = None) -> str:
    """ALTER TABLE that adds a foreign key which had to wait for its target's table."""
    own: str = table or field.model._meta.db_table
    return finished(dialect.add_constraint(dialect.quote(own), foreign_key_clause(field, dialect, own)))


def create_index(
    model: ModelClass,
    name: str,
    what: str,
    dialect: Dialect,
    *,
    unique: bool = False,
    method: str | None = None,
    tail: str = "",
    include: Sequence[str] = (),
    storage: Sequence[str] = (),
    tablespace: str | None = None,
    condition: str | None = None,
    if_not_exists: bool = False,
    concurrently: bool = False,
) -> str:
    """CREATE INDEX on ``what`` (quoted columns or expressions in parentheses).

    ``method`` is how the index is built (``gin``), ``include`` are names of fields whose columns it carries along,
    ``storage`` parameters of its method (``fillfactor = 70``); what the database does not have is left out. Without a
    ``tablespace`` an index is stored where its table is, unless it stands for a constraint.
    """
    can = dialect.capabilities
    if can.tablespaces and not unique:
        tablespace = tablespace or model._meta.db_tablespace
    guard = "CONCURRENTLY " if concurrently and can.concurrent_indexes else ""
    guard += "IF NOT EXISTS " if if_not_exists else ""
    using = f" USING {method}" if method is not None else ""
    if include and can.covering_indexes:
        tail = f" INCLUDE ({columns_of(model, include, dialect)}){tail}"
    if storage:
        tail += f" WITH ({', '.join(storage)})"
    if tablespace and can.tablespaces:
        tail += f" TABLESPACE {dialect.quote(tablespace)}"
    where = f" WHERE {condition}" if condition is not None else ""
    return finished(
        f"CREATE {'UNIQUE ' if unique else ''}INDEX {guard}{dialect.quote(name)} "
        f"ON {dialect.quote(model._meta.db_table)}{using} ({what}){tail}{where}"
    )


def index_columns(model: ModelClass, names: Sequence[str], opclasses: Sequence[str], dialect: Dialect) -> list[str]:
    """The columns of an index, each with its operator class (where the database has those) and its direction.

    ``names`` are names of fields, those with a minus before them in descending order; ``opclasses`` are empty, or as
    many as the names.
    """
    classes = opclasses if dialect.capabilities.operator_classes else ()
    parts = []
    for number, name in enumerate(names):
        part = dialect.quote(column_of(model, name.removeprefix("-")))
        part += f" {operator_class(classes[number])}" if classes else ""
        parts.append(part + (" DESC" if name.startswith("-") else ""))
    return parts


def operator_class(name: str) -> str:
    """An operator class ready for SQL text.

    Raises ``ValueError`` for what is no plain name (of letters, digits, underscores and dots).
    """
    if not name or not all(part.isidentifier() and part.isascii() for part in name.split(".")):
        raise ValueError(f"{name!r} can't be the name of an operator class.")
    return name


def table_indexes(model: Any, dialect: Dialect, *, if_not_exists: bool = False) -> list[str]:
    """The CREATE INDEX statements of a model: single columns, ``Meta.indexes``, conditional unique constraints."""
    meta = model._meta
    statements: list[str] = []
    for field in columns_of_table(model):
        statements += field_indexes(model, field, dialect, if_not_exists=if_not_exists)
    for group in meta.index_together:
        columns = [column_of(model, name) for name in group]
        name = name_of(meta.db_table, columns, "idx", dialect)
        what = ", ".join(map(dialect.quote, columns))
        statements.append(create_index(model, name, what, dialect, if_not_exists=if_not_exists))
    statements += [index.create_statement(model, dialect, if_not_exists) for index in meta.indexes]
    for one in meta.constraints:
        statement = one.index_statement(model, dialect, if_not_exists)
        if statement is not None:
            statements.append(statement)
    return statements


def field_indexes(model: ModelClass, field: ModelField, dialect: Dialect, *, if_not_exists: bool = False) -> list[str]:
    """The CREATE INDEX statements for one field: ``db_index``, and what LIKE needs beside an index or UNIQUE."""
    return [
        field_index(model, field, kind, dialect, if_not_exists=if_not_exists) for kind in index_kinds(field, dialect)
    ]


PLAIN_INDEX, PATTERN_INDEX = "", "like"
"""The indexes a field may bring, by the suffix of their names."""


def index_kinds(field: Any, dialect: Dialect) -> list[str]:
    """Which indexes a field brings."""
    if not (field.db_index or field.unique) or (field.primary_key and field.auto):
        return []
    kinds = [] if field.unique else [PLAIN_INDEX]
    return kinds if dialect.pattern_index(field) is None else [*kinds, PATTERN_INDEX]


def field_index(model: Any, field: ModelField, kind: str, dialect: Dialect, *, if_not_exists: bool = False) -> str:
    """The CREATE INDEX statement for one index of a field."""
    what = dialect.quote(field.column)
    if kind == PATTERN_INDEX:
        what += f" {dialect.pattern_index(field)}"
    name = name_of(model._meta.db_table, [field.column], kind, dialect)
    place = index_tablespace(field)
    return create_index(model, name, what, dialect, tablespace=place, if_not_exists=if_not_exists)


def drop_table(model: ModelClass, dialect: Dialect, *, if_exists: bool = False) -> str:
    """DROP TABLE."""
    guard = "IF EXISTS " if if_exists else ""
    return finished(f"DROP TABLE {guard}{dialect.quote(model._meta.db_table)}")


# -- several tables ----------------------------------------------------------------------------------------------------


def in_order(models: Iterable[Any]) -> list[Any]:
    """The models in an order in which each comes after those it refers to, as far as cycles allow."""
    ordered: list[Any] = []
    wanted = {model._meta.db_table: model for model in models}
    visited: set[str] = set()

    def visit(model: ModelClass) -> None:
        table = model._meta.db_table
        if table in visited:
            return
        visited.add(table)
        for field in foreign_keys(model):
            target = wanted.get(field.target_field.model._meta.db_table)
            if target is not None:
                visit(target)
        ordered.append(model)

    for model in wanted.values():
        visit(model)
    return ordered


def create_statements(models: Iterable[object], dialect: Dialect, *, if_not_exists: bool = False) -> list[str]:
    """Everything that makes the tables of ``models``: tables, foreign keys that close a cycle, indexes."""
    statements: list[str] = []
    late: list[Any] = []
    ordered = in_order(models)
    known = {model._meta.db_table for model in ordered}
    made: set[str] = set()
    for model in ordered:
        made.add(model._meta.db_table)
        waiting = [field for field in declared_foreign_keys(model, dialect) if _waits(field, known, made)]
        if dialect.capabilities.forward_references:
            waiting = []
        statements.append(create_table(model, dialect, if_not_exists=if_not_exists, without=waiting))
        late += waiting
    for field in late:
        if if_not_exists:  # there is no ADD CONSTRAINT IF NOT EXISTS
            statements.append(drop_foreign_key(field, dialect, True))
        statements.append(add_foreign_key(field, dialect))
    for model in ordered:
        statements += table_indexes(model, dialect, if_not_exists=if_not_exists)
    return statements


def _waits(field: Any, known: set[str], made: set[str]) -> bool:
    target = field.target_field.model._meta.db_table
    return target in known and target not in made


def drop_statements(models: Iterable[object], dialect: Dialect, *, if_exists: bool = False) -> list[str]:
    """Everything that removes the tables of ``models``, foreign keys that close a cycle first."""
    statements: list[str] = []
    ordered = in_order(models)
    known = {model._meta.db_table for model in ordered}
    made: set[str] = set()
    for model in ordered:
        made.add(model._meta.db_table)
        if not dialect.capabilities.forward_references:
            waiting = [field for field in declared_foreign_keys(model, dialect) if _waits(field, known, made)]
            statements += [drop_foreign_key(field, dialect, if_exists) for field in waiting]
    return statements + [drop_table(model, dialect, if_exists=if_exists) for model in reversed(ordered)]


def drop_foreign_key(field: ModelField, dialect: Dialect, if_exists: bool) -> str:
    """ALTER TABLE that drops a foreign key."""
    guard = "IF EXISTS " if if_exists else ""
    name = dialect.quote(foreign_key_name(field, dialect))
    table = dialect.quote(field.model._meta.db_table)
    return finished(f"ALTER TABLE {guard}{table} DROP CONSTRAINT {guard}{name}")
