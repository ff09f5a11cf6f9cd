"""Transactions without a block, for programs that leave autocommit mode: ``set_autocommit(False)``.

From then on a transaction is open in the caller's context; ``commit`` and ``rollback`` end it and begin the next one.
``atomic`` blocks inside it are savepoints. What a failed statement dooms is the database's to say, as in Django.

What this module refuses: statements while the next transaction could not be begun (the server was away, say). They
would commit by themselves, and the program has said that nothing does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from orm.bridge.waiting import whoami
from orm.db.registry import databases
from orm.db.transactions.atomic_blocking import Atomic
from orm.db.transactions.block import Block
from orm.db.transactions.membership import Beside, find_block
from orm.db.transactions.states import UNBEGUN
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.db.database_blocking import Database


class ManualBlock(Block):
    """A transaction that lasts until the program ends it. ``durable`` blocks may be opened inside it."""

    lenient: ClassVar[bool] = True

    opened_by: ManualTransaction
    """What ends it."""

    def note(self, error: BaseException, what: str | None = None, *, by_hand: bool = False) -> None:
        """A statement has failed, which dooms nothing."""
        self.lease.note(error)


class BetweenTransactions(ManualBlock):
    """Where a context is that has left autocommit mode while no transaction is open: around each of them, and instead
    of the next one where that could not be begun.

    Attributes:
        reason: why it could not.
    """

    reason: BaseException | None = None

    def refusal(self) -> TransactionManagementError:
        """Build the error for a statement meanwhile."""
        error = TransactionManagementError(
            f"Autocommit is off on database {self.database.alias!r}, and the transaction after the last one could not "
            "be begun, so this statement would commit by itself. commit() or rollback() begins one, and "
            "set_autocommit(True) goes on without."
        )
        error.__cause__ = self.reason
        return error


class ManualTransaction(Atomic):
    """The transactions of a program that has left autocommit mode on a database, which may be without an alias.

    One is open at a time.
    """

    kind: ClassVar[type[Block]] = ManualBlock
    writes_at_once: ClassVar[bool] = False

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._own = database
        self._around = find_block(database)
        self._before = database.membership.get()
        self._between = BetweenTransactions(database, None, transaction=True)
        self._between.opened_by = self
        self._between.become(UNBEGUN)

    @property
    def database(self) -> Database:
        """The database that these are transactions on."""
        return self._own

    def begin(self) -> None:
        """Leave autocommit mode in the caller's context: open the first transaction.

        Where that fails, as with a server that is away, autocommit mode is as it was.
        """
        try:
            self._open()
        except BaseException:
            self._own.membership.set(self._before)
            raise

    def go_on(self, *, undo: bool) -> None:
        """Commit, or roll back, and open the next transaction."""
        try:
            self._close(undo=undo)
        finally:
            self._open()

    def end(self, *, undo: bool) -> None:
        """Commit, or roll back, and be in autocommit mode again."""
        try:
            self._close(undo=undo)
        finally:
            membership = self._own.membership.get()
            if membership is not None and membership[0] is self._between:
                self._own.membership.set(self._before)

    @property
    def is_callers(self) -> bool:
        """Whether the caller's own thread or task has left autocommit mode."""
        return self._between.opener == whoami()

    def _open(self) -> None:
        self._own.membership.set((self._between, whoami()))  # until it is open, and again where it ends by itself
        try:
            self.__enter__()
        except BaseException as error:
            self._between.reason = error
            raise
        self._between.reason = None
        block = self._block
        assert isinstance(block, ManualBlock), "it has just been entered"
        block.opened_by = self

    def _close(self, *, undo: bool) -> None:
        if self.is_open:
            self.__exit__(_Undone if undo else None, _Undone() if undo else None, None)

    def _block_around(self, database: AwaitableDatabase) -> Block | None:
        return None if self._around is None or self._around.closed else self._around


class _Undone(Exception):
    """What a transaction is left by to be rolled back."""


def atomic_block(alias: str | None) -> Block | None:
    """Return the caller's innermost open ``atomic`` block, or None; a manual transaction is none."""
    block = _current_block(alias)
    return None if block is None or not block.transaction or isinstance(block, ManualBlock) else block


def manual_transaction(alias: str | None) -> ManualTransaction | None:
    """Return what ends the caller's transactions where its context has left autocommit mode, or None."""
    block = _current_block(alias)
    while block is not None:
        if isinstance(block, ManualBlock):
            return block.opened_by
        block = block.parent
    return None


def _current_block(alias: str | None) -> Block | None:
    """Return the block the caller is in, be it open or between two transactions."""
    database = databases.named(alias)
    membership = database.membership.get()
    if membership is not None and membership[0].state is UNBEGUN and type(membership[1]) is not Beside:
        return membership[0]
    return find_block(database)
