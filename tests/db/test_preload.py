"""gunicorn with ``preload_app``: the application queries before the fork, its workers serve over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from tests.db.sessions import NAME, PROGRAM, Sessions, settle

gunicorn = pytest.importorskip("gunicorn")

APPLICATION = """
import asyncio, json, os
import orm
from orm.bridge import portal, run
from orm.db import atomic, databases

orm.configure(os.environ["DATABASE"])
db = databases["default"]
WHO = "SELECT pg_backend_pid()" if db.url.scheme == "postgresql" else "SELECT 0"

# In the master, before the fork: one session of blocking code, one of a loop that ended, one of the portal.
preloaded = [run(db.fetch(WHO))[0][0], asyncio.run(db.fetch(WHO))[0][0], portal.run(db.fetch(WHO))[0][0]]

def add(number):
    with atomic():
        run(db.execute(f"INSERT INTO things VALUES ({number}, {os.getpid()})"))
        return run(db.fetch(WHO))[0][0]

async def aadd(number):
    async with atomic():
        await db.execute(f"INSERT INTO things VALUES ({number}, {os.getpid()})")
        return (await db.fetch(WHO))[0][0]

def wsgi(environ, start_response):
    session = add(environ["QUERY_STRING"])
    body = json.dumps([os.getpid(), session, preloaded]).encode()
    start_response("200 OK", [("content-type", "application/json"), ("content-length", str(len(body)))])
    return [body]

async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    session = await aadd(scope["query_string"].decode())
    body = json.dumps([os.getpid(), session, preloaded]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
"""

SETTINGS = """
workers = 3
preload_app = True
graceful_timeout = 5
keepalive = 1

def child_exit(server, worker):      # in the master, which goes on with the session it had
    import application
    application.add(1000 + worker.age)
    with open("master", "a") as file:
        file.write(f"{application.run(application.db.fetch(application.WHO))[0][0]}\\\\n")
"""


@contextmanager
def served(folder: Path, url: str, worker: str, place: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """gunicorn on a socket in a folder."""
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    (folder / "gunicorn.conf.py").write_text(SETTINGS.replace("\\\\n", "\\n"), encoding="utf-8")
    socket = folder / "socket"
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-k", worker, "-b", f"unix:{socket}", place]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "DATABASE": url.replace(NAME, PROGRAM)}, stdout=log, stderr=log
        )
        try:
            with httpx.Client(
                transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://application", timeout=20
            ) as client:
                settle(lambda: socket.exists() or server.poll() is not None, 30)
                yield server, client
        finally:
            if server.poll() is None:
                server.kill()
            server.wait()


def ask(client: httpx.Client, number: int) -> Any:
    """One request on a connection of its own, so that any worker may answer."""
    answer = client.get(f"/?{number}", headers={"connection": "close"})
    answer.raise_for_status()
    return answer.json()


def until_all_answered(client: httpx.Client, workers: int, first: int) -> dict[int, set[int]]:
    """Ask until so many workers have answered; return their sessions."""
    found: dict[int, set[int]] = {}
    limit = time.monotonic() + 30
    number = first
    while len(found) < workers and time.monotonic() < limit:
        pid, session, _ = ask(client, number)
        found.setdefault(pid, set()).add(session)
        number += 1
    assert len(found) == workers
    return found


@pytest.mark.parametrize(
    ("worker", "place"),
    [("sync", "application:wsgi"), ("uvicorn_worker.UvicornWorker", "application:asgi")],
    ids=["sync", "uvicorn"],
)
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_workers_and_their_master(
    db: Database, sessions: Sessions, url: str, tmp_path: Path, worker: str, place: str
) -> None:
    with served(tmp_path, url, worker, place) as (server, client):
        try:
            *_, preloaded = ask(client, 1)
            found = until_all_answered(client, 3, 2)
            if sessions.own is not None:
                own = [session for one in found.values() for session in one]
                assert len(own) == len(set(own)) == 3, "each worker has one session, nobody else's"
                assert not set(own) & set(preloaded)
                assert alive(sessions) >= {*own, preloaded[0], preloaded[2]}, "the master's sessions are alive"
            for victim in found:
                os.kill(victim, signal.SIGTERM)
            again = until_all_answered(client, 3, 2000) if all_gone(list(found)) else {}
            assert not set(again) & set(found)
            settle(lambda: len(lines(tmp_path / "master")) == 3)
            if sessions.own is not None:
                assert {int(line) for line in lines(tmp_path / "master")} == {preloaded[0]}
            server.terminate()
            assert server.wait(30) == 0
        except BaseException:
            sys.stderr.write((tmp_path / "log").read_text())
            raise
    sessions.settle_at(0, PROGRAM)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log
    assert len(run(db.fetch("SELECT DISTINCT n FROM things"))) == 7  # three workers, three more, and the master


def alive(sessions: Sessions) -> set[int]:
    """The sessions that the server knows of."""
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
    return {row[0] for row in sessions.own.execute(query, [PROGRAM]).fetchall()}


def all_gone(pids: list[int]) -> bool:
    """Wait until these processes have ended."""
    gone: Callable[[], bool] = lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids)  # noqa: E731
    settle(gone, 20)
    return True


def lines(path: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return path.read_text().split() if path.exists() else []
