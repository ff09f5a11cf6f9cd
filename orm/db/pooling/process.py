"""Whether this process is ending: statements are stopped then, and the threads that wait for them go with it."""

from __future__ import annotations

import threading


class Process:
    """Whether this process is ending, so that statements are stopped and threads die with it."""

    def __init__(self) -> None:
        self.ending = False

    def end_thread(self) -> None:
        """Let a thread whose statement was stopped by the end of the process go with it, and not complain on stderr.

        Raises ``SystemExit``, of which the interpreter says nothing in a thread.
        """
        if self.ending and threading.current_thread() is not threading.main_thread():
            raise SystemExit


process = Process()
