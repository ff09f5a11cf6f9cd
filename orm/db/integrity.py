"""Checking foreign keys at once, instead of at the end of the transaction. The twin is generated."""

from __future__ import annotations

from collections.abc import Iterable

from orm.db.registry import databases
from orm.errors import IntegrityError

TWINS = ("acheck_references",)


async def acheck_references(tables: Iterable[str], using: str) -> None:
    """Check that the rows of some tables refer to rows that exist.

    Parameters: ``tables`` narrow the check, where the database can.

    Raises: IntegrityError that names the first row that refers to none.
    """
    database = databases[using]
    dialect = database.dialect
    for sql in dialect.settle_constraints():
        await database.execute(sql, ())
    for name in tables:
        query = dialect.foreign_key_violations(dialect.quote(name))
        for table, key, referred, *_ in await database.fetch(query, ()) if query else ():
            raise IntegrityError(
                f"The row in table '{table}' with primary key '{key}' has an invalid foreign key: it refers to "
                f"a row of {referred} that does not exist."
            )
