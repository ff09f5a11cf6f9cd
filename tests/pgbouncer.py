"""A real PgBouncer in transaction mode, in front of the server that the tests use.

Tried in this order: a URL in the environment, the program on this machine, the distribution's package, unpacked without
being installed. Root is not needed; as root, PgBouncer runs as an ordinary user, since it refuses to be root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.rows import dict_row

from tests import servers
from tests.servers import NoServer

POOL_SIZE = 2
PATIENCE = 120.0
VARIABLE = "ORM_TEST_PGBOUNCER_URL"

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}{password}
[pgbouncer]
listen_addr = {listen}
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 400
max_db_connections = {size}
server_login_retry = 1
server_round_robin = 1
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
{more}
"""


def pause(seconds: float) -> None:
    """Let the processes' time pass; nothing else runs here."""
    time.sleep(seconds)


class Program:
    """The pgbouncer program, and what it needs in its environment."""

    def __init__(self, path: Path, libraries: Path | None = None) -> None:
        self.path = path
        self.environment = dict(os.environ)
        if libraries is not None:
            self.environment["LD_LIBRARY_PATH"] = str(libraries)
        self.version = self._version()

    def _version(self) -> tuple[int, ...]:
        try:
            done = subprocess.run(
                [self.path, "--version"], env=self.environment, capture_output=True, text=True, timeout=20, check=False
            )
        except OSError as error:
            raise NoServer(f"{self.path} can't be run: {error}") from error
        words = done.stdout.split()
        if done.returncode != 0 or len(words) < 2:
            raise NoServer(f"{self.path} can't be run: {(done.stderr or done.stdout).strip()[-200:]}")
        return tuple(int(part) for part in words[1].split(".") if part.isdigit())


def find(closing: contextlib.ExitStack) -> Program:
    """Return the program; raise NoServer naming everything that was tried."""
    tried = []
    for name, way in (("program on this machine", from_machine), ("distribution's package", from_package)):
        try:
            return way(closing)
        except NoServer as reason:
            tried.append(f"{name}: {reason}")
    raise NoServer(f"{VARIABLE} is not set; " + "; ".join(tried))


def from_machine(closing: contextlib.ExitStack) -> Program:
    """The program that is installed."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NoServer("no pgbouncer on PATH or in /usr/sbin")
    return Program(Path(found))


def from_package(closing: contextlib.ExitStack) -> Program:
    """The program from apt's package, unpacked into a folder that goes at the end. The packages are kept."""
    for tool in ("apt-get", "dpkg-deb", "dpkg-query"):
        if shutil.which(tool) is None:
            raise NoServer(f"there is no {tool}")
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "duotone" / "pgbouncer"
    kept.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="duotone-pgbouncer-program-"))
    closing.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    main = _downloaded("pgbouncer", kept)
    for package in (main, *(_downloaded(name, kept) for name in _lacking(main))):
        _run("dpkg-deb", "-x", str(package), str(folder))
    libraries = next((path.parent for path in folder.glob("usr/lib/*/*.so*")), None)
    return Program(folder / "usr" / "sbin" / "pgbouncer", libraries)


def _downloaded(name: str, kept: Path) -> Path:
    """The package's file, from the cache or from the distribution."""
    if not list(kept.glob(f"{name}_*.deb")):
        _run("apt-get", "download", name, cwd=kept)
    return max(kept.glob(f"{name}_*.deb"))


def _lacking(package: Path) -> list[str]:
    """The libraries a package depends on that are not installed here."""
    depends = _run("dpkg-deb", "-f", str(package), "Depends")
    names = [item.split()[0] for item in depends.split(",")]
    installed = _run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n").splitlines()
    return [name for name in names if name.startswith("lib") and f"{name} installed" not in installed]


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)
    if done.returncode != 0:
        raise NoServer(f"`{' '.join(command)}` failed: {' '.join(done.stderr.split())[-300:]}")
    return done.stdout


class Bouncer:
    """One PgBouncer in front of one server. Starting may raise ``servers.NoServer``.

    Parameters:
        program: what to run.
        server_url: where the server is, with the role that PgBouncer logs in as. Clients need no password.
        more: further lines of its configuration.
        size: how many sessions of the server it has.
    """

    def __init__(self, program: Program, server_url: str, more: str = "", size: int = POOL_SIZE) -> None:
        self.program = program
        parts = urlsplit(server_url)
        password = unquote(parts.password or "").replace("'", "''")
        self.user = unquote(parts.username or "postgres")
        self.database = unquote(parts.path[1:])
        self.port = servers.free_port()
        self._prefix, owner = servers.as_ordinary_user()
        self.folder = Path(tempfile.mkdtemp(prefix="duotone-pgbouncer-"))
        self._process: subprocess.Popen[bytes] | None = None
        configuration = self.folder / "pgbouncer.ini"
        configuration.touch(0o600)  # a password may be in it
        configuration.write_text(
            CONFIGURATION.format(
                host=parts.hostname or servers.LOCALHOST, port=parts.port or 5432, user=self.user,
                password=password and f" password='{password}'", listen=servers.LOCALHOST,
                listen_port=self.port, folder=self.folder, size=size, more=more,
            )
        )  # fmt: skip
        if owner is not None:
            for path in (self.folder, configuration):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    @property
    def url(self) -> str:
        """The same database as the server's URL, through the PgBouncer; nothing about it in the query string."""
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        """Another database of the same server."""
        return f"postgresql://{self.user}@{servers.LOCALHOST}:{self.port}/{database}"

    def start(self) -> None:
        environment = {**self.program.environment, "HOME": str(self.folder)}
        library_path = environment.pop("LD_LIBRARY_PATH", "")
        words = ["env", f"LD_LIBRARY_PATH={library_path}"] if library_path else []  # su and runuser would drop it
        command = [*self._prefix, *words, str(self.program.path), "-q", str(self.folder / "pgbouncer.ini")]
        self._process = subprocess.Popen(command, cwd=self.folder, env=environment, start_new_session=True)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("SHOW VERSION")
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    log = self.folder / "pgbouncer.log"
                    said = log.read_text()[-600:] if log.exists() else str(error)
                    raise NoServer(f"PgBouncer did not start: {said}") from error
            pause(0.02)

    def stop(self, how: signal.Signals | None = None) -> None:
        """End it at once, clients or not; ``how`` is for another signal than the one that asks for this."""
        if self._process is None:
            return
        if how is None:  # (SIGTERM waits for the clients since 1.23)
            how = signal.SIGQUIT if self.program.version >= (1, 23) else signal.SIGTERM
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(int((self.folder / "pgbouncer.pid").read_text()), how)
        self._process.wait(PATIENCE)
        self._process = None

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, command: str) -> list[dict[str, Any]]:
        """Say something to its console; return the rows of the answer."""
        with psycopg.connect(self.url_of("pgbouncer"), autocommit=True, connect_timeout=5) as console:
            cursor = console.cursor(row_factory=dict_row)
            cursor.execute(command)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def busy(self) -> list[str]:
        """What is not at rest: clients that have a server or wait for one, servers not given back, cancellations."""
        names = ("cl_active", "cl_waiting", "cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active", "sv_tested")
        rows = [row for row in self.ask("SHOW POOLS") if row["database"] != "pgbouncer"]
        states = [f"{name}={row[name]} of {row['database']}" for row in rows for name in names[1:] if row.get(name)]
        linked = [row for row in self.ask("SHOW CLIENTS") if row["link"]]
        return states + [f"a client holds the server connection {row['link']}" for row in linked]

    def wait_for_rest(self) -> None:
        """Wait until every server connection has been given back, as they are when no client is in a transaction."""
        end = time.monotonic() + PATIENCE
        while states := self.busy():
            if time.monotonic() > end:
                raise AssertionError(f"PgBouncer does not come to rest: {', '.join(states)}")
            pause(0.02)


@contextlib.contextmanager
def running(server_url: str, more: str = "", size: int = POOL_SIZE) -> Iterator[Bouncer]:
    """A PgBouncer of our own, gone at the end."""
    with contextlib.ExitStack() as closing:
        bouncer = Bouncer(find(closing), server_url, more, size)
        closing.callback(bouncer.remove)
        bouncer.start()
        yield bouncer
