"""The dashboard, asked over a real server, and shown in a real browser where there is one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute

import orm
from orm import models
from orm.contrib.dashboard import Dashboard
from orm.db.observing.watched import WatchedDatabase, audience

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EVIL = "<img src=x onerror=document.title='owned'>"


class Ticket(models.Model):
    text = models.CharField(max_length=80)

    class Meta:
        app_label = "dashboard"


@pytest.fixture(params=["sqlite", "postgresql"])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'tickets.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    orm.configure({"default": url, EVIL: f"sqlite:///{tmp_path / 'other.db'}"})
    orm.create_tables(Ticket)
    yield request.param
    orm.drop_tables(Ticket)
    for database in orm.databases.made():
        database.terminate()


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    made = Dashboard()
    yield made
    made.close()


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application with uvicorn on a port of its own; gives its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        limit = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < limit
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def address(configured: str, dashboard: Dashboard) -> Iterator[str]:
    with served(Starlette(routes=[Mount("/databases", dashboard)])) as url:
        yield f"{url}/databases/"


def state(address: str, alias: str = "default") -> Any:
    answer = httpx.get(address, params="state", timeout=30)
    assert answer.status_code == 200
    return answer.json()["databases"][alias]


def test_what_ran_is_shown_with_its_times_and_without_values(address: str) -> None:
    state(address)
    Ticket.objects.create(text="a secret")
    Ticket.objects.filter(text="a secret").first()
    shown = state(address)
    assert any("INSERT INTO" in one["sql"] and one["count"] == 1 and one["longest"] > 0 for one in shown["slow"])
    assert "a secret" not in httpx.get(address, params="state", timeout=30).text
    assert [pool["home"] for pool in shown["pools"] if pool["home"] == "blocking"] == ["blocking"]
    assert not any("pg_stat_activity" in one["sql"] for one in shown["slow"])


def test_values_are_shown_when_told_to(configured: str) -> None:
    told = Dashboard(values=True)
    try:
        with served(told) as address:
            state(address)
            Ticket.objects.create(text="no secret")
            assert any("no secret" in one.get("values", "") for one in state(address)["slow"])
    finally:
        told.close()


def test_a_line_that_repeats_a_query_is_named(address: str) -> None:
    state(address)
    for number in range(5):
        Ticket.objects.filter(pk=number).exists()
    (repeated,) = state(address)["repeated"]
    assert repeated["repeated"] == 5
    assert repeated["line"].startswith(f"{__file__}:")


def test_who_holds_a_connection_is_shown(address: str) -> None:
    with orm.atomic():
        Ticket.objects.create(text="held")
        (holder,) = state(address)["holders"]
        assert "MainThread" in holder
    assert state(address)["holders"] == []


def test_who_waits_for_a_lock_is_shown(address: str, configured: str, request: pytest.FixtureRequest) -> None:
    if configured == "sqlite":
        assert state(address)["locks"] is None  # SQLite has no such list
        return
    Ticket.objects.create(text="locked")
    url = request.getfixturevalue("postgresql_url")
    waiting = threading.Thread(target=lambda: Ticket.objects.update(text="mine"))
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE dashboard_ticket SET text = 'first'")
        waiting.start()
        limit = time.monotonic() + 60
        while not (locks := state(address)["locks"]):
            assert time.monotonic() < limit
        assert locks[0][1] == str(connection.info.backend_pid)
    waiting.join(60)


def test_whether_it_is_a_replica_is_shown(address: str, configured: str) -> None:
    assert state(address)["replica"] == (None if configured == "sqlite" else [[False, None]])


def test_a_server_that_does_not_answer_does_not_hide_the_rest(tmp_path: Path, dashboard: Dashboard) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        orm.configure(f"postgresql://nobody@127.0.0.1:{port}/none?connect_timeout=30")
        shown = asyncio.run(dashboard.state())["databases"]["default"]
    assert shown["locks"] == "no answer within 1 s"
    assert shown["slow"] == []


def test_a_password_is_not_shown(dashboard: Dashboard) -> None:
    orm.configure("postgresql://shop:verysecret@127.0.0.1:1/none")
    assert "verysecret" not in str(asyncio.run(dashboard.state()))


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "", 405), ("GET", "x", 404), ("GET", "../", 404)])
def test_nothing_else_is_answered(address: str, method: str, path: str, status: int) -> None:
    assert httpx.request(method, address + path).status_code == status


def test_nothing_is_reachable_where_it_is_not_mounted(configured: str) -> None:
    with served(Starlette()) as url:
        assert httpx.get(f"{url}/").status_code == httpx.get(f"{url}/databases/").status_code == 404
    assert audience.listeners == ()


def test_a_websocket_is_closed(configured: str, dashboard: Dashboard) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(WebSocketRoute("/", dashboard).app({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_the_page_lets_nothing_run_that_did_not_come_with_it(address: str) -> None:
    answer = httpx.get(address)
    policy = answer.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert policy.startswith("default-src 'none'")
    assert answer.text.count(f'nonce="{nonce}"') == 2
    assert EVIL not in answer.text


def test_it_listens_from_the_first_request_until_it_is_closed(configured: str) -> None:
    shown = Dashboard()
    assert not isinstance(orm.databases["default"], WatchedDatabase)
    asyncio.run(shown.state())
    shown.listen()
    assert isinstance(orm.databases["default"], WatchedDatabase)
    shown.close()
    assert not isinstance(orm.databases["default"], WatchedDatabase)


def test_texts_are_forgotten_when_there_are_many(configured: str) -> None:
    small = Dashboard(keep=10, shown=30)
    small.listen()
    try:
        for number in range(40):
            Ticket.objects.tag(f"number {number}").exists()
        shown = asyncio.run(small.state())["databases"]["default"]["slow"]
        assert len(shown) <= 10
    finally:
        small.close()


@pytest.mark.parametrize("options", [{"keep": 0}, {"shown": 0}])
def test_sizes_below_one_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="both are 1 at least"):
        Dashboard(**options)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
def test_a_browser_shows_it_and_runs_nothing_of_what_it_shows(address: str, tmp_path: Path) -> None:
    state(address)
    Ticket.objects.tag(EVIL).filter(text="a secret").exists()
    for number in range(3):
        Ticket.objects.filter(pk=number).exists()
    done = subprocess.run(
        [
            *(str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", address),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert "As of" in done.stdout, done.stderr[-2000:]
    assert "<title>Databases</title>" in done.stdout
    assert "<img" not in done.stdout
    assert "&lt;img src=x" in done.stdout
    assert "Repeated queries" in done.stdout
    assert "a secret" not in done.stdout
