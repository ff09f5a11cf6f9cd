"""A pool has a home, where its connections belong: it ends with its event loop, and other threads have it ended there.

What this module refuses: waiting for a loop without end. A loop that does not answer is left as it is.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from orm.bridge.guard import running_loop
from orm.bridge.portal import note_thread
from orm.bridge.stopped_generators import follow_generators

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable

    from orm.db.pooling.pool import Pool
else:
    from orm.late import asyncio

FINISH_SECONDS = 0.25
"""How long the end of a loop waits for those who hold connections still."""
SOON = 0.002
"""Seconds between two looks whether that has come which is waited for."""


async def keep(pool: Pool, forget: Callable[[Pool], None]) -> None:
    """Tie a pool to the running loop: it is closed when the loop ends, and ``forget`` is called.

    A suspended asynchronous generator is closed by the loop's ``shutdown_asyncgens``, which ``asyncio.run`` and others
    call last; the ``finally`` of ours closes the pool.
    """
    loop = asyncio.get_running_loop()
    note_thread(loop)
    follow_generators(loop)
    keeper = _until_the_loop_ends(pool, forget)
    pool.keeper = keeper
    await anext(keeper)


async def _until_the_loop_ends(pool: Pool, forget: Callable[[Pool], None]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        if running_loop() is pool.home:
            await _let_others_finish(pool)
            forget(pool)
            await pool.aclose()
        else:  # by the collector: the loop, as some replace it, ended without closing its generators
            forget(pool)
            pool.terminate()


async def _let_others_finish(pool: Pool) -> None:
    """Streams left half way are closed by the loop at the same time: they give their connections back first."""
    await asyncio.sleep(0)
    limit = monotonic() + FINISH_SECONDS
    while pool.busy() and monotonic() < limit:
        await asyncio.sleep(SOON)


def interrupt_busy(pool: Pool) -> None:
    """Have the statements stopped that other threads are in, at the server too: nobody will wait for them.

    On another thread's loop it is the tasks holding connections that are stopped, soon after this call.
    """
    for entry in pool.busy():
        if pool.home is None:
            entry.connection.interrupt()
        elif isinstance(entry.who, asyncio.Task) and not pool.home.is_closed():
            pool.home.call_soon_threadsafe(entry.who.cancel)


def terminate_at_home(pool: Pool, until: float) -> None:
    """End every connection at once and wait for that, on the loop of another thread if they belong to one.

    The loop may end meanwhile, and then has closed them itself. One that is not done ``until`` then (as ``monotonic()``
    tells) is left as it is.
    """
    home = pool.home
    if home is not None and home.is_running() and home is not running_loop():
        ended = threading.Event()

        def terminate() -> None:
            pool.terminate()
            home.call_soon(ended.set)  # a transport closes its socket in the loop's next round

        with suppress(RuntimeError):  # it has been closed in between
            home.call_soon_threadsafe(terminate)
            while monotonic() < until and not home.is_closed() and not ended.wait(SOON):
                pass
    pool.terminate()
