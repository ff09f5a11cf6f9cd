"""Killed anywhere, run again, a deployment ends where an undisturbed one ends; of two at once, one waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from tests.conftest import Run
from tests.migrations.looking import Look
from tests.migrations.test_any_change import seen

APART = "tests.migrations.histories.apart"


@pytest.fixture(autouse=True)
def apart(no_tables: None) -> Iterator[None]:
    before = {"installed_apps": orm.settings.installed_apps, "migration_modules": orm.settings.migration_modules}
    orm.configure(installed_apps=[APART], migration_modules={})
    yield
    orm.configure(**before)


KILLED = """
import os, signal, sys, orm
from orm.migrations import running
from orm.migrations.migration import AwaitableMigration
left = 0
def passed():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
class Watched:
    run = AwaitableMigration.operate
    async def operate(self, *args, **options):
        passed()
        await Watched.run(self, *args, **options)
        passed()
AwaitableMigration.operate = Watched.operate
def progress(action, migration=None, fake=False):
    if action != "render_start":
        passed()
for line in sys.stdin:
    if not (child := os.fork()):
        kill_at, *target = line.split()
        left = int(kill_at)
        orm.configure({url!r}, installed_apps=[{app!r}])
        orm.migrate(*target, progress=progress)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def deployers(database: Run) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes; each makes one that deploys for every line they are given, to be killed at the moment it says."""
    code = KILLED.format(url=database.url, app=APART)
    environment = {**os.environ, "PYTHONPATH": "."}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    started = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(2)]
    yield started
    for one in started:
        one.communicate(timeout=300)


def told(deployer: subprocess.Popen[str], order: str) -> None:
    assert deployer.stdin is not None
    deployer.stdin.write(f"{order}\n")
    deployer.stdin.flush()


def ended(deployer: subprocess.Popen[str]) -> int:
    assert deployer.stdout is not None
    return int(deployer.stdout.readline())


def run(deployers: list[subprocess.Popen[str]], order: str) -> int:
    told(deployers[0], order)
    return ended(deployers[0])


def whole(database: Run) -> tuple[Any, ...]:
    look = Look(database)
    rows = look.rows("SELECT name, age FROM mt_apart_pet ORDER BY id")
    return seen(look), rows, look.rows("SELECT name FROM orm_migrations ORDER BY name")


@pytest.mark.slow
def test_killed_anywhere_a_run_ends_where_an_undisturbed_one_ends(database: Run, deployers: Any) -> None:
    orm.migrate()
    wanted = whole(database)
    for kill_at in range(1, 100):
        orm.migrate("apart", "zero")
        if run(deployers, f"{kill_at}") == 0:
            break
        assert run(deployers, "0") == 0
        assert whole(database) == wanted, f"killed at moment {kill_at}"
        assert Look(database).rows("SELECT step FROM orm_backfills") == []
    assert kill_at > 20


@pytest.mark.slow
def test_killed_while_taken_back_it_ends_where_an_undisturbed_one_ends(database: Run, deployers: Any) -> None:
    orm.migrate("apart", "0001")
    before = seen(Look(database))
    for kill_at in range(1, 100):
        orm.migrate()
        if run(deployers, f"{kill_at} apart 0001") == 0:
            break
        assert run(deployers, "0 apart 0001") == 0
        assert seen(Look(database)) == before, f"killed at moment {kill_at}"
        assert Look(database).rows("SELECT name FROM orm_migrations") == [("0001_initial",)]
    assert kill_at > 12


def test_of_two_deployers_at_once_one_waits_and_both_end_well(database: Run, deployers: Any) -> None:
    orm.migrate()
    wanted = whole(database)
    for _ in range(3):
        orm.migrate("apart", "zero")
        for one in deployers:
            told(one, "0")
        assert [ended(one) for one in deployers] == [0, 0]
        assert whole(database) == wanted


def test_a_kill_is_a_kill(database: Run, deployers: Any) -> None:
    assert run(deployers, "1") == -signal.SIGKILL
