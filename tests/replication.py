"""A real primary with a streaming replica, made from local binaries in a temporary folder; gone at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests import servers

OPTIONS = "-c fsync=off -c full_page_writes=off -c wal_receiver_timeout=2s -c wal_retrieve_retry_interval=200ms"
PATIENCE = 20.0


def pause(seconds: float) -> None:
    """Let the servers' time pass; nothing else runs in these tests."""
    time.sleep(seconds)


class Server:
    """One server of the pair."""

    def __init__(self, pair: Pair, name: str) -> None:
        self.pair = pair
        self.data = pair.folder / name
        self.log = pair.folder / f"{name}.log"
        self.port = servers.free_port()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{servers.LOCALHOST}:{self.port}/postgres"

    def start(self) -> None:
        options = f"-k {self.pair.folder} -p {self.port} -c listen_addresses={servers.LOCALHOST} {OPTIONS}"
        self.pair.run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.log), "-o", options, "start")

    def kill(self) -> None:
        """End the server as a crash does."""
        self.pair.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def promote(self) -> None:
        self.pair.run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def ask(self, sql: str) -> Any:
        """Run one statement, past the library, and return the first value."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]


class Pair:
    """A primary, and a replica that follows it. Raises ``servers.NoServer`` where there are no binaries."""

    def __init__(self) -> None:
        folder = servers.binaries()
        self.programs: dict[str, str] = {}
        for program in ("initdb", "pg_ctl", "pg_basebackup"):
            found = folder / program if (folder / program).exists() else shutil.which(program)
            if found is None:
                raise servers.NoServer(f"there is no {program} in {folder}, nor on PATH")
            self.programs[program] = str(found)
        self.prefix, user = servers.as_ordinary_user()
        self.folder = Path(tempfile.mkdtemp(prefix="duotone-pair-"))
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.primary, self.replica = Server(self, "primary"), Server(self, "replica")

    def run(self, program: str, *arguments: str) -> None:
        log = self.folder / f"{program}.out"
        with log.open("w") as output:
            done = subprocess.run(
                [*self.prefix, self.programs[program], *arguments],
                stdout=output, stderr=output, cwd=self.folder, timeout=60, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise servers.NoServer(f"{program} failed: {' '.join(log.read_text().split())[-300:]}")

    def start(self) -> None:
        data = str(self.primary.data)
        self.run("initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "-N")
        self.primary.start()
        self.follow()

    def follow(self) -> None:
        """Make the replica anew from the primary."""
        if self.replica.data.exists():
            with contextlib.suppress(servers.NoServer):  # it may be dead already
                self.replica.kill()
            shutil.rmtree(self.replica.data)
        self.run(
            "pg_basebackup", "-h", servers.LOCALHOST, "-p", str(self.primary.port), "-U", "postgres",
            "-D", str(self.replica.data), "-R", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self.replica.start()
        self.wait_until(lambda: self.replica.ask("SELECT count(*) FROM pg_stat_wal_receiver"), "the replica streams")

    def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for something that comes soon."""
        end = time.monotonic() + PATIENCE
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
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
