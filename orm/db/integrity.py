"""Checking foreign keys at once, instead of at the end of the transaction. The twin is generated."""

from __future__ import annotations

from collections.abc import Iterable

from orm.db.registry import databases
from orm.errors import IntegrityError

TWINS = ("acheck_references",)


async def acheck_references(tables: Iterable[str] | None, using: str) -> None:
    """Check that the rows of some tables refer to rows that exist.

    Parameters: ``tables`` narrow the check, where the database can; None is every table there is.

    Raises ``IntegrityError`` that names the first row that refers to none, its column and the value there.
    """
    database = databases[using]
    for sql in database.dialect.settle_constraints():
        await database.execute(sql, ())
    reader = database.backend.introspection
    if reader is None:
        return
    for name in (None,) if tables is None else tables:
        broken = await reader.broken_keys(database.fetch, name)
        if broken is not None:
            raise IntegrityError(str(broken))
