"""What all operations share: the ledger, the tally, the notes at hand, and the mix of what is done how often."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Coroutine
from functools import partial
from random import Random
from typing import Any, Final

import orm
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.tables import ACCOUNTS, MONEY
from orm.errors import DatabaseError, InterfaceError, OperationalError

ASYNC: Final = "async"
BLOCKING: Final = "blocking"
NOTES_AT_HAND: Final = 400
RECENT: Final = 400
SLOW_CALLBACK_SECONDS: Final = 1.0
"""What asyncio's debug mode is to complain of. Its default of 0.1 is what two busy cores and 16 threads that want the
interpreter come to by themselves; a call that blocks its loop for a connection or a restart takes longer than this."""

MIX: Final = {
    # one row or a few
    "get": 10, "page": 8, "count": 4, "money": 4, "prefetch": 3, "stream": 4, "values": 3, "sql": 3, "nap": 2,
    "snapshot": 3,
    # statements alone
    "create": 6, "save": 4, "bulk_alone": 2, "change_alone": 3, "delete_alone": 2, "get_or_create": 1,
    # transactions
    "transfer": 12, "contended": 3, "batch": 4, "change": 6, "delete": 3, "nested": 5, "family": 3, "crossing": 3,
    "beside": 1, "lone_commit": 0.3,
    # a loop of its own in a blocking thread; async code has the portal for a hook instead
    "other_loop": 1,
}  # fmt: skip
"""Weights of the operations; each is a method of that name in ``Awaited`` and in ``Blocking``."""
WAITS: Final = {
    "count": 2, "prefetch": 2, "values": 2, "save": 2, "get_or_create": 2, "contended": 9, "beside": 2,
    "other_loop": 6,
}  # fmt: skip
"""How often an operation may wait for a connection, where that is more than once."""
KINDS: Final = tuple(MIX)
WEIGHTS: Final = tuple(MIX.values())


class Tally:
    """How the operations ended, how long the longest took, and what was unexpected. Used from all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """By colour, kind, and ``ok`` or the name of the error."""
        self.errors: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self.longest: tuple[float, str, str] = (0.0, "", "")
        """Seconds, for each time that the operation may wait for a connection; colour and kind."""
        self.up_since: float | None = None
        self._recovered: dict[tuple[str, int], float] = {}

    def server_is_up(self) -> None:
        """The server has been started again: measure how long each colour takes to notice."""
        with self._lock:
            self._recovered = {}
            self.up_since = time.monotonic()

    def recoveries(self, colour: str) -> list[float]:
        """How long after the last restart each worker of a colour had its first success."""
        with self._lock:
            return [seconds for (c, _), seconds in self._recovered.items() if c == colour]

    def record(self, colour: str, worker: int, kind: str, error: BaseException | None, began: float) -> None:
        """One operation of a worker has ended."""
        now = time.monotonic()
        name = "ok" if error is None else type(error).__name__
        with self._lock:
            self.counts[colour, kind, name] += 1
            self.longest = max(self.longest, ((now - began) / WAITS.get(kind, 1), colour, kind))
            if error is None:
                if self.up_since is not None:
                    self._recovered.setdefault((colour, worker), now - self.up_since)
            elif not isinstance(error, (asyncio.CancelledError, TimeoutError)):
                self._note(colour, kind, error)

    def _note(self, colour: str, kind: str, error: BaseException) -> None:
        for leaf in leaves(error):
            words = " ".join("#" if any(map(str.isdigit, word)) else word for word in str(leaf).split())
            self.errors[f"{type(leaf).__name__}: {words[:90]}"] += 1
            if not isinstance(leaf, (DatabaseError, InterfaceError, asyncio.CancelledError)):
                self.blame(f"{kind} ({colour}): {leaf!r}")

    def blame(self, what: str) -> None:
        """Note what should not happen at all."""
        self.unexpected.append(what)

    def total(self, colour: str | None = None, name: str | None = None) -> int:
        """How many operations there were of a colour and an ending."""
        with self._lock:
            items = list(self.counts.items())
        return sum(n for (c, _, e), n in items if colour in (None, c) and name in (None, e))


def leaves(error: BaseException) -> list[BaseException]:
    """The errors of a group, or the one."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


class Load:
    """What the operations need beside the database."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.tally = Tally()
        self.random = Random(seed)
        self.notes: deque[int] = deque(maxlen=NOTES_AT_HAND)
        """Notes that are there; whoever takes one has it alone."""
        self.stop = threading.Event()

    def kind(self) -> str:
        """What to do next."""
        return self.random.choices(KINDS, WEIGHTS)[0]

    def account(self) -> int:
        """The key of some account."""
        return self.random.randint(1, ACCOUNTS)

    def two_accounts(self) -> list[int]:
        """The keys of two accounts, in no order."""
        return self.random.sample(range(1, ACCOUNTS + 1), 2)

    def recent(self) -> range:
        """Numbers of a few recent writes."""
        start = max(1, self.ledger.last - self.random.randint(0, RECENT))
        return range(start, start + 30)

    def note(self) -> int | None:
        """Take a note to change or delete, if there is one."""
        try:
            return self.notes.popleft()
        except IndexError:
            return None

    def witness(self, number: int, awaitable: bool) -> None:
        """Have an ``on_commit`` function of a colour note that a write was committed."""
        if awaitable:

            async def hook() -> None:
                self.ledger.witness(number)

            orm.on_commit(hook)
        else:
            orm.on_commit(partial(self.ledger.witness, number))

    def expect_money(self, total: Any) -> None:
        """What the accounts have together, as of any one moment."""
        if total != ACCOUNTS * MONEY:
            self.tally.blame(f"the accounts had {total} together, and not {ACCOUNTS * MONEY}")

    def rest(self, error: BaseException | None) -> float:
        """Seconds to wait before the next operation: none, or as a program does that could not reach its server."""
        return self.random.uniform(0.02, 0.2) if isinstance(error, (OperationalError, InterfaceError)) else 0.0


def run_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a loop of its own, in debug mode as the others."""
    with asyncio.Runner(debug=True) as runner:
        runner.get_loop().slow_callback_duration = SLOW_CALLBACK_SECONDS
        return runner.run(coroutine)
