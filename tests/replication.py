"""A real primary with a streaming replica, made from local binaries in a temporary folder; gone at the end."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from typing import Any

from tests import servers

OPTIONS = "-c wal_receiver_timeout=2s -c wal_retrieve_retry_interval=200ms"


def pause(seconds: float) -> None:
    """Let the servers' time pass; nothing else runs in these tests."""
    time.sleep(seconds)


class Pair:
    """A primary, and a replica that follows it. Raises ``servers.NoServer`` where there are no binaries."""

    def __init__(self) -> None:
        self.installation = servers.Installation("initdb", "pg_ctl", "pg_basebackup")
        self.primary = servers.PrivateServer(self.installation, "primary", OPTIONS)
        self.replica = servers.PrivateServer(self.installation, "replica", OPTIONS)

    def start(self) -> None:
        self.primary.initialise()
        self.primary.start()
        self.follow()

    def follow(self) -> None:
        """Make the replica anew from the primary."""
        if self.replica.data.exists():
            with contextlib.suppress(servers.NoServer):  # it may be dead already
                self.replica.stop()
            shutil.rmtree(self.replica.data)
        self.installation.run(
            "pg_basebackup", "-h", servers.LOCALHOST, "-p", str(self.primary.port), "-U", "postgres",
            "-D", str(self.replica.data), "-R", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self.replica.start()
        self.wait_until(lambda: self.replica.ask("SELECT count(*) FROM pg_stat_wal_receiver"), "the replica streams")

    def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for something that comes soon."""
        end = time.monotonic() + servers.PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come about that {what}")
            time.sleep(0.02)

    def wait_for_replay(self) -> None:
        """Wait until the replica has everything the primary has."""
        position = self.primary.ask("SELECT pg_current_wal_insert_lsn()")
        self.wait_until(
            lambda: self.replica.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'"), "the replica caught up"
        )

    def stop(self) -> None:
        for server in (self.replica, self.primary):
            with contextlib.suppress(servers.NoServer):
                server.stop()
        self.installation.remove()
