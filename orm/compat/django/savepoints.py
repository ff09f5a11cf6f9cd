"""Savepoints set by hand, in the caller's innermost transaction."""

from __future__ import annotations

from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from orm.bridge import run
from orm.db.transactions import public
from orm.db.transactions.public import transaction_block
from orm.db.transactions.savepoints import release_savepoint, roll_back_to_savepoint, set_savepoint
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from orm.db.transactions.block import Block

_numbers = count(1)
_marks: WeakKeyDictionary[Block, dict[str, int]] = WeakKeyDictionary()
"""Of each block its savepoints set by hand, and how many ``on_commit`` functions it had then."""


def savepoint(using: str | None = None) -> str | None:
    """Set a savepoint in the current block, and return its name: for ``savepoint_commit`` or ``savepoint_rollback``.

    Does nothing outside of ``atomic``, and on a database without savepoints, as Django's.
    """
    block = transaction_block(using)
    if block is None or not block.database.dialect.capabilities.savepoints:
        return None
    name = f"s{get_ident()}_x{next(_numbers)}"
    run(set_savepoint(block, name, block.limit))
    _marks.setdefault(block, {})[name] = len(block.hooks)
    return name


def savepoint_commit(sid: str | None, using: str | None = None) -> None:
    """Keep what was done since a savepoint."""
    block = transaction_block(using)
    if block is not None and sid is not None:
        owner = _owner(block, sid)
        _forget_after(owner, sid)
        del _marks[owner][sid]
        run(release_savepoint(block, sid))


def savepoint_rollback(sid: str | None, using: str | None = None) -> None:
    """Undo what was done since a savepoint, and forget the ``on_commit`` functions given since.

    The savepoint stays: it can be rolled back to again. A block that an error since then has doomed goes on, since what
    failed is undone.
    """
    block = transaction_block(using)
    if block is not None and sid is not None:
        owner = _owner(block, sid)
        run(roll_back_to_savepoint(block, sid, keep=True))
        _forget_after(owner, sid)
        del owner.hooks[_marks[owner][sid] :]
        inner: Block | None = block
        while inner is not None and inner is not owner:
            _marks.pop(inner, None)
            inner.hooks.clear()
            inner = inner.parent
        public.set_rollback(False, using)


def _owner(block: Block, sid: str) -> Block:
    """Return the block in which a savepoint was set: this one, or one around it that no savepoint lies between.

    Raises ``TransactionManagementError`` where there is none.
    """
    around: Block | None = block
    while around is not None:
        if sid in _marks.get(around, {}):
            return around
        around = around.parent if around.savepoint is None else None
    raise TransactionManagementError(
        f"There is no savepoint {sid!r} in this block: it was released, or undone with one set before it, or it "
        "belongs to another block."
    )


def _forget_after(owner: Block, sid: str) -> None:
    """Forget the savepoints set after one: they end with what was done since."""
    marks = _marks[owner]
    later = list(marks)[list(marks).index(sid) + 1 :]
    for name in later:
        del marks[name]
