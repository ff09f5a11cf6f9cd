"""What goes wrong at the server: sessions are ended every second or so, and the server itself twice."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import psycopg

from benchmarks.soak.load import ASYNC, BLOCKING, Load
from tests.servers import PrivateServer

NAME = "soak"
"""``application_name`` of the sessions that may be ended."""
LOOK_EVERY = 0.05
CUT_EVERY = (0.5, 1.5)
CUT_ALL_SHARE = 0.1
DOWN_FOR = (0.2, 1.0)
QUIET_AFTER_RESTART = 3.0
PATIENCE = 20.0
"""How long a short run goes on for its last restart to be overcome."""

SESSIONS = f"FROM pg_stat_activity WHERE application_name = '{NAME}'"
CUT_ONE = f"SELECT pg_terminate_backend(pid) FROM (SELECT pid {SESSIONS} ORDER BY random() LIMIT 1) AS one"
CUT_ALL = f"SELECT pg_terminate_backend(pid) {SESSIONS}"
ANSWER_LONE_COMMITS = f"""SELECT CASE WHEN random() < 0.5 THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END
    {SESSIONS} AND wait_event = 'SyncRep'"""


@dataclass
class Restart:
    """One end and beginning of the server; seconds."""

    how: str
    down: float
    recovered: dict[str, tuple[float, float]]
    """By colour: when the first and the last of its workers had succeeded again, after the server was up."""


class Chaos(threading.Thread):
    """The thread that ends sessions and restarts the server, until it is stopped."""

    def __init__(self, server: PrivateServer, load: Load, seconds: float) -> None:
        super().__init__(name="soak chaos")
        self.server = server
        self.load = load
        self.cuts = 0
        self.answered = 0
        self.restarts: list[Restart] = []
        self.failure: BaseException | None = None
        self.stop = threading.Event()
        self._admin: psycopg.Connection | None = None
        began = time.monotonic()
        self._plan = [
            (began + seconds / 3, load.random.choice(("fast", "immediate"))),
            (began + seconds * 2 / 3, "kill -9"),
        ]
        self._quiet_until = began
        self._end = began + seconds

    def run(self) -> None:
        """Do it, and stop the load when its time is over; an error of the server's programs ends the run."""
        try:
            while not self.stop.wait(LOOK_EVERY):
                self._look()
                if self._is_over(time.monotonic()):
                    self.load.stop.set()
        except BaseException as error:
            self.failure = error
            self.load.stop.set()
        finally:
            self.note_recovery()
            if self._admin is not None:
                self._admin.close()

    def _is_over(self, now: float) -> bool:
        if now < self._end or self._plan:
            return False
        back = all(self.load.tally.recoveries(colour) for colour in (ASYNC, BLOCKING))
        return back or now > self._end + PATIENCE

    def _look(self) -> None:
        now, random = time.monotonic(), self.load.random
        if self._plan and now > self._plan[0][0] and not self.load.stop.is_set():
            self._restart(self._plan.pop(0)[1])
            return
        self.answered += self._ask(ANSWER_LONE_COMMITS)
        if now > self._quiet_until:
            self.cuts += self._ask(CUT_ALL if random.random() < CUT_ALL_SHARE else CUT_ONE)
            self._quiet_until = now + random.uniform(*CUT_EVERY)

    def _ask(self, sql: str) -> int:
        if self._admin is None:
            self._admin = psycopg.connect(self.server.url, autocommit=True)
        return len(self._admin.execute(sql).fetchall())  # type: ignore[call-overload]

    def _restart(self, how: str) -> None:
        self.note_recovery()
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        began = time.monotonic()
        if how == "kill -9":
            self.server.kill9()
        else:
            self.server.stop(how)
        time.sleep(self.load.random.uniform(*DOWN_FOR))
        self.server.start()
        self.load.tally.server_is_up()
        now = time.monotonic()
        self.restarts.append(Restart(how, now - began, {}))
        self._quiet_until = now + QUIET_AFTER_RESTART

    def note_recovery(self) -> None:
        """Keep what was measured since the last restart."""
        if self.restarts and not self.restarts[-1].recovered:
            for colour in (ASYNC, BLOCKING):
                seconds = self.load.tally.recoveries(colour)
                if seconds:
                    self.restarts[-1].recovered[colour] = min(seconds), max(seconds)
