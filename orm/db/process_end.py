"""When the process ends or forks: every database's connections are ended, or left to the parent."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from time import monotonic, sleep
from typing import TYPE_CHECKING

from orm.bridge.clock import clock
from orm.bridge.interpreter import is_subinterpreter, living
from orm.db.pooling.home import SOON
from orm.db.pooling.pool import Pool
from orm.db.pooling.process import process
from orm.db.transactions.block import live_blocks
from orm.late import LateLogger

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase

logger = LateLogger("orm.database")

EXIT_SECONDS = 0.5
"""How long the end of the process waits for statements of other threads to be stopped."""

live_databases: weakref.WeakSet[AwaitableDatabase] = weakref.WeakSet()
"""Each enters itself when it is made."""


def end_all_at_exit() -> None:
    """End the connections of every database; an error in one must not keep the others.

    First the statements of threads that die with the process are stopped, or the servers would go on with them. That
    is done by the clock's thread, since a server that does not answer must not hold the process up; it is there as
    long as there are connections. (From Python 3.12 on no thread can be started here.)
    """
    process.ending = True
    held: list[Pool] = []
    told = threading.Event()

    def tell() -> None:
        try:
            for database in living(live_databases):
                held.extend(database.stop_statements())
        finally:
            told.set()

    until = monotonic() + EXIT_SECONDS
    if any(pool.busy() for database in living(live_databases) for pool in list(database._pools.values())):
        try:
            if is_subinterpreter():
                tell()
            else:
                clock.call_later(0, tell, brief=True)
        except RuntimeError:
            tell()
        told.wait(EXIT_SECONDS)
    while monotonic() < until and any(pool.home is not None and pool.is_unfinished() for pool in held):
        sleep(SOON)
    for database in living(live_databases):
        try:
            database.end_at_exit(until)
        except Exception as error:
            logger.debug("ending the connections of %r at exit: %s", database.alias, error)


def start_all_over_in_child() -> None:
    """A forked child opens connections of its own, and is outside of every block of its parent."""
    for database in living(live_databases):
        database.start_over_in_child()
    for block in living(live_blocks):
        block.inherit()


atexit.register(end_all_at_exit)


os.register_at_fork(after_in_child=start_all_over_in_child)
