"""What a database can do: what a dialect answers with, instead of being asked for its name."""

from __future__ import annotations

from enum import Enum

from orm.errors import Error, InterfaceError
from orm.records import NamedTuple


class NewKey(Enum):
    """How the key that the database makes for one inserted row comes back; the driver's connection carries it."""

    RETURNING = "a row of the INSERT"
    LAST_ROW_ID = "the number of the last row, which the driver knows after an INSERT"
    QUERY = "a second statement in the same session: ``Dialect.new_key_query``"


class Capabilities(NamedTuple):
    """What a database can do, as far as it changes what is asked of it."""

    returning: bool = True
    """INSERT, UPDATE and DELETE can return the rows they change."""
    new_key: NewKey = NewKey.RETURNING
    """How the key of a single INSERT comes back; another way than RETURNING also where that one is quicker."""
    numbered_placeholders: bool = False
    """One parameter may be named twice in the text (``$1``)."""
    typed_parameters: bool = False
    """Parameter types are inferred from the text, so a bare parameter needs a cast."""
    array_parameters: bool = False
    """A list may be one parameter, and ``unnest`` turns arrays into rows."""
    max_parameters: int = 999
    max_identifier_length: int = 63
    max_channel_length: int | None = None
    """Bytes of the name of a channel that notifications are sent to; None where there are none."""
    group_by_primary_key: bool = False
    """Grouping by a primary key covers the other columns of its table."""
    distinct_on: bool = False
    select_for_update: bool = False
    nulls_ordering: bool = True
    """``NULLS FIRST`` and ``NULLS LAST`` are understood."""
    nulls_largest: bool = False
    """Where an ordering does not say where NULLs go, they come as if they were larger than every value."""
    combinator_parentheses: bool = True
    """The parts of a UNION may be put in parentheses (and so have ORDER BY and LIMIT of their own)."""
    ignore_conflicts: bool = True
    upsert: bool = True
    update_from: bool = True
    delete_using: bool = False
    """DELETE may join other tables (``USING``)."""
    merge: bool = False
    """There is MERGE."""
    lateral: bool = False
    """A query in FROM may speak of the sources before it (``LATERAL``)."""
    savepoints: bool = True
    ends_at_errors: bool = True
    """A transaction can do nothing more after a statement of it failed. False: that statement alone is undone."""
    aggregate_filter: bool = True
    schema_transactions: bool = True
    alter_columns: bool = True
    """ALTER TABLE changes columns and constraints. False: the table is built anew and its rows are copied."""
    forward_references: bool = False
    """A foreign key may name a table that does not exist yet."""
    foreign_keys: bool = True
    """Tables declare their foreign keys. False where the database would not let one transaction delete both ends."""
    deferrable_foreign_keys: bool = True
    deferrable_unique: bool = False
    nulls_not_distinct: bool = False
    """``UNIQUE NULLS NOT DISTINCT`` is understood."""
    virtual_columns: bool = True
    """A column may be computed whenever it is read; else what the database computes is stored."""
    comments: bool = False
    """Tables and columns may carry a comment."""
    partial_indexes: bool = True
    expression_indexes: bool = True
    covering_indexes: bool = False
    """An index may carry further columns along (``INCLUDE``)."""
    updatable_views: bool = False
    """Whether a view of one table's columns can be written to, without a trigger."""
    concurrent_indexes: bool = False
    """An index can be made while other programs write (``CONCURRENTLY``)."""
    unvalidated_constraints: bool = False
    """A constraint can be added that the rows there are need not meet yet (``NOT VALID``)."""
    operator_classes: bool = False
    """A column of an index may name how it is compared."""
    tablespaces: bool = False
    changing_ctes: bool = False
    """A statement in WITH may change rows (``WITH gone AS (DELETE … RETURNING …)``)."""
    cursors: bool = True
    """A transaction can keep a result open at the server and read it bit by bit. False: a stream reads all its rows
    before it gives the first ones."""
    fetch_without_rows: bool = False
    """Its drivers' cursors give no rows to who fetches after a statement that has none. False: that is an error."""
    closed_cursor: type[Error] = InterfaceError
    """What its drivers raise of a cursor that was closed."""
    lock_timeout: bool = True
    """A transaction can limit how long it waits for locks, where the connection can say so (``limit_locks``)."""
    copy: bool = False
    """Rows go in and come out in bulk by statements of their own, which the connection carries (``copy_in``,
    ``copy_out``)."""
    transaction_settings: bool = False
    """A transaction can have settings of its own (``set_settings``)."""
    measured_plans: bool = False
    """EXPLAIN has the option ANALYZE: the database runs the query and says what each step took."""
    one_writer: bool = False
    """Only one transaction can write at a time, and another one's first write waits for its end."""
