"""A limit of time for a statement: after it the statement is stopped at the server, and ``QueryTimeout`` raised.

On an event loop the statement is cancelled, in blocking code an alarm in another thread interrupts it; the connection
is clean afterwards in both, or given up. ``Patience`` is for what is sent to a connection that may be dead without
anybody having noticed: it is given up at once when there is no answer in time. What this module refuses: a limit that
is not a number of seconds above 0.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, TypeVar

from orm.bridge.clock import Alarm, clock
from orm.bridge.guard import running_loop
from orm.bridge.overrides import END, next_or_end
from orm.errors import DatabaseError, InterfaceError, QueryTimeout

if TYPE_CHECKING:
    import asyncio

    from orm.db.contract import Connection, Row
else:
    from orm.late import asyncio

T = TypeVar("T")


def seconds_above_zero(name: str, value: float | None) -> float | None:
    """Return a limit as a float; raise ``TypeError`` or ``ValueError`` when it can't be one."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number of seconds, not {value!r}.")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is a number of seconds above 0, not {value!r}.")
    return float(value)


async def within(seconds: float, connection: Connection, coroutine: Coroutine[object, None, T]) -> T:
    """Run a coroutine of a connection, where the connection lives, for at most so long.

    Raises ``QueryTimeout`` after that; the statement has ended at the server by then, or its session has.
    """
    if running_loop() is not None:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await coroutine
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise too_long(seconds) from error
    alarm = Limit(seconds, connection, coroutine).alarm
    try:
        clock.set(alarm)
        return await coroutine
    except (DatabaseError, InterfaceError) as error:
        if alarm.cancel():
            raise too_long(seconds) from error
        raise
    finally:
        alarm.cancel()


def within_limit(
    limit: float | None, connection: Connection, coroutine: Coroutine[object, None, T]
) -> Coroutine[object, None, T]:
    """Return a coroutine of a connection, for at most so many seconds if there is a limit."""
    return coroutine if limit is None else within(limit, connection, coroutine)


class Limit:
    """Interrupts work of a connection that takes too long, unless it has ended.

    A signal's exception may keep its alarm from being cancelled; the connection is somebody else's then.
    """

    __slots__ = ("_connection", "_work", "alarm")

    def __init__(self, seconds: float, connection: Connection, work: Coroutine[object, None, object]) -> None:
        self._connection = connection
        self._work = weakref.ref(work)
        self.alarm = Alarm(seconds, self._ring)

    def _ring(self) -> None:
        work = self._work()
        if work is not None and getattr(work, "cr_frame", work) is not None:
            self.over(self._connection)

    def over(self, connection: Connection) -> None:
        """Do what is done when it has taken too long."""
        connection.interrupt()


class LastLimit(Limit):
    """Ends the session."""

    __slots__ = ()

    def over(self, connection: Connection) -> None:
        connection.terminate()


class Patience:
    """Ends the session of a connection that does not answer in time, so that whoever waits for it gets an error.

    Parameters:
        seconds: how long ``work`` may take from ``begin()`` to ``end()``.
    """

    __slots__ = ("_alarm", "_connection", "_over", "_seconds", "_work")

    def __init__(self, seconds: float, connection: Connection, work: Coroutine[object, None, object]) -> None:
        self._seconds = seconds
        self._connection = connection
        self._work = work
        self._alarm: Alarm | None = None
        self._over = False

    def begin(self) -> None:
        """Start counting; a second time changes nothing, nor does it after the end: others have the connection then."""
        if self._alarm is None and not self._over:
            self._alarm = LastLimit(self._seconds, self._connection, self._work).alarm
            clock.set(self._alarm)

    def end(self) -> bool:
        """Stop counting for good; says whether the session has been ended."""
        self._over = True
        return self._alarm is not None and self._alarm.cancel()


async def patiently(seconds: float, connection: Connection, work: Coroutine[object, None, T]) -> T:
    """Await work of a connection whose session ends when that takes longer than so many seconds.

    Raises what the driver raises for a session that was ended.
    """
    patience = Patience(seconds, connection, work)
    try:
        patience.begin()
        return await work
    finally:
        patience.end()


async def limited_chunks(
    chunks: AsyncGenerator[Sequence[Row], None], connection: Connection, seconds: float
) -> AsyncGenerator[Sequence[Row], None]:
    """Go through a stream each of whose lists may take so long."""
    try:
        while (chunk := await within(seconds, connection, next_or_end(chunks))) is not END:
            yield chunk
    finally:
        await chunks.aclose()


def too_long(seconds: float) -> QueryTimeout:
    """Build the error for a statement that was stopped."""
    return QueryTimeout(f"The statement was stopped after its limit of {seconds:g} s.")
