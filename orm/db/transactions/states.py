"""What a block and its connection can be, and what they can become: the one table of each one's transitions.

What this module refuses: any step that is not in a table (``AssertionError``: a fault of the library's own).
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """A state is only ever itself, and found by that: ``Enum`` would hash its name, in Python, at each step."""

    __hash__ = object.__hash__


class BlockState(State):
    """How far a block has come."""

    OPENING = "its BEGIN, or its savepoint, is under way"
    OPEN = "statements may run"
    OWING = "a block inside it was abandoned, and its savepoint is to be rolled back before anything else runs"
    DOOMED = "it can only be rolled back"
    ENDING = "it is being left, and no statement begins"
    COMMITTED = "it is committed; of a nested block, what it did is the block's around it"
    UNDONE = "it was rolled back, or never began"
    ABANDONED = "nobody can leave it any more, so it was given up"
    INHERITED = "it belongs to the process this one was forked from"
    UNBEGUN = "it stands where a transaction is wanted and none could be begun, and lets no statement through"


OPENING = BlockState.OPENING
OPEN = BlockState.OPEN
OWING = BlockState.OWING
DOOMED = BlockState.DOOMED
ENDING = BlockState.ENDING
COMMITTED = BlockState.COMMITTED
UNDONE = BlockState.UNDONE
ABANDONED = BlockState.ABANDONED
INHERITED = BlockState.INHERITED
UNBEGUN = BlockState.UNBEGUN

LIVE = frozenset({OPENING, OPEN, OWING, DOOMED})
"""Blocks that somebody is in."""

GONE = frozenset({ABANDONED, INHERITED})
"""Blocks that nobody is in, without anybody having left them: whoever finds itself in one is outside of it."""

ENDED = frozenset({COMMITTED, UNDONE, ABANDONED, INHERITED})

TRANSITIONS: dict[BlockState, frozenset[BlockState]] = {
    OPENING: frozenset({OPEN, UNDONE, ABANDONED, INHERITED, UNBEGUN}),
    UNBEGUN: frozenset({ABANDONED, INHERITED}),
    OPEN: frozenset({OWING, DOOMED, ENDING, ABANDONED, INHERITED}),
    OWING: frozenset({OPEN, DOOMED, ENDING, ABANDONED, INHERITED}),
    DOOMED: frozenset({OPEN, ENDING, ABANDONED, INHERITED}),  # OPEN again by set_rollback(False)
    ENDING: frozenset({COMMITTED, UNDONE, ABANDONED, INHERITED}),
    COMMITTED: frozenset(),
    UNDONE: frozenset(),
    ABANDONED: frozenset(),
    INHERITED: frozenset(),
}


def checked_step(now: BlockState, then: BlockState) -> BlockState:
    """Return the state that follows, if it may."""
    assert then in TRANSITIONS[now], f"a block can't become {then.name} when it is {now.name}"
    return then


class LeaseState(State):
    """What is known of a connection that belongs to a block."""

    SOUND = "as far as is known"
    SUSPECT = "a statement has failed, so the database is asked before COMMIT whether the transaction still stands"
    STOPPING = "what runs on it for others is being stopped"
    RETURNED = "it is the pool's again"
    INHERITED = "it is the session of the process this one was forked from"


LEASE_TRANSITIONS: dict[LeaseState, frozenset[LeaseState]] = {
    LeaseState.SOUND: frozenset({LeaseState.SUSPECT, LeaseState.STOPPING, LeaseState.RETURNED, LeaseState.INHERITED}),
    LeaseState.SUSPECT: frozenset({LeaseState.SOUND, LeaseState.STOPPING, LeaseState.RETURNED, LeaseState.INHERITED}),
    LeaseState.STOPPING: frozenset({LeaseState.SUSPECT, LeaseState.RETURNED, LeaseState.INHERITED}),
    LeaseState.RETURNED: frozenset({LeaseState.INHERITED}),
    LeaseState.INHERITED: frozenset(),
}


def checked_lease_step(now: LeaseState, then: LeaseState) -> LeaseState:
    """Return the state that follows, if it may; a state follows itself."""
    assert now is then or then in LEASE_TRANSITIONS[now], f"a lease can't become {then.name} when it is {now.name}"
    return then


SOUND = LeaseState.SOUND
SUSPECT = LeaseState.SUSPECT
STOPPING = LeaseState.STOPPING
RETURNED = LeaseState.RETURNED
