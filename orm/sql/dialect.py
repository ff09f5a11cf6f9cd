"""How one database spells SQL: the questions a compiler asks, answered in standard SQL unless a backend knows better.

A backend subclasses ``Dialect``. Nothing in ``orm/`` asks which database it talks to: it asks for a spelling (a method)
or whether something is possible (``capabilities``). Methods get and give SQL text in which ``%s`` stands for the next
parameter and ``%%`` for a percent sign; the compiler turns it into the database's own placeholders at the end. No
method is ever handed a user's value.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from orm.errors import NotSupportedError, SuspiciousOperation
from orm.late import late_module, late_pattern
from orm.records import NamedTuple
from orm.sql.capabilities import Capabilities as Capabilities  # backends find both here
from orm.sql.capabilities import NewKey as NewKey
from orm.sql.compared_values import Compared
from orm.sql.explanation import Plan, Step
from orm.sql.features import Features
from orm.sql.operations import Operations, operators_of
from orm.sql.schema import SchemaSpelling
from orm.sql.types import INTEGER_RANGES, TEXT, TEXT_KINDS, SQLType

if TYPE_CHECKING:
    from orm.sql import literals
    from orm.sql.statements import Statement
else:
    literals = late_module("orm.sql.literals")

Adapter = Callable[[Any], Any]

_QUALIFIED = late_pattern(r'"[^"]+"\."[^"]+"')  # a schema and a table, each in quotes
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""


class FunctionBeside(NamedTuple):
    """A function's call in FROM, the SQL of each of its columns, and what its rows must meet.

    ``through`` is another function, which is given the arguments and whose result is the argument of ``call``.
    """

    call: str
    columns: Sequence[str]
    condition: str | None = None
    through: str | None = None


class Pattern(NamedTuple):
    """A text match against one parameter: ``sql`` has ``{lhs}`` and one ``%s``; ``adapter`` makes the parameter."""

    sql: str
    adapter: Adapter


def like_escape(text: str) -> str:
    r"""Return ``text`` with the wildcards of LIKE escaped by a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_LIKE_FORMS: dict[str, Adapter] = {
    "contains": lambda v: f"%{like_escape(v)}%",
    "startswith": lambda v: f"{like_escape(v)}%",
    "endswith": lambda v: f"%{like_escape(v)}",
    "exact": like_escape,
}


class Dialect(SchemaSpelling):
    """Standard SQL; the base of every backend's dialect."""

    name = "sql"
    display_name = "SQL"
    """What people call the database."""
    capabilities = Capabilities()
    answers: Mapping[str, Any] = {}
    """What ``connection.features`` tells programs written for Django, where neither the capabilities nor Django's usual
    answer are right for this database."""
    plan_format: str | None = None
    """The format of EXPLAIN that ``plan`` reads."""
    version_query = "SELECT version()"
    """What asks the server for its version."""

    # -- what expressions written by hand ask of a ``connection``, in Django's words ---------------------------------

    @property
    def vendor(self) -> str:
        """The database's name, as ``as_<vendor>`` methods have it."""
        return self.name

    @property
    def features(self) -> Features:
        """What the database can do."""
        return Features(self.capabilities, self.answers)

    @property
    def ops(self) -> Operations:
        """Quoting, limits and texts for LIKE."""
        return Operations(self)

    @property
    def operators(self) -> dict[str, str]:
        """What stands between both sides of each lookup that compares."""
        return operators_of(self)

    def like_escaped(self, text: str) -> str:
        """Return a text with LIKE's wildcards escaped."""
        return like_escape(text)

    # -- names and parameters ---------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """Return an identifier ready for SQL text.

        Two names in quotes with a dot between them stay as they are: that is how programs written for Django name a
        table in a schema, ``'"sales"."orders"'`` or ``'sales"."orders'``.

        Raises ``SuspiciousOperation`` for an empty name or one with a NUL character.
        """
        if not name or "\x00" in name:
            raise SuspiciousOperation(f"{name!r} can't be the name of a table, column or alias")
        if '"."' in name:
            qualified = _QUALIFIED.fullmatch(name if name[0] == '"' else f'"{name}"')
            if qualified is not None:
                return qualified[0].replace("%", "%%")
        return '"' + name.replace('"', '""').replace("%", "%%") + '"'

    def placeholder(self, number: int) -> str:
        """Return the placeholder of the ``number``-th parameter, counted from 1."""
        return "?"

    def written_parameter(self, number: int, value: object) -> str:
        """Return the placeholder of a value in SQL that a caller wrote, cast to the type of the value where needed.

        Such SQL may have been written with literals in mind: ``2 = ANY(...)`` and ``NULL IS NULL`` have a type, while a
        bare parameter in their place has none.
        """
        return self.placeholder(number)

    def parameter(self, sql_type: SQLType | None) -> str:
        """Return ``%s`` for a parameter that stands alone, with a cast where the database could not tell its type."""
        if sql_type is None or not self.capabilities.typed_parameters:
            return "%s"
        return self.cast("%s", sql_type)

    def parameter_beside(self, sql_type: SQLType | None) -> str:
        """Return ``%s`` for a parameter that stands beside a column of this type, which tells the database its type.

        A dialect whose drivers can't send values of some type as they are puts a cast here.
        """
        return "%s"

    # -- types ------------------------------------------------------------------------------------------------------

    def column_type(self, field: Any) -> str:
        """Return the column type for a field (its ``kind`` and refinements; ``field.auto`` for generated keys)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how {field.kind} columns are declared.")

    def referring_type(self, column_type: str) -> str:
        """Return the type of a column that refers to one of the given type: usually that type."""
        return column_type

    def sized_type(self, name: str, *sizes: int) -> str:
        """Return a type's name with its sizes, as ``varchar(20)``. Raises ``TypeError`` for what is no whole number."""
        if not all(isinstance(size, int) for size in sizes):
            raise TypeError(f"A {name} has whole numbers for its size, not {', '.join(map(repr, sizes))}.")
        return f"{name}({', '.join(str(int(size)) for size in sizes)})"

    def cast_type(self, sql_type: SQLType) -> str:
        """Return the type's name inside CAST."""
        return self.column_type(sql_type)

    def cast(self, sql: str, sql_type: SQLType) -> str:
        """Return ``sql`` cast to a type."""
        return f"CAST({sql} AS {self.cast_type(sql_type)})"

    def as_text(self, sql: str, sql_type: SQLType) -> str:
        """Return ``sql``, of a type, as the text that is matched and joined: as it is where it is a text already."""
        return sql if sql_type.kind in TEXT_KINDS else self.cast(sql, TEXT)

    def tie(self, lhs: str, lhs_type: SQLType, rhs: str, rhs_type: SQLType) -> str:
        """Return the condition that two columns are equal; along a generic relation their types may differ."""
        return f"{lhs} = {rhs}"

    def cast_to_column(self, sql: str, sql_type: SQLType) -> str:
        """Return ``sql`` cast to what a column of this type holds, where the database can cut it to its length."""
        return self.cast(sql, sql_type)

    def convert(self, sql: str, sql_type: SQLType, given: str | None) -> str:
        """Return a value of the kind ``given``, where that is known, as the type that ``Cast`` names."""
        return self.cast_to_column(sql, sql_type)

    def date_as_moment(self, sql: str) -> str:
        """Return the SQL of a date as the moment its day begins, to compare it with moments."""
        return sql

    def set_settings(self, number: int) -> str:
        """Return the statement that sets something until the transaction ends.

        Its parameters are ``number`` names, each followed by its value. For databases with ``transaction_settings``.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how a transaction's settings are set.")

    def read_settings(self, number: int) -> str:
        """Return the statement that reads what is set; its parameters are ``number`` names, NULL stands for nothing."""
        raise NotImplementedError(f"{type(self).__name__} does not say how a transaction's settings are read.")

    def integer_range(self, sql_type: SQLType) -> tuple[int, int]:
        """Return the least and the greatest whole number a column of this type holds."""
        return INTEGER_RANGES[sql_type.kind]

    def adapter(self, sql_type: SQLType) -> Adapter | None:
        """Return what turns a canonical Python value (never None) into the drivers' parameter; None: as it is.

        An adapter that changes nothing, and only refuses texts with a certain character, or the float that is no
        number, has that in an attribute ``refuses``: other values are then sent without calling the adapter.
        """
        return None

    def comparison_adapter(self, sql_type: SQLType) -> Adapter | None:
        """Return the adapter for values that a column is compared to.

        A field class of the application may have a ``get_db_prep_value`` of its own, which is asked first.
        """
        adapter = self.adapter(sql_type)
        return adapter if sql_type.compares_prepared else Compared(sql_type, self, adapter)

    def converter(self, sql_type: SQLType) -> Adapter | None:
        """Return what turns the drivers' value (never None) into the canonical Python value; None: as it is."""
        return None

    def computed_decimal(self, sql_type: SQLType) -> Adapter | None:
        """Return the converter of a decimal that a query computed, and that is no column of a table."""
        return self.converter(sql_type)

    def json_reader(self, sql_type: SQLType) -> Adapter:
        """Return what reads a JSON text, with the field's own decoder where it has one."""
        decoder = getattr(getattr(sql_type, "output_field", sql_type), "decoder", None)
        return json.loads if decoder is None else partial(json.loads, cls=decoder)

    # -- conditions ---------------------------------------------------------------------------------------------------

    def pattern(self, lookup: str, sql_type: SQLType) -> Pattern:
        """Return the match for contains, startswith, endswith, their ``i`` forms, iexact, regex and iregex."""
        if lookup in ("regex", "iregex"):
            raise NotSupportedError(f"{self.name} has no regular expressions")
        if lookup.startswith("i"):
            form = _LIKE_FORMS[lookup[1:]]
            return Pattern("UPPER({lhs}) LIKE UPPER(%s) ESCAPE '\\'", form)
        return Pattern("{lhs} LIKE %s ESCAPE '\\'", _LIKE_FORMS[lookup])

    def pattern_expression(self, lookup: str, lhs: str, rhs: str) -> str:
        """Return the same match against an expression; wildcards in its value are escaped in SQL."""
        if lookup in ("regex", "iregex"):
            raise NotSupportedError(f"{self.name} has no regular expressions")
        if lookup.startswith("i"):
            lookup, lhs, rhs = lookup[1:], f"UPPER({lhs})", f"UPPER({rhs})"
        if lookup == "exact":
            return f"{lhs} = {rhs}"
        escaped = f"REPLACE(REPLACE(REPLACE({rhs}, '\\', '\\\\'), '%%', '\\%%'), '_', '\\_')"
        before = "'%%' || " if lookup in ("contains", "endswith") else ""
        after = " || '%%'" if lookup in ("contains", "startswith") else ""
        return f"{lhs} LIKE {before}{escaped}{after} ESCAPE '\\'"

    def part(self, lookup: str, sql: str, sql_type: SQLType) -> str:
        """Return a text in SQL as the parts of a column's text are kept, which may not be how they are written."""
        return sql

    def membership(self, lhs: str, sql_type: SQLType) -> Pattern | None:
        """Return ``IN`` against one list parameter, or None where each item needs a place of its own."""
        return None

    # -- functions ----------------------------------------------------------------------------------------------------

    def function_name(self, name: str) -> str:
        """Return this database's name for a function the library knows by its standard name."""
        return name

    def numeric_function(self, name: str, arguments: Sequence[tuple[str, str | None]]) -> str:
        """Return a function of numbers; ``arguments`` are SQL, each with its kind where that is known."""
        return f"{self.function_name(name)}({', '.join(sql for sql, _ in arguments)})"

    def round_to_tens(self, arguments: Sequence[tuple[str, str | None]]) -> str:
        """Return a number rounded to as many places as the second argument says, which is below 0."""
        return self.numeric_function("ROUND", arguments)

    def digest(self, algorithm: str, sql: str) -> str:
        """Return a digest of a text in hexadecimal; ``algorithm`` is SHA1, SHA224, SHA256, SHA384 or SHA512."""
        return f"{algorithm}({sql})"

    def json_array(self, items: Sequence[tuple[str, str | None]]) -> str:
        """Return a JSON list of values; ``items`` are SQL, each with its kind where that is known."""
        raise NotSupportedError(f"{self.name} can't make JSON lists")

    def json_object(self, items: Sequence[tuple[str, str | None]]) -> str:
        """Return a JSON object; ``items`` are its keys and values in turn, as for ``json_array``."""
        raise NotSupportedError(f"{self.name} can't make JSON objects")

    def extract(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        """Return an integer part of a date, time or datetime.

        ``part``: year, iso_year, quarter, month, week, week_day (1 Sunday to 7), iso_week_day (1 Monday), day, hour,
        minute, second, microsecond, epoch. ``zone`` is an IANA name for aware datetimes, or a distance
        such as ``+05:30``.
        """
        return f"EXTRACT({part.upper()} FROM {sql})"

    def truncate(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        """Return a date or datetime cut to its year, quarter, month, week, day, hour, minute or second.

        ``part`` may also be ``date`` or ``time``: the value's date or time of day; or ``datetime``: both, with no zone.
        """
        raise NotSupportedError(f"{self.name} can't truncate dates")

    def combine(self, operator: str, lhs: str, rhs: str, lhs_kind: str | None, rhs_kind: str | None) -> str:
        """Return an arithmetic expression; ``operator`` is one of + - * / %% ^ & | # << >>."""
        return f"({lhs} {operator} {rhs})"

    def check_computing(self, sql_type: SQLType) -> None:
        """Raise ``NotSupportedError`` for a type whose values this database's aggregates can't add up."""

    def computing_aggregate(self, name: str, sql_type: SQLType) -> str:
        """Return the name of the aggregate SUM or AVG of values of this type."""
        return name

    def computed_as_compared(self, sql: str, sql_type: SQLType) -> str:
        """Return a computed value as it is compared, where the database would compare what it is made of."""
        return sql

    def computed_as_ordered(self, sql: str, sql_type: SQLType) -> Sequence[str]:
        """Return what computed values are ordered by, each term where those before it are equal."""
        return (sql,)

    def stored(self, sql: str, field: SQLType, given: str | None) -> str:
        """Return a computed value in the form a column stores, where the database does not convert it by itself.

        ``given`` is the value's kind, where that is known.
        """
        return sql

    def json_path(self, special: bool) -> Adapter:
        """Return what makes the parameter of a path into JSON (of a list of keys and indexes).

        ``special`` paths hold a key that JSON may spell in several ways, with escapes or without, so that comparing its
        text is not enough.
        """
        raise NotSupportedError(f"{self.name} can't look into JSON")

    def json_value(self, sql: str, path: str, *, as_text: bool, special: bool) -> str:
        """Return what lies at a path in a JSON value; ``as_text`` unquotes strings.

        ``path`` is SQL: ``%s``, for what ``json_path(special)`` makes. The text returned here may repeat both
        arguments; that of the methods below has each argument once and in this order, since either may hold parameters.
        """
        raise NotSupportedError(f"{self.name} can't look into JSON")

    def json_exists(self, sql: str, path: str, *, special: bool) -> str:
        """Return whether something, JSON null included, lies at a path."""
        raise NotSupportedError(f"{self.name} can't look into JSON")

    def json_comparable(self, sql: str, path: str, *, special: bool) -> tuple[str, Adapter]:
        """Return a scalar at a path as it stands to the left of ``<`` and ``>``, and the adapter for the right side."""
        raise NotSupportedError(f"{self.name} can't compare values inside JSON")

    def json_ordering(self, sql: str) -> str:
        """Return the SQL that orders rows by a computed JSON value: numbers as numbers, not as texts."""
        return sql

    def json_contains(self, lhs: str, rhs: str) -> str:
        """Return whether JSON ``lhs`` contains JSON ``rhs``."""
        raise NotSupportedError(f"{self.name} can't search JSON for contained values")

    def json_has_key(self, sql: str, key: str) -> str:
        """Return whether a JSON value is an object with a key (a string)."""
        raise NotSupportedError(f"{self.name} can't ask JSON for keys")

    def json_has_keys(self, sql: str, keys: str, *, every: bool) -> tuple[str, Adapter]:
        """Return whether a JSON value is an object with every, or any, of several keys, and the adapter for their
        list.
        """
        raise NotSupportedError(f"{self.name} can't ask JSON for keys")

    def json_exact(self, lhs: str, rhs: str) -> str:
        """Return whether two JSON values are equal as values."""
        return f"{lhs} = {rhs}"

    def kept_zone(self) -> datetime.tzinfo | None:
        """Return the zone that naive datetimes are stored in, in columns that keep moments; None: they stay naive."""
        return None

    def session_settings(self) -> Hashable:
        """Return the settings that a session takes over when it is opened; when they change, open sessions end."""
        return None

    def now(self) -> str:
        """Return the current moment."""
        return "CURRENT_TIMESTAMP"

    def true(self) -> str:
        """Return the boolean constant true."""
        return "TRUE"

    def false(self) -> str:
        """Return the boolean constant false."""
        return "FALSE"

    def random(self) -> str:
        """Return a random number from 0 up to 1, also for ``order_by("?")``."""
        return "RANDOM()"

    def notify_statement(self) -> str:
        """Return the statement that sends a notification: its parameters are the channel and the payload."""
        raise NotSupportedError("This database sends no notifications.")

    def string_literal(self, text: str) -> str:
        """Return a text of the library's own making (a JSON path) as a quoted string, its quotes doubled."""
        if "\x00" in text:
            raise SuspiciousOperation("a string with a NUL character can't become SQL text")
        return "'" + text.replace("'", "''").replace("%", "%%") + "'"

    def array_text(self, items: Sequence[object]) -> str:
        """Return a list as the text of a literal, where it is no JSON (which is text already)."""
        return json.dumps(list(items))

    def binary_literal(self, data: bytes) -> str:
        """Return bytes as SQL text, for the DEFAULT of a column."""
        return f"X'{data.hex()}'"

    # -- statements ---------------------------------------------------------------------------------------------------

    def limit(self, limit: str | None, offset: str | None) -> str:
        """Return the LIMIT and OFFSET clause; the arguments are SQL (``%s``)."""
        parts = [f"LIMIT {limit}"] if limit is not None else []
        if offset is not None:
            parts.append(f"OFFSET {offset}")
        return " ".join(parts)

    def for_update(self, *, nowait: bool, skip_locked: bool, of: Sequence[str], no_key: bool) -> str:
        """Return the row-locking clause; ``of`` are quoted aliases."""
        raise NotSupportedError(f"{self.name} has no row locks (select_for_update)")

    def copy_in(self, table: str, columns: Sequence[str]) -> str:
        """Return the statement that copies rows into a table; the names are quoted."""
        raise NotSupportedError(f"{self.name} has no statement that copies rows")

    def explain(self, format: str | None, options: dict[str, object]) -> str:
        """Return what stands before a statement to have the database explain it.

        Raises ``ValueError`` for a format or option the database does not have.
        """
        if format is not None or options:
            raise ValueError(f"{self.name} explains queries without format or options")
        return "EXPLAIN"

    def plan(self, rows: Sequence[Sequence[object]]) -> Plan:
        """Return what the database answered to ``explain(plan_format, …)`` as steps."""
        return Plan([Step(line) for line in self.explained(rows).splitlines()])

    def default_row(self) -> str:
        """Return what an INSERT of a row with only default values says in place of columns and values."""
        return "DEFAULT VALUES"

    def array_rows(self, sql_types: Sequence[SQLType]) -> str | None:
        """Return what makes rows of one array parameter (``%s``) for each column, as a table in FROM without its alias;
        None where that can't be.
        """
        return None

    def value_table(self, rows: Sequence[str], alias: str, columns: Sequence[str]) -> str:
        """Return rows (each in parentheses) as a table in FROM; alias and columns are quoted."""
        return f"(VALUES {', '.join(rows)}) AS {alias}({', '.join(columns)})"

    def table_function(self, function: str, arguments: Sequence[str], alias: str, columns: Sequence[str]) -> str:
        """Return the rows of a function as a table in FROM; alias and columns are quoted.

        ``function`` is what it is called, or a word of ``orm.models.sources`` that databases have different names for.
        """
        return f"{function}({', '.join(arguments)}) AS {alias}({', '.join(columns)})"

    def function_beside(self, function: str, alias: str, columns: Sequence[str]) -> FunctionBeside | None:
        """Return a function's call that may name columns of the tables before it in FROM; None where none may.

        For databases without LATERAL, some of which have such calls nevertheless.
        """
        return None

    def materialized(self, wanted: bool) -> str:
        """Return what stands before a query in WITH that is to be computed once, or not, with a trailing blank."""
        return "MATERIALIZED " if wanted else "NOT MATERIALIZED "

    def among_few(self, lhs: str, rows: str) -> str:
        """Return the condition that a value is among the rows of a query in brackets, in words that have the database
        count on few of them; of one column, which holds no arrays."""
        return f"{lhs} IN {rows}"

    def rewritten(self, statement: Statement) -> Statement:
        """Return a statement in a form that the database accepts; most are as they are.

        A database that refuses a subquery on the table being changed gives
        ``orm.sql.rewriting.read_before_change(statement)``.
        """
        return statement

    def refuse_returning(self) -> None:
        """Raise ``NotSupportedError`` where the database can't return the rows it changed."""
        if not self.capabilities.returning:
            raise NotSupportedError(f"{self.name} has no RETURNING")

    def writes(self, sql: str) -> bool:
        """Whether a statement, or one of a script's, writes; asked only where there is ``one_writer``, or where errors
        don't end a transaction (``ends_at_errors``).

        A wrong True refuses what would work; a wrong False lets it wait for the other writer.
        """
        raise NotImplementedError(f"{type(self).__name__} has one writer, and does not say which statements write.")

    def shown(self, sql: str, params: Sequence[object]) -> str:
        """Return a statement with its parameters put in, quoted, for people to read and paste; it is never sent."""
        numbers = {self.placeholder(number): number for number in range(1, len(params) + 1)}
        numbered = self.capabilities.numbered_placeholders
        marks = "|".join(re.escape(mark) for mark in sorted(numbers, key=len, reverse=True))
        taken = iter(params)

        def put(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0]  # text and names in quotes
            return self.shown_value(params[numbers[match[1]] - 1] if numbered else next(taken, None))

        return re.sub(_QUOTED + rf"|({marks})", put, sql) if params else sql

    def shown_value(self, value: object) -> str:
        """Return a parameter as SQL text that means the same."""
        return literals.shown(value, self)

    def explained(self, rows: Sequence[Sequence[object]]) -> str:
        """Return what the database answered to ``explain`` as a text to be read."""
        return "\n".join(" ".join(str(item) for item in row) for row in rows)

    def on_conflict_ignore(self, target: Sequence[str]) -> str:
        """Return the clause of an INSERT that leaves rows that exist as they are; ``target`` are quoted columns."""
        return f"ON CONFLICT{_listed(target)} DO NOTHING"

    def on_conflict_update(self, target: Sequence[str], assignments: Sequence[str], condition: str | None) -> str:
        """Return the clause of an INSERT that updates rows that exist.

        ``target`` are quoted columns, ``assignments`` are ``column = value``, ``condition`` says which are updated.
        """
        where = f" WHERE {condition}" if condition is not None else ""
        return f"ON CONFLICT{_listed(target)} DO UPDATE SET {', '.join(assignments)}{where}"

    def new_key_query(self) -> str:
        """Return the statement that gives the key of the row that this session inserted last."""
        raise NotSupportedError(f"{self.name} has no statement for the key of the last inserted row")

    def excluded(self, column: str) -> str:
        """Return, for an upsert, the value of a (quoted) column in the row that was to be inserted."""
        return f"EXCLUDED.{column}"

    def replication_state(self) -> str | None:
        """Return a query of one row: whether this server is a replica, and how many seconds it is behind (NULL: not
        known). None where the database has no replicas, or can't tell.
        """
        return None

    def lock_waits(self) -> str | None:
        """Return a query of the sessions that wait for a lock: which, for which other, for how many seconds, for what
        kind of lock, and the name of its application. None where the database has no such list.
        """
        return None

    def savepoint(self, name: str) -> tuple[str, str, str]:
        """Return the statements that set, release and roll back to a savepoint."""
        name = self.quote(name)
        return f"SAVEPOINT {name}", f"RELEASE SAVEPOINT {name}", f"ROLLBACK TO SAVEPOINT {name}"

    # -- schema --------------------------------------------------------------------------------------------------------

    def generated_key_clause(self, field: object) -> str:
        """Return what follows the type of a key the database makes (``GENERATED BY DEFAULT AS IDENTITY``)."""
        return "GENERATED BY DEFAULT AS IDENTITY"

    def empty_tables(self, tables: Sequence[str], counted: Sequence[str] = ()) -> Sequence[str]:
        """Return the statements that empty tables (quoted names) and let keys start again from 1.

        ``counted`` are those of the tables whose keys the database numbers. Every table that refers to one of
        ``tables`` is among them.
        """
        return [f"DELETE FROM {table}" for table in tables]


def _listed(columns: Sequence[str]) -> str:
    return f" ({', '.join(columns)})" if columns else ""
