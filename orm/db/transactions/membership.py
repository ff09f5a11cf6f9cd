"""Which block the caller is in: what a database's context variable holds, and the ways in and out.

What this module refuses: a block that has ended, to whoever used it, and writing beside a write transaction (inside
``independent()``) where the database has room for one writer only.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextvars import Context
from sys import exception, modules
from threading import get_ident
from types import CodeType
from typing import TYPE_CHECKING, Any

from orm.bridge.guard import running_loop
from orm.bridge.thread_context import INHERITED, is_threads_own
from orm.bridge.waiting import name_of, whoami
from orm.db.transactions.states import GONE, LIVE, OPEN, UNBEGUN
from orm.errors import TransactionManagementError, advised
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.db.transactions.block import Block, Scope

    Membership = tuple[Block, Any]
    """What the context variable of a database holds: the innermost block, and who looked it up there (a task or a
    thread), or a ``Beside`` where ``independent()`` has led out of that block.

    A child that inherits its parent's context finds the parent there, and joins by writing itself. So after the end of
    the block it is known whether this very task had used it (an error) or never did (it is simply outside).
    """


class Beside:
    """In place of who looked a block up: what runs is beside that block.

    ``previous`` is what was there before, ``holder`` what will lead back, as ``independent()`` makes it.
    """

    __slots__ = ("holder", "opener", "over", "previous")

    def __init__(self, previous: Membership, holder: object) -> None:
        self.previous = previous
        self.holder = weakref.ref(holder)
        self.opener = whoami()
        self.over = False

    def is_broken_off(self) -> bool:
        """Whether nobody will lead back any more, since a signal's exception came at the very entry of doing so."""
        holder = self.holder()
        return not self.over and (holder is None or any(one is holder for one in leavers_broken_off()))


# -- in ----------------------------------------------------------------------------------------------------------------


def find_block(database: Scope) -> Block | None:
    """Return the open block the caller is in, or None; joins on first use.

    Raises ``TransactionManagementError`` for a task or thread that used a block which has ended, and where a
    transaction is wanted that could not be begun.
    """
    membership = database.membership.get()
    if INHERITED:
        membership = not_inherited(database, membership)
    if membership is None:
        return None
    block, user = membership
    me = whoami()
    if type(user) is Beside:
        if user.opener != me or not user.is_broken_off():
            return None
        user.over = True
        database.membership.set(still_there(membership))
        return find_block(database)
    if exception() is not None:
        give_up_broken_off(block)
    if block.state is OPEN or block.state in LIVE:
        if me != user:
            database.membership.set((block, me))
        return block
    if block.state is UNBEGUN or (me == user and block.state not in GONE):
        raise block.refusal()
    outer = block.parent
    while outer is not None and outer.closed:
        outer = outer.parent
    database.membership.set(None if outer is None else (outer, me))
    return outer


def not_inherited(database: Scope, membership: Membership | None) -> Membership | None:
    """Return what the context variable holds; in a thread's own context only what did not come from its starter."""
    if membership is None:
        return None
    user = membership[1]
    if user is None or whoami() == (user.opener if type(user) is Beside else user) or not is_threads_own():
        return membership
    membership = Context().run(database.membership.get)  # what threads begin with where they inherit nothing
    database.membership.set(membership)
    return membership


leaving: set[CodeType] = set()
"""The code that leaves a block, as the interpreter calls it."""


def give_up_broken_off(block: Block) -> None:
    """Give a block up when the exception that is being handled came out of leaving it, before a line of that had run.

    A signal's exception may come at the very entry of ``__exit__``. The block would be given up when the exception is
    let go of; but what runs in ``except`` and ``finally`` must not be done inside it, and be lost with it.
    """
    for leaver in leavers_broken_off(block.opened_while):
        if getattr(leaver, "_block", None) is block:
            block.abandon()


def leavers_broken_off(before: int | None = None) -> Iterator[object]:
    """Yield the objects that were being left when the exception came that is being handled, or one that it came after.

    ``before`` identifies the exception at which the search ends.
    """
    error = exception()
    while error is not None and id(error) != before:
        step = error.__traceback__
        while step is not None:
            if step.tb_frame.f_code in leaving:
                yield step.tb_frame.f_locals.get("self")
            step = step.tb_next
        error = error.__context__


def block_to_carry(database: Scope) -> Block | None:
    """Return the open block the caller is in, for ``carried_into``; unlike ``find_block`` it refuses nothing."""
    membership = database.membership.get()
    if INHERITED:
        membership = not_inherited(database, membership)
    if membership is None or type(membership[1]) is Beside:
        return None
    return _still_open(membership[0])


def carried_into(database: Scope, block: Block) -> None:
    """Put a call that was carried along into its block, as one that has used it and is no stranger after its end.

    Raises ``TransactionManagementError`` when that has come already.
    """
    inside = _still_open(block)
    if inside is None:
        raise TransactionManagementError(
            f"The transaction on database {database.alias!r} that this function was carried from, by orm.carry(), has "
            "ended: wait for the call inside the transaction, or give it the function itself."
        )
    database.membership.set((inside, whoami()))


def _still_open(block: Block | None) -> Block | None:
    """Return the block, or the innermost one around it that is open."""
    while block is not None and block.state not in LIVE:
        block = block.parent
    return block


def join_block(database: Scope, sql: str, membership: Membership | None = None) -> Membership | None:
    """Return the block that a statement belongs to, and who the caller is in it; None outside of blocks.

    ``membership`` is what the context variable holds, for callers who have looked.

    Raises ``TransactionManagementError`` as ``find_block``, and for a write beside a write transaction, see
    ``refuse_write_beside``.
    """
    if membership is None:
        membership = database.membership.get()
    if membership is not None:
        # What find_block() says of a block that is open and used by us, and no exception is on its way: nearly every
        # statement in a block passes here.
        inner, user = membership
        if (
            inner.state is OPEN
            and inner.beside is None
            and (user == get_ident() if "asyncio" not in modules or running_loop() is None else user == whoami())
            and exception() is None
        ):
            return membership
    block = find_block(database)
    if block is None:
        refuse_write_beside(left_writer(database), sql)
        return None
    if block.beside is not None:
        refuse_write_beside(block.beside, sql)
    return block, whoami()


def refuse_lock_outside(database: Scope) -> None:
    """Refuse to lock rows where the lock would be gone before anyone could use it."""
    block = find_block(database)
    if database.dialect.capabilities.select_for_update and (block is None or not block.transaction):
        raise advised(
            TransactionManagementError,
            "select_for_update cannot be used outside of a transaction.",
            " It locks rows until that ends: use it inside atomic()",
        )


# -- beside ------------------------------------------------------------------------------------------------------------


def place_beside(database: Scope, holder: object) -> Membership | None:
    """Return where the caller is led, out of the block it is in: what ``come_back`` needs. None outside of blocks.

    ``holder`` is what will lead back.
    """
    membership = database.membership.get()
    return None if membership is None else (membership[0], Beside(membership, holder))


def come_back(database: Scope, aside: Membership) -> None:
    """Lead the caller back, unless it is inside another block by now, which then does so when it is left.

    Harmless for one who never went there, or who is back.
    """
    aside[1].over = True
    if database.membership.get() is aside:
        database.membership.set(still_there(aside))


def left_writer(database: Scope) -> Block | None:
    """Return the write transaction that ``independent()`` has led out of, where the database bears no other writer.

    It may have ended meanwhile.
    """
    membership = database.membership.get()
    if membership is None or type(membership[1]) is not Beside or not database.dialect.capabilities.one_writer:
        return None
    block = membership[0].outermost
    return block if block.transaction and not block.read_only else block.beside


def refuse_write_beside(writer: Block | None, sql: str | None = None) -> None:
    """Raise ``TransactionManagementError`` for what would wait for a transaction that waits for it.

    Parameters:
        writer: the transaction left with ``independent()``, if there is one.
        sql: the statement; None means a transaction that will write.
    """
    if writer is None or writer.closed or (sql is not None and not writer.database.dialect.writes(sql)):
        return
    raise TransactionManagementError(
        f"A write inside independent() would wait for the transaction that {name_of(writer.opener)} has open around it "
        f"on {writer.database.alias!r}, and so for itself: this database has one writer at a time. Write in that "
        "transaction, outside of independent(), or after it: orm.on_commit(function). Reading beside it works, also in "
        "atomic(read_only=True)."
    )


# -- out ---------------------------------------------------------------------------------------------------------------


class Way(NamedTuple):
    """How a block is left: by ``who``, with ``inner``, an open block inside it that should have been left first (or
    None); ``foreign`` says that the context is one that was never in the block."""

    who: Any
    inner: Block | None
    foreign: bool


def step_out(block: Block, previous: Membership | None) -> Way:
    """Take the caller out of a block it leaves, back to where it was before."""
    variable = block.database.membership
    membership = not_inherited(block.database, variable.get()) if INHERITED else variable.get()
    me = whoami()
    # A task keeps its context for life, whatever somebody has set there; a thread of a pool serves many.
    stranger = isinstance(me, int) or me != block.opener
    if membership is None:
        return Way(me, None, foreign=stranger)
    inner, user = membership
    around: Block | None = inner
    while around is not None and around is not block:
        around = around.parent
    if around is None:
        return Way(me, None, foreign=stranger and not block.closed)
    if inner is not block and (inner.closed or user != me):
        return Way(me, None, foreign=False)
    variable.set(still_there(previous))
    return Way(me, None if inner is block else inner, foreign=False)


def still_there(membership: Membership | None) -> Membership | None:
    """Return where the caller is back, leaving out the blocks it has itself left meanwhile, in whatever order."""
    me = whoami()
    while membership is not None:
        block, user = membership
        if type(user) is Beside:
            if not (user.over and user.opener == me):
                break
            membership = user.previous
        elif block.closed and block.opener == me and block.state is not UNBEGUN:
            membership = None if block.parent is None else (block.parent, me)
        else:
            break
    return membership
