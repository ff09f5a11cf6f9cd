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
        '2.9 for a whole number, `""` for a foreign key and a text for the list of `in` are refused; Django cuts the '
        "first, stores NULL for the second and takes the characters of the third",
    ),
    "strict_blocks": Answer(
        False,
        "an atomic block in which a statement failed raises when it is left as if all were well; Django rolls back in "
        "silence, and on SQLite goes on after an error of a query or of a cursor's own SQL that the program catches: "
        "only what writes through a model ends the block there",
    ),
    "reads_join_transactions": Answer(
        False,
        "inside a transaction rows are read from the database they are written to; in Django from wherever the routers "
        "say, without what the transaction wrote",
    ),
    "same_everywhere": Answer(
        False,
        "`contains`, `startswith` and `endswith` mind case, and decimals are stored with the places of their column; "
        "on SQLite Django's LIKE knows no case, and more places stay, those "
        "computed are read with 15 digits (`270.270000000000`), and moments cut in UTC are told in `zoneinfo`'s UTC; "
        "there `contains` and `contained_by` of JSON are "
        "refused; `explain()` gives the database's own text; what SQLite itself refuses in a statement, a missing "
        "table say, is a `ProgrammingError`, else an `OperationalError`; a naive datetime is taken in the zone that is "
        "set, else with a `RuntimeWarning`, and as a parameter of SQL written by hand "
        "in UTC; the names of tables that nobody named are cut to 63 characters, else to "
        "what the default database takes",
    ),
    "zoned_columns": Answer(
        True,
        "while `use_tz` is off a datetime column on PostgreSQL is a `timestamp`; Django's is a `timestamptz` that "
        "keeps the moment the naive datetime is in `TIME_ZONE`",
    ),
    "declared_types": Answer(
        True,
        "on SQLite a column of `connection.cursor()`, `raw()` and `extra()` comes as SQLite keeps it, text for a date; "
        'else as its column was declared, or as brackets at the end of its name say (`AS "at [timestamp]"`): `bool`, '
        "`date`, `time`, `datetime` and `timestamp`; on PostgreSQL an `inet` comes as an object of `ipaddress`, else "
        "as text",
    ),
    "state_in_dict": Answer(
        True, "`_state` is made when it is looked at; Django's instances have it in `__dict__` from the start"
    ),
    "advice_in_errors": Answer(
        False,
        "the text of an error says where it is, what may have been meant and what to do; Django's text is what "
        "programs print and keep, so there the rest is a note below the traceback, and a value that its field can't "
        "read is a `ValidationError` alone, else an `InvalidValue`, which is a `ValueError` too; what a program sees "
        "as `NotUpdated` and `NestedDurableBlock` is there a plain `DatabaseError` and `RuntimeError`",
    ),
}

LEGACY_ANSWERS: dict[str, bool] = {name: answer.legacy for name, answer in ANSWERS.items()}
