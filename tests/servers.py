"""Where the tests find a PostgreSQL server, and the scratch database they make in it.

Tried in this order: a URL in the environment, a server on localhost:5432, a container, a private cluster made from
local binaries. What is found first is used; nothing that was there before is touched, only a database of our own.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

LOCALHOST = "127.0.0.1"
CONNECT_SECONDS = 5
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
    """A TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        port: int = probe.getsockname()[1]
        return port


def from_binaries(closing: contextlib.ExitStack) -> str:
    """A private cluster in a temporary folder, reached through a socket there and a random port; gone at the end."""
    programs = binaries()
    prefix, user = as_ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="duotone-pg-"))
    closing.callback(shutil.rmtree, folder, ignore_errors=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, port = folder / "data", free_port()

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(programs / program), *arguments]
        # A log file instead of pipes: the server inherits them, and reading until they close would never end.
        log = folder / f"{program}.log"
        with log.open("w") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd=folder, timeout=120, check=False)
        if done.returncode != 0:
            raise NoServer(f"{program} failed: {' '.join(log.read_text().split())[-300:]}")

    run("initdb", "--pgdata", str(data), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
    options = f"-k {folder} -p {port} -c listen_addresses={LOCALHOST} -c fsync=off -c full_page_writes=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "server.log"), "-o", options, "start")
    closing.callback(run, "pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    return check(f"postgresql://postgres@{LOCALHOST}:{port}/postgres")


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
    try:
        yield with_database(admin_url, name)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
