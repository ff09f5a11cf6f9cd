"""The pytest plugin, in a test suite of its own: what a test does is gone afterwards, whichever code did it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import orm
from orm.db.registry import databases
from orm.errors import TransactionManagementError
from orm.models import CharField, Model
from orm.testing import assert_num_queries, rolled_back

SUITE = """
import asyncio
import threading

import pytest

import orm
from orm.models import CharField, Model


class Author(Model):
    name = CharField(max_length=40)

    class Meta:
        app_label = "suite"


@pytest.fixture(scope="session", autouse=True)
def tables():
    orm.configure(URLS)
    for alias in URLS:
        orm.drop_tables(Author, using=alias)
        orm.create_tables(Author, using=alias)
    Author.objects.create(name="committed")
    yield
    assert [author.name for author in Author.objects.all()] == ["committed"]
    statistics = orm.databases["default"].statistics
    assert [(pool.home, pool.busy) for pool in statistics.pools] == [("blocking", 0)]  # no loop ever had one
    for alias in URLS:
        orm.drop_tables(Author, using=alias)


@pytest.fixture
def ada(orm_rollback):
    assert Author.objects.count() == 1
    return Author.objects.create(name="Ada")


async def scenario(ada):
    assert await Author.objects.acount() == 2
    async with orm.atomic(durable=True):
        await Author.objects.acreate(name="Bob")
    with pytest.raises(ZeroDivisionError):
        async with orm.atomic(isolation="serializable"):
            await Author.objects.acreate(name="Nobody")
            1 / 0
    await asyncio.gather(*(Author.objects.acreate(name=f"gathered {n}") for n in range(3)))
    await asyncio.to_thread(Author.objects.create, name="threaded")
    thread = threading.Thread(target=Author.objects.create, kwargs={"name": "thread of its own"})
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Author.objects.acount() == 8
    assert not await Author.objects.filter(name="Nobody").aexists()


@pytest.mark.asyncio
async def test_on_a_loop_of_its_own(ada):
    await scenario(ada)


@pytest.mark.asyncio(loop_scope="session")
async def test_on_the_loop_of_the_session(ada):
    await scenario(ada)


@pytest.mark.asyncio(loop_scope="session")
async def test_on_the_same_loop_again(ada):
    await scenario(ada)


@pytest.mark.asyncio(loop_scope="module")
async def test_on_the_loop_of_the_module(ada):
    await scenario(ada)


@pytest.mark.asyncio(loop_scope="package")
async def test_on_the_loop_of_the_package(ada):
    await scenario(ada)


@pytest.mark.asyncio(loop_scope="class")
class TestOnTheLoopOfAClass:
    async def test_one(self, ada):
        await scenario(ada)

    async def test_another(self, ada):
        await scenario(ada)


def test_in_blocking_code(ada):
    assert Author.objects.count() == 2
    with orm.atomic():
        Author.objects.create(name="Bob")
    asyncio.run(Author.objects.acreate(name="run"))
    assert Author.objects.count() == 4


def test_what_blocking_code_does_is_gone(orm_rollback):
    assert Author.objects.count() == 1


@pytest.mark.orm_databases("default", "other")
def test_several_databases(orm_rollback):
    for alias in URLS:
        Author.objects.using(alias).create(name="there")


def test_several_databases_were_rolled_back(orm_rollback):
    assert Author.objects.using("other").count() == 0


@pytest.mark.asyncio
async def test_on_commit_in_async_code(orm_on_commit):
    called = []

    async def later():
        called.append("async")
        orm.on_commit(lambda: called.append("in turn"))

    async with orm.atomic():
        orm.on_commit(lambda: called.append("plain"))
        orm.on_commit(later)
    with pytest.raises(ZeroDivisionError):
        async with orm.atomic():
            orm.on_commit(lambda: called.append("never"))
            1 / 0
    assert len(orm_on_commit) == 2 and called == []
    assert await orm_on_commit.arun() == 3
    assert called == ["plain", "async", "in turn"]
    assert list(orm_on_commit) == []


def test_on_commit_in_blocking_code(orm_on_commit):
    called = []
    with orm.atomic():
        orm.on_commit(lambda: called.append("plain"))
    assert orm_on_commit.run() == 1 and called == ["plain"]
    orm.on_commit(print)
    assert orm_on_commit.callbacks == [print]
    orm_on_commit.clear()
    assert orm_on_commit.run() == 0


def test_counting(ada, assert_num_queries):
    with assert_num_queries(2) as queries:
        Author.objects.count()
        with orm.atomic():
            Author.objects.get(pk=ada.pk)
    assert len(queries) == 2


@pytest.mark.asyncio(loop_scope="session")
async def test_counting_in_async_code(ada, assert_num_queries):
    async with assert_num_queries(1):
        await Author.objects.acount()
    with pytest.raises(AssertionError, match="1 queries executed, 3 expected"):
        async with assert_num_queries(3):
            await Author.objects.acount()
"""


MANY_LOOPS = """
import asyncio

import pytest

import orm
from orm.models import IntegerField, Model


class Thing(Model):
    n = IntegerField()

    class Meta:
        app_label = "suite"


SCOPES = ["session", "function", "module", "class", "package"]
loops = {scope: set() for scope in SCOPES}


@pytest.fixture(scope="session", autouse=True)
def tables():
    orm.configure(URLS["default"])
    orm.drop_tables(Thing)
    orm.create_tables(Thing)
    yield
    assert {scope: len(found) for scope, found in loops.items()} == {
        "session": 1, "function": 5, "module": 1, "class": 2, "package": 1
    }
    assert Thing.objects.count() == 16
    orm.drop_tables(Thing)


async def use(scope):
    loops[scope].add(asyncio.get_running_loop())
    async with orm.atomic():
        await Thing.objects.acreate(n=1)
        await asyncio.to_thread(Thing.objects.create, n=2)
    with pytest.raises(ZeroDivisionError):
        async with orm.atomic():
            await Thing.objects.acreate(n=3)
            1 / 0
    await Thing.objects.filter(n=2).adelete()
    # The pools of function's and class's loops end with them: no more than blocking code's and those of open loops.
    homes = [pool.home for pool in orm.databases["default"].statistics.pools]
    assert len(homes) <= 6 and all("closed=True" not in home for home in homes)


class Tests:
    @pytest.mark.asyncio(loop_scope="session")
    async def test_session(self):
        await use("session")

    @pytest.mark.asyncio(loop_scope="function")
    async def test_function(self):
        await use("function")

    @pytest.mark.asyncio(loop_scope="class")
    async def test_class(self):
        await use("class")

    @pytest.mark.asyncio(loop_scope="module")
    async def test_module(self):
        await use("module")

    @pytest.mark.asyncio(loop_scope="function")
    async def test_function_again(self):
        await use("function")

    @pytest.mark.asyncio(loop_scope="package")
    async def test_package(self):
        await use("package")

    @pytest.mark.asyncio(loop_scope="class")
    async def test_class_again(self):
        await use("class")


class TestAgain(Tests):
    @pytest.mark.asyncio(loop_scope="function")
    async def test_once_more(self):
        await use("function")


@pytest.mark.asyncio(loop_scope="session")
async def test_session_at_the_end():
    await use("session")
    orm.databases["default"].terminate()


def test_in_blocking_code():
    Thing.objects.create(n=0)
    Thing.objects.filter(n=0).delete()
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_plugin_in_a_suite(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if kind == "sqlite":
        urls = {alias: f"sqlite:///{tmp_path / alias}.db" for alias in ("default", "other")}
    else:
        urls = {"default": request.getfixturevalue("postgresql_url"), "other": f"sqlite:///{tmp_path / 'other.db'}"}
    assert "15 passed" in run_suite(tmp_path, urls, SUITE)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_loops_of_every_scope_in_one_run(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Without the plugin's fixtures: real commits, on pools that come and go with the loops."""
    url = f"sqlite:///{tmp_path / 'test.db'}" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    assert "17 passed" in run_suite(tmp_path, {"default": url}, MANY_LOOPS)


def run_suite(tmp_path: Path, urls: dict[str, str], suite: str) -> str:
    """Run a test suite by itself, where every warning is an error; return what pytest says when it has passed."""
    (tmp_path / "__init__.py").touch()
    (tmp_path / "test_suite.py").write_text(f"URLS = {urls!r}\n{suite}", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:duotone", "-p", "orm.testing.plugin", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Note(Model):
    text = CharField(max_length=40)

    class Meta:
        app_label = "tests_testing"


@pytest.fixture
def notes(tmp_path: Path) -> None:
    orm.configure({"default": f"sqlite:///{tmp_path / 'notes.db'}"})
    orm.create_tables(Note)


def test_rolled_back_without_pytest(notes: None) -> None:
    with rolled_back():
        Note.objects.create(text="gone")
        with pytest.raises(TransactionManagementError, match="open here already"):
            with rolled_back():
                pass
    assert Note.objects.count() == 0
    with orm.atomic(), pytest.raises(TransactionManagementError, match="open here already"):
        with rolled_back():
            pass


async def test_async_fixtures_are_told_to_be_blocking(notes: None) -> None:
    with pytest.raises(TransactionManagementError, match="blocking fixture"):
        with rolled_back():
            pass


def test_the_wrong_number_is_explained(notes: None) -> None:
    with pytest.raises(AssertionError, match=r"1 .*, 2 expected\nCaptured queries were:\n1\. SELECT COUNT"):
        with assert_num_queries(2):
            Note.objects.count()
    with pytest.raises(AssertionError, match=r"0 queries executed, 2 expected\nCaptured queries were:$"):
        with assert_num_queries(2):
            pass
    with pytest.raises(ZeroDivisionError):
        with assert_num_queries(2):
            raise ZeroDivisionError


def test_databases_are_themselves_again(notes: None) -> None:
    variable = databases["default"].membership
    with rolled_back():
        assert databases["default"].membership is not variable
    assert databases["default"].membership is variable
