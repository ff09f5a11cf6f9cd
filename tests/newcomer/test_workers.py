"""What docs/workers.md says works: a Celery worker of each kind, and a function that is frozen and thawed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest

from tests.newcomer.pages import blocks, run, write

LIMIT = 60
RUNTIME = """\
import json, sys
import handler
for line in sys.stdin:
    name, event = json.loads(line)
    print(json.dumps(getattr(handler, name)(event, None)), flush=True)
"""


@pytest.fixture
def settings(environment: dict[str, str]) -> dict[str, str]:
    """The variables, with the database that the page exports, and this run's environment first on the path."""
    return {"DATABASE_URL": "sqlite:///notes.db", **environment, "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"}


@pytest.fixture
def written(folder: Path) -> Path:
    for block in blocks("workers.md"):
        if "title" in block.options:
            write(folder, block)
    return folder


def wait_until(condition: Callable[[], Any], what: str) -> None:
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit, what
        time.sleep(0.2)


def command(beginning: str) -> str:
    """The page's own command that begins so."""
    commands = [one for block in blocks("workers.md") if block.kind == "console" for one, _ in block.commands()]
    (found,) = [one for one in commands if one.startswith(beginning)]
    return found


@pytest.fixture(
    params=["prefork", pytest.param("threads", marks=pytest.mark.slow), pytest.param("solo", marks=pytest.mark.slow)]
)
def worker(
    request: pytest.FixtureRequest, written: Path, settings: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one kind, which is asked to end as its supervisor would."""
    run(written, "python -c 'import notes'", settings)
    with (written / "worker.log").open("wb") as log:
        made = subprocess.Popen(
            [*command("celery").split(), "--pool", request.param], cwd=written, env=settings, stdout=log, stderr=log
        )
    yield made
    if made.poll() is None:
        made.kill()
        made.wait(30)


def test_tasks_are_done_when_their_rows_are_there(
    worker: subprocess.Popen[bytes], written: Path, settings: dict[str, str]
) -> None:
    try:
        assert run(written, command("python"), settings) == "thought better of it\n"
        asked = (
            "python -c 'from notes import Note; print(sorted(Note.objects.values_list(\"words\", flat=True), key=str))'"
        )
        expected = f"{sorted([*range(6), 2])}\n"
        wait_until(lambda: run(written, asked, settings) == expected, "the words are counted")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(LIMIT) == 0
    finally:
        log = (written / "worker.log").read_text(encoding="utf-8")
        print(log)
    assert "Traceback" not in log
    assert "Warning" not in log.replace("SecurityWarning", "")  # that one is about being root
    assert no_session_is_left(settings)


def no_session_is_left(settings: dict[str, str]) -> bool:
    url = settings["DATABASE_URL"]
    if url.startswith("sqlite"):
        return True
    with psycopg.connect(url, autocommit=True) as server:
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        wait_until(lambda: server.execute(left).fetchone() == (0,), "the worker's sessions end")
    return True


class Frozen:
    """A process that calls the page's handlers, and stands still in between."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        (folder / "runtime.py").write_text(RUNTIME, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "runtime.py"],
            cwd=folder, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def call(self, name: str, text: str) -> Any:
        given, said = self._pipes()
        given.write(json.dumps([name, {"text": text}]) + "\n")
        given.flush()
        return json.loads(said.readline())

    def freeze(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        given, _ = self._pipes()
        given.close()
        return self.process.wait(LIMIT)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None and self.process.stdout is not None
        return self.process.stdin, self.process.stdout


def test_a_frozen_function_finds_its_connections_cut_off_and_goes_on(written: Path, settings: dict[str, str]) -> None:
    url = settings["DATABASE_URL"]
    if url.startswith("sqlite"):
        pytest.skip("a file cuts nobody off")
    settings = {**settings, "DATABASE_URL": f"{url}?max_size=1&health_check_after=0.2&application_name=frozen"}
    function = Frozen(written, settings)
    try:
        assert function.call("handler", "one") == {"id": 1}
        assert function.call("ahandler", "two") == {"id": 2, "notes": 2}
        with psycopg.connect(url, autocommit=True) as server:
            sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'frozen'"
            function.freeze(0.5)
            assert len(server.execute(sessions).fetchall()) == 2  # one in each colour, kept from call to call
            function.thaw()
            assert function.call("ahandler", "three") == {"id": 3, "notes": 3}
            assert function.call("handler", "four") == {"id": 4}
        assert function.end() == 0
    finally:
        function.process.kill()
        function.process.wait(30)
    assert no_session_is_left({**settings, "DATABASE_URL": url})
