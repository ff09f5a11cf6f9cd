"""One transaction for Django and the mirror, on Django's own connection: blocking code, where both use psycopg."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orm.bridge import run
from orm.bridge.crossing import call
from orm.contrib.django.databases import configure_from_django
from orm.contrib.django.mirroring import mirrors
from orm.contrib.django.real import connections, part
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.transactions.borrowed import BorrowedTransaction
from orm.db.transactions.public import transaction_block
from orm.errors import NotSupportedError, TransactionManagementError


@contextmanager
def shared_atomic(using: str = DEFAULT_DB_ALIAS, *, savepoint: bool = True, durable: bool = False) -> Iterator[None]:
    """Open ``django.db.transaction.atomic()``, and have the queries of mirrors run in it until it is left.

    What either side writes the other sees, and both are committed or rolled back together. ``orm.atomic()`` inside it
    is a savepoint; functions given to either side's ``on_commit`` are called after Django's commit. An error of the
    database on either side makes it roll back.

    Parameters: ``using`` is the alias; ``savepoint`` and ``durable`` are Django's.

    Raises ``SynchronousOnlyOperation`` on an event loop's thread, before anything is opened; ``NotSupportedError``
    where the two don't use the same driver (SQLite; psycopg2), ``TransactionManagementError`` inside ``orm.atomic()``.
    """
    configure_from_django(mirrors.origin)
    if transaction_block(using) is not None:
        raise TransactionManagementError(
            f"A transaction of this library's is open on {using!r}, and Django's can't join that one: open "
            "shared_atomic() first. Inside of it atomic() of either side is a savepoint."
        )
    transaction = part("django.db.transaction")
    with transaction.atomic(using, savepoint=savepoint, durable=durable):
        connection = connections()[using]
        connection.ensure_connection()
        borrowed = BorrowedTransaction(using, connection.connection)
        try:
            run(borrowed.abegin())
        except NotSupportedError as error:
            kind = type(connection.connection)
            raise NotSupportedError(
                "shared_atomic() needs PostgreSQL, with psycopg 3 on both sides, and Django reaches "
                f"{using!r} through a {kind.__module__}.{kind.__qualname__}. Without it a transaction of Django's and "
                "one of a mirror's are two: end the one before the other begins."
            ) from error
        try:
            yield
        except BaseException:
            run(borrowed.aend(failed=True))
            raise
        sound, hooks = run(borrowed.aend(failed=False))
        if not sound:
            transaction.set_rollback(True, using)
        for fn, robust in hooks:
            transaction.on_commit(Hook(fn), using, robust)


class Hook:
    """A function to be called after the commit, of either kind."""

    def __init__(self, fn: Callable[[], object]) -> None:
        self.fn = fn

    def __call__(self) -> None:
        """Call it. Raises what it raises."""
        run(call(self.fn))
