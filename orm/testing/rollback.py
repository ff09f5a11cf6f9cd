"""Tests that leave nothing behind: one transaction for all a test does, in every colour, task, thread and loop.

The transaction is on a blocking connection, which code of both colours can join, and it is where every context finds
itself that has not opened a transaction of its own: a fixture, the test on whatever loop, threads it starts. Blocks of
``atomic`` inside it are savepoints. What this module can't do: show a test what only a COMMIT does (deferred
constraints, other sessions' view); ``orm.independent()`` leads out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from orm.bridge.crossing import call
from orm.bridge.drive import drive
from orm.bridge.guard import running_loop
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.transactions.atomic_blocking import Atomic
from orm.db.transactions.block import Block
from orm.db.transactions.ending import leave
from orm.db.transactions.states import OPEN
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from orm.db.transactions.membership import Membership


class RollbackBlock(Block):
    """The transaction around a test. ``durable``, ``isolation`` and ``read_only`` blocks may be opened inside it."""

    __slots__ = ()

    lenient: ClassVar[bool] = True


@contextmanager
def rolled_back(*aliases: str) -> Iterator[tuple[RollbackBlock, ...]]:
    """Undo everything that is done to these databases inside, whoever does it.

    Parameters:
        aliases: of the databases; none means "default".

    Raises ``TransactionManagementError`` on a thread whose event loop is running, or when one is open already.
    """
    if running_loop() is not None:
        raise TransactionManagementError(
            "rolled_back() opens a transaction that blocking and async code share, so it must be entered where no "
            "event loop runs: in a blocking fixture, not in an async one."
        )
    with ExitStack() as stack:
        yield tuple(stack.enter_context(_rolled_back(alias)) for alias in aliases or (DEFAULT_DB_ALIAS,))


@contextmanager
def _rolled_back(alias: str) -> Iterator[RollbackBlock]:
    database = databases[alias]
    if database.membership.get() is not None:
        raise TransactionManagementError(f"A transaction on {alias!r} is open here already.")
    block = RollbackBlock(database, None, transaction=True)
    lease = block.lease = drive(database.lease("the transaction of a test"))
    try:
        drive(lease.connection.begin())
    except BaseException:
        block.abandon()
        raise
    block.become(OPEN)
    try:
        with _found_everywhere(block):
            yield block
    finally:
        drive(leave(block, failed=True))


@contextmanager
def _found_everywhere(block: Block) -> Iterator[None]:
    """Have every context find itself in a block: a variable's default holds on any loop and thread, new or old."""
    database: Any = block.database
    outside = database.membership
    inside: ContextVar[Membership | None] = ContextVar(f"orm.{database.alias}.test", default=(block, None))
    database.membership = inside
    try:
        yield
    finally:
        database.membership = outside


class _Part(Atomic):
    """A savepoint that is to the code inside it what the transaction of a test is."""

    kind = RollbackBlock

    @property
    def block(self) -> RollbackBlock:
        """What was opened."""
        assert isinstance(self._block, RollbackBlock)
        return self._block


@contextmanager
def rolled_back_part(alias: str) -> Iterator[RollbackBlock]:
    """Inside ``rolled_back()``: undo what is done to the database in here, and nothing that was done before."""
    part = _Part(alias)
    with part:
        block = part.block
        with _found_everywhere(block):
            yield block
        block.cause = block.unsaved = None  # of what failed in it nobody need be told
        block.doom()


class AwaitableCommitHooks:
    """The ``on_commit`` functions that a test's code has registered and that a commit would call, in order."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    @property
    def callbacks(self) -> list[Callable[[], Any]]:
        """The functions; those of blocks that were rolled back are not among them."""
        return [fn for block in self._blocks for fn, _ in block.hooks]

    def __len__(self) -> int:
        return len(self.callbacks)

    def __iter__(self) -> Iterator[Callable[[], Any]]:
        return iter(self.callbacks)

    def clear(self) -> None:
        """Forget the functions registered so far."""
        for block in self._blocks:
            block.hooks.clear()

    async def arun(self) -> int:
        """Call the functions as a commit would, also those they register in turn; return how many were called.

        An exception is raised, of *robust* ones too, since a test should see it.
        """
        called = 0
        for block in self._blocks:
            while block.hooks:
                fn, _ = block.hooks.pop(0)
                await call(fn)
                called += 1
        return called
