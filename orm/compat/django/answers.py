"""The settings by which native code and a program written for Django get different answers.

Everything else is one code path. A setting of the core decides, and the legacy import sets it.
"""

from __future__ import annotations

from orm.records import NamedTuple


class Answer(NamedTuple):
    """What the legacy import sets, and a sentence about both: first what native code gets, then what Django does."""

    legacy: bool
    differs: str


ANSWERS: dict[str, Answer] = {
    "strict_models": Answer(
        False,
        "a model that is declared wrong is refused at once, and a router with none of a router's methods; Django "
        "leaves the first to `check`, and asks nothing of the second",
    ),
    "strict_values": Answer(
        False,
        "2.9 for a whole number, an empty text for a foreign key and a text for the list of `in` are refused; "
        "Django stores 2, stores NULL, and takes the characters of the text",
    ),
    "strict_blocks": Answer(
        False,
        "if a statement failed in an atomic block, leaving the block normally raises; Django rolls back in "
        "silence, also after a write was refused for its values, and on SQLite commits the block if the program caught "
        "the error of a query or of a cursor's own SQL (a failed write through a model still ends it)",
    ),
    "reads_join_transactions": Answer(
        False,
        "inside a transaction rows are read from the database they are written to; in Django from wherever the routers "
        "say, without what the transaction wrote",
    ),
    "same_everywhere": Answer(
        False,
        "on every database `contains`, `startswith` and `endswith` mind case, decimals are stored with the places "
        "of their column, and names of tables that nobody named are cut to 63 characters; what SQLite refuses in "
        "a statement, such as a missing table, is a `ProgrammingError`; a naive datetime is in the zone that is "
        "set.<br>Django on SQLite: these lookups ignore case; further places of a decimal stay, and computed ones "
        "are read with 15 digits (`270.270000000000`); moments truncated in UTC have `zoneinfo`'s UTC; `contains` "
        "and `contained_by` of JSON are refused; a missing table is an `OperationalError`.<br>Django everywhere: "
        "`explain()` gives the database's own text; a naive datetime brings a `RuntimeWarning`, and as a "
        "parameter of SQL written by hand it is in UTC; names of tables are cut to what the default database "
        "takes",
    ),
    "zoned_columns": Answer(
        True,
        "while `use_tz` is off a datetime column on PostgreSQL is a `timestamp`; Django's is a `timestamptz` that "
        "keeps the moment the naive datetime is in `TIME_ZONE`",
    ),
    "declared_types": Answer(
        True,
        "on SQLite `connection.cursor()`, `raw()` and `extra()` give a column as SQLite keeps it, so a date is a "
        "text; Django converts it to the type that its column was declared with, or that brackets at the end of "
        'its name say (`AS "at [timestamp]"`): `bool`, `date`, `time`, `datetime` and `timestamp`; on PostgreSQL '
        "an `inet` comes as an object of `ipaddress`, in Django as text",
    ),
    "state_in_dict": Answer(
        True, "`_state` is made when it is looked at; Django's instances have it in `__dict__` from the start"
    ),
    "advice_in_errors": Answer(
        False,
        "the text of an error says where it is, what may have been meant and what to do; under `import django` it "
        "is Django's, which programs print and keep, and the rest is a note below the traceback.<br>A value that "
        "its field can't read is an `InvalidValue`, which is a `ValidationError` and a `ValueError`; there it is "
        "a `ValidationError` alone. What is `NotUpdated` and `NestedDurableBlock` in native code is there a plain "
        "`DatabaseError` and `RuntimeError`",
    ),
}

LEGACY_ANSWERS: dict[str, bool] = {name: answer.legacy for name, answer in ANSWERS.items()}
