"""Where the tests find a PostgreSQL server, and the scratch database they make in it.

Tried in this order: a URL in the environment, a server on localhost:5432, a container, a private server made from
local binaries. What is found first is used; nothing that was there before is touched, only a database of our own.

Tests that stop or kill their server make a private one, whatever there is besides: ``private_server()``.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

LOCALHOST = "127.0.0.1"
CONNECT_SECONDS = 5
PATIENCE = 120.0
IMAGE = "postgres:17-alpine"
UNPRIVILEGED_USERS = ("postgres", "nobody")


class NoServer(Exception):
    """This way of getting a server does not work here; the message says why."""


@dataclass
class Search:
    """One attempt to find a server: what was tried, and what has to be closed at the end."""

    tried: list[str] = field(default_factory=list)
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def find(self) -> str | None:
        """Return the URL of an administrative connection to the first server found, or None."""
        ways: tuple[tuple[str, Callable[[contextlib.ExitStack], str]], ...] = (
            ("environment", from_environment),
            (f"server on {LOCALHOST}:5432", from_localhost),
            ("container", from_container),
            ("local binaries", from_binaries),
        )
        for name, way in ways:
            try:
                return way(self.closing)
            except NoServer as reason:
                self.tried.append(f"{name}: {reason}")
        return None


def check(url: str) -> str:
    """Return ``url`` when a session can be opened and may create databases there; raise NoServer when not."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True) as connection:
            row = connection.execute(
                "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        lines = str(error).strip().splitlines()
        raise NoServer(lines[-1] if lines else type(error).__name__) from error
    if row is None or not row[0]:
        raise NoServer("the role may not create databases")
    return url


def from_environment(closing: contextlib.ExitStack) -> str:
    """The server that ORM_TEST_POSTGRESQL_URL or DATABASE_URL names."""
    for name in ("ORM_TEST_POSTGRESQL_URL", "DATABASE_URL"):
        url = os.environ.get(name, "")
        if url.startswith(("postgresql://", "postgres://")):
            return check(url)
    raise NoServer("neither ORM_TEST_POSTGRESQL_URL nor DATABASE_URL names a postgresql:// server")


def from_localhost(closing: contextlib.ExitStack) -> str:
    """A server that already listens on this machine and trusts local users."""
    try:
        socket.create_connection((LOCALHOST, 5432), timeout=1).close()
    except OSError as error:
        raise NoServer(str(error)) from error
    reasons = []
    for user in dict.fromkeys((pwd.getpwuid(os.getuid()).pw_name, "postgres")):
        for database in dict.fromkeys((user, "postgres")):
            try:
                return check(f"postgresql://{user}@{LOCALHOST}:5432/{database}")
            except NoServer as reason:
                reasons.append(f"as {user} to {database}: {reason}")
    raise NoServer("; ".join(reasons))


def from_container(closing: contextlib.ExitStack) -> str:
    """A throw-away server in Docker, through testcontainers."""
    if shutil.which("docker") is None:
        raise NoServer("no docker command")
    if importlib.util.find_spec("testcontainers") is None:
        raise NoServer("testcontainers is not installed")
    running = subprocess.run(["docker", "info"], capture_output=True, text=True, timeout=20, check=False)
    if running.returncode != 0:
        raise NoServer("the docker daemon does not answer")
    postgres = importlib.import_module("testcontainers.postgres")
    try:
        container = closing.enter_context(postgres.PostgresContainer(IMAGE, driver=None))
    except (
        Exception
    ) as error:  # whatever Docker says (no image, no network): the next way is tried, the reason is shown
        raise NoServer(f"{type(error).__name__}: {error}") from error
    return check(container.get_connection_url())


def binaries() -> Path:
    """The folder with initdb and pg_ctl, newest version first."""
    on_path = shutil.which("pg_ctl")
    if on_path and shutil.which("initdb", path=str(Path(on_path).parent)):
        return Path(on_path).parent
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if not found:
        raise NoServer("no initdb on PATH or under /usr/lib/postgresql")
    return max(found, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)


def as_ordinary_user() -> tuple[list[str], pwd.struct_passwd | None]:
    """The words to put before a command so that it does not run as root, which PostgreSQL refuses to do."""
    if os.getuid() != 0:
        return [], None
    for name in UNPRIVILEGED_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if shutil.which("runuser"):
            return ["runuser", "-u", name, "--"], user
        if shutil.which("setpriv"):
            return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"], user
        if shutil.which("su"):
            return ["su", name, "-s", "/bin/sh", "-c", 'exec "$0" "$@"', "--"], user
    raise NoServer("running as root, with no way to run as one of " + ", ".join(UNPRIVILEGED_USERS))


def free_port() -> int:
    """A TCP port nobody listens on at this moment.

    Below those that systems give to outgoing connections: one of them could hold the port of a server that is down,
    and whoever tries to connect there again and again would some day be connected to itself.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOCALHOST, port))
            return port


class Installation:
    """PostgreSQL's programs on this machine, and a temporary folder for the servers made with them.

    Parameters:
        names: the programs that are needed.

    Raises ``NoServer`` where there are no such programs, or no user to run them as.
    """

    def __init__(self, *names: str) -> None:
        folder = binaries()
        self._programs: dict[str, str] = {}
        for name in names:
            found = folder / name if (folder / name).exists() else shutil.which(name)
            if found is None:
                raise NoServer(f"there is no {name} in {folder}, nor on PATH")
            self._programs[name] = str(found)
        self._prefix, user = as_ordinary_user()
        self.folder = Path(tempfile.mkdtemp(prefix="duotone-pg-"))
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def run(self, name: str, *arguments: str) -> None:
        """Run a program to its end; raise ``NoServer`` with what it said when it fails."""
        # A log file instead of pipes: a server inherits them, and reading until they close would never end.
        log = self.folder / f"{name}.out"
        with log.open("w") as output:
            done = subprocess.run(
                [*self._prefix, self._programs[name], *arguments],
                stdout=output, stderr=output, cwd=self.folder, timeout=120, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise NoServer(f"{name} failed: {' '.join(log.read_text().split())[-300:]}")

    def remove(self) -> None:
        """Delete the folder; its servers have been stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)


class PrivateServer:
    """A server of our own, that may be stopped and killed.

    ``fsync`` is off: a commit that was acknowledged has been written to the system's cache, which a killed process
    does not take along (a machine that loses its power would).

    Parameters:
        installation: where its data goes, in a folder called ``name``.
        options: further run-time parameters, as ``-c name=value``.
    """

    def __init__(self, installation: Installation, name: str = "data", options: str = "") -> None:
        self.installation = installation
        self.data = installation.folder / name
        self.log = installation.folder / f"{name}.log"
        self.port = free_port()
        self._options = options

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{LOCALHOST}:{self.port}/postgres"

    def initialise(self) -> None:
        """Make an empty server. ``start`` is another matter."""
        self.installation.run(
            "initdb", "--pgdata", str(self.data), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
            "--no-sync",
        )  # fmt: skip

    def start(self, *, wait: bool = True) -> None:
        """Start it, as the first time so after a kill; ``wait`` until it serves."""
        options = f"-k {self.installation.folder} -p {self.port} -c listen_addresses={LOCALHOST} -c fsync=off "
        options += f"-c full_page_writes=off {self._options}"
        self._control("-l", str(self.log), "-o", options, "-w" if wait else "-W", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``fast`` ends the sessions in order, ``immediate`` as a crash of one of its processes does."""
        self._control("-m", mode, "-w", "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop and start it."""
        self.stop(mode)
        self.start()

    def kill9(self) -> None:
        """SIGKILL for the postmaster and all its children; returns when they are gone. It can be started again."""
        lock = self.data / "postmaster.pid"
        postmaster = int(lock.read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # so that it forks no other child while we look
        processes = [postmaster, *children_of(postmaster)]
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):  # (a child that has ended by itself)
                os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while any(is_alive(pid) for pid in processes):
            if time.monotonic() > end:
                raise NoServer(f"a process of the killed server does not end: {processes}")
            time.sleep(0.005)
        # The pids in these may be other processes' by now, or wait for init to notice: then it would not start.
        lock.unlink()
        (self.installation.folder / f".s.PGSQL.{self.port}.lock").unlink()

    def promote(self) -> None:
        """Make a primary of a replica."""
        self._control("-w", "promote")

    def ask(self, sql: str) -> Any:
        """Run one statement, past the library, and return the first value."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]

    def serves(self) -> bool:
        """Whether a session can be opened now."""
        try:
            psycopg.connect(self.url, connect_timeout=CONNECT_SECONDS).close()
        except psycopg.OperationalError:
            return False
        return True

    def _control(self, *arguments: str) -> None:
        self.installation.run("pg_ctl", "-D", str(self.data), *arguments)


def children_of(parent: int) -> list[int]:
    """The processes that a process has started and that are there still."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid, ppid in (line.split() for line in table.splitlines()) if int(ppid) == parent]


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and waits for its parent to notice does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


@contextlib.contextmanager
def private_server(options: str = "") -> Iterator[PrivateServer]:
    """A new, empty, running server; stopped and deleted at the end. Raises ``NoServer`` where none can be made."""
    installation = Installation("initdb", "pg_ctl")
    try:
        server = PrivateServer(installation, options=options)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            if (server.data / "postmaster.pid").exists():
                server.stop()
    finally:
        installation.remove()


def from_binaries(closing: contextlib.ExitStack) -> str:
    """A private server, gone at the end."""
    return check(closing.enter_context(private_server()).url)


def with_database(url: str, database: str) -> str:
    """The same server and options, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{quote(database)}"))


@contextlib.contextmanager
def scratch_database(admin_url: str) -> Iterator[str]:
    """A new, empty database for one test session: yields its URL, drops it at the end."""
    name = f"duotone_test_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        # Thousands of tests write to it, and nobody needs their rows after a crash of the server.
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield with_database(admin_url, name)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
