"""What is known of every write, in a few bytes each, and the comparison with what is in the tables at the end.

Writes in an ``atomic`` block promise something however they end: done, undone, or reported as ambiguous; their witness
is an ``on_commit`` function. A statement alone that is cut off or cancelled promises nothing, as nobody can know what
became of it; these are counted, not judged. The ledger takes its memory at the start, so as not to look like a leak.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

import psycopg

from benchmarks.soak.tables import MONEY, Account, Mark, Note, Transfer, table
from orm.errors import AmbiguousCommit


class Outcome(IntEnum):
    """How a write ended for its caller."""

    OPEN = 0
    ACKNOWLEDGED = 1
    FAILED = 2
    AMBIGUOUS = 3
    CANCELLED = 4


def outcome_of(error: BaseException) -> Outcome:
    """What an error says about the transaction it came out of."""
    if isinstance(error, AmbiguousCommit):
        return Outcome.AMBIGUOUS
    if isinstance(error, asyncio.CancelledError):  # delivered after COMMIT, whose own error is its cause
        return Outcome.AMBIGUOUS if isinstance(error.__cause__, AmbiguousCommit) else Outcome.CANCELLED
    return Outcome.FAILED


class Ledger:
    """Numbers for writes, and how each of them ended.

    Parameters:
        room: how many writes there may be.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self._numbers = count(1)
        self.last = 0
        self._outcomes = bytearray(room)
        self._witnessed = bytearray(room)
        self._alone = bytearray(room)
        self.deleted_alone: array[int] = array("q")
        """Pairs: the number of a deletion that was a statement alone, and that of the note."""

    def _next(self, how_many: int) -> list[int]:
        numbers = [next(self._numbers) for _ in range(how_many)]
        self.last = max(self.last, numbers[-1])
        return numbers

    @contextmanager
    def transaction(self, how_many: int = 1) -> Iterator[list[int]]:
        """Numbers for the writes of one transaction, around its ``atomic`` block: they end alike."""
        numbers = self._next(how_many)
        try:
            yield numbers
        except BaseException as error:
            self._end(numbers, outcome_of(error))
            raise
        self._end(numbers, Outcome.ACKNOWLEDGED)

    @contextmanager
    def alone(self, how_many: int = 1) -> Iterator[list[int]]:
        """Numbers for the rows of one statement outside ``atomic``."""
        numbers = self._next(how_many)
        for number in numbers:
            self._alone[number] = 1
        try:
            yield numbers
        except BaseException as error:
            self._end(numbers, outcome_of(error))
            raise
        self._end(numbers, Outcome.ACKNOWLEDGED)

    def undone(self) -> int:
        """The number of a write whose block will be rolled back, come what may."""
        (number,) = self._next(1)
        self._outcomes[number] = Outcome.FAILED
        return number

    def _end(self, numbers: Sequence[int], outcome: Outcome) -> None:
        for number in numbers:
            self._outcomes[number] = outcome

    def witness(self, number: int) -> None:
        """What ``on_commit`` functions call."""
        self._witnessed[number] += 1

    def compare(self, url: str) -> Comparison:
        """Look at the tables, past the library, and judge every write."""
        with psycopg.connect(url, autocommit=True) as server:
            found = Comparison()
            there = self._there(server, found)
            found.check_sums(server)
        for number in range(1, self.last + 1):
            outcome, is_there = Outcome(self._outcomes[number]), bool(there[number])
            if self._alone[number]:
                found.judge_alone(number, outcome, is_there)
            else:
                found.judge(number, outcome, is_there, self._witnessed[number])
        return found

    def _there(self, server: psycopg.Connection, found: Comparison) -> bytearray:
        """One byte for each number: whether the write it belongs to has been done."""
        there = bytearray(self.last + 1)
        notes = bytearray(self.last + 1)

        def rows(sql: str) -> Iterator[tuple[int, ...]]:
            return iter(server.execute(sql).fetchall())  # type: ignore[call-overload]

        for number, changed_by in rows(f"SELECT id, changed_by FROM {table(Note)}"):
            notes[number] = there[number] = 1
            there[changed_by] = 1
        for (number,) in rows(f"SELECT id FROM {table(Transfer)}"):
            there[number] = 1
        for number, kind, note in rows(f"SELECT id, kind, note FROM {table(Mark)}"):
            there[number] = 1
            if kind == "delete":
                if notes[note]:
                    found.blame("half done", f"deletion {number} is marked, and note {note} is there")
                there[note] = 1  # it was, as long as it was to be
        pairs = iter(self.deleted_alone)
        for number, note in zip(pairs, pairs, strict=True):
            if not notes[note]:
                there[number] = there[note] = 1
        return there


@dataclass
class Comparison:
    """What came out: figures, and what is wrong."""

    acknowledged: int = 0
    undone: int = 0
    ambiguous_there: int = 0
    ambiguous_not_there: int = 0
    cancelled_there: int = 0
    cancelled_not_there: int = 0
    alone_acknowledged: int = 0
    alone_unknown_there: int = 0
    alone_unknown_not_there: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def blame(self, claim: str, what: str) -> None:
        """Note what breaks a claim."""
        self.wrong.setdefault(claim, []).append(what)

    def judge(self, number: int, outcome: Outcome, there: bool, witnessed: int) -> None:
        """Judge a write in a transaction."""
        told = f"write {number} ({outcome.name.lower()}, on_commit ran {witnessed} times)"
        if outcome is Outcome.OPEN:
            self.blame("never ended", told)
        elif outcome is Outcome.ACKNOWLEDGED:
            self.acknowledged += 1
            if not there:
                self.blame("lost", told)
        elif outcome is Outcome.AMBIGUOUS:
            self.ambiguous_there += there
            self.ambiguous_not_there += not there
        elif outcome is Outcome.CANCELLED:
            self.cancelled_there += there
            self.cancelled_not_there += not there
        else:
            self.undone += 1
            if there:
                self.blame("appeared", told)
        if outcome is Outcome.AMBIGUOUS:
            if witnessed:
                self.blame("on_commit", told)
        elif witnessed != there:
            self.blame("on_commit", f"{told} is {'' if there else 'not '}there")

    def judge_alone(self, number: int, outcome: Outcome, there: bool) -> None:
        """Judge a statement alone: only an acknowledgement is a promise."""
        told = f"statement {number} ({outcome.name.lower()})"
        if outcome is Outcome.OPEN:
            self.blame("never ended", told)
        elif outcome is Outcome.ACKNOWLEDGED:
            self.alone_acknowledged += 1
            if not there:
                self.blame("lost", told)
        else:
            self.alone_unknown_there += there
            self.alone_unknown_not_there += not there

    def check_sums(self, server: psycopg.Connection) -> None:
        """What must add up, whichever writes there are."""
        accounts, transfers, notes, marks = (table(model) for model in (Account, Transfer, Note, Mark))
        sums = {
            "account {} does not have what its transfers say": f"""
                SELECT id FROM {accounts} a WHERE balance <> {MONEY}
                    + (SELECT coalesce(sum(amount), 0) FROM {transfers} WHERE target_id = a.id)
                    - (SELECT coalesce(sum(amount), 0) FROM {transfers} WHERE source_id = a.id)""",
            "batch {} is not whole": f"""
                SELECT batch FROM {notes} WHERE batch <> 0 GROUP BY batch HAVING count(*) <> max(size)""",
            "note {} was changed another number of times than is marked": f"""
                SELECT id FROM {notes} n WHERE batch = 0
                    AND changes <> (SELECT count(*) FROM {marks} WHERE note = n.id AND kind = 'change')""",
        }
        server.execute(f"CREATE INDEX ON {marks} (note)")  # type: ignore[arg-type]
        for what, sql in sums.items():
            for (number,) in server.execute(sql).fetchall():  # type: ignore[arg-type]
                self.blame("half done", what.format(number))
