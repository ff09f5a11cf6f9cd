"""``orm.batch``: what users call to gather the writes of a transaction (see ``orm.models.write_batch``)."""

from __future__ import annotations

from orm.db.transactions.membership import leaving
from orm.models.write_batch_blocking import WriteBatch

leaving.add(WriteBatch.__exit__.__code__)


def batch(using: str | None = None, savepoint: bool = True, durable: bool = False) -> WriteBatch:
    """Make a block of a transaction whose ``save()``, ``create()`` and ``delete()`` are sent together, as few
    statements, under ``with`` or ``async with``.

    They are sent when the block ends, and before anything else that is asked of the database inside it: a query sees
    them. Rows that refer to each other are inserted in the order that needs; an instance has its key, and its signals
    are sent, when its row was. What fails, fails there, and then nothing of the block is done.

    Parameters: ``using``, ``savepoint`` and ``durable`` are as in :func:`orm.atomic`.

    Raises ``TransactionManagementError`` as ``atomic`` does.
    """
    return WriteBatch(using, savepoint, durable)
