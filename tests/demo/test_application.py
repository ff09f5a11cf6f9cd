"""The demo on SQLite: a handful of real packages loaded, the views asked in-process, the legacy script run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

import orm
from migrations_demo import collect, load, visits
from migrations_demo.app import app
from migrations_demo.models import Distribution, File, Function, Module, ReportRun, Requirement, Version
from migrations_demo.progress import Reporter

NAMES = ("httpx", "httpcore", "h11", "anyio", "iniconfig")
REPORT = Path(visits.__file__).with_name("report.py")


@pytest.fixture(scope="module")
def packages() -> list[collect.FoundPackage]:
    """The handful, with its source read."""
    directory = str(Path(httpx.__file__).parents[1])
    found = [package for package in collect.read_packages([directory]) if package.slug in NAMES]
    sources, _ = collect.choose_sources(found, None)
    collect.read_modules(sources, lambda count: None, workers=1)
    return found


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """A SQLite file with the catalogue's tables."""
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    orm.configure(databases={"default": url})
    load.recreate_tables()
    return url


@pytest.fixture
async def url(empty: str, packages: list[collect.FoundPackage]) -> str:
    """The same with the handful loaded."""
    await load.load(packages, Reporter(Console(quiet=True)))
    return empty


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose requests reach the application without a server."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://catalogue") as client:
        yield client


async def test_everything_found_is_loaded(url: str, packages: list[collect.FoundPackage]) -> None:
    assert await Distribution.objects.acount() == len(NAMES)
    assert await Version.objects.acount() == len(packages)
    assert await File.objects.acount() == sum(len(package.files) for package in packages)
    modules = [file.module for package in packages for file in package.files if file.module]
    assert await Module.objects.acount() == len(modules)
    assert await Function.objects.acount() == sum(len(module.functions) for module in modules)
    needed = await Requirement.objects.filter(version__distribution__slug="httpx", target__slug="httpcore").acount()
    assert needed == 1
    assert await Function.objects.filter(is_async=True, module__version__distribution__slug="httpx").aexists()


async def test_a_second_load_starts_from_empty_tables(url: str) -> None:
    await asyncio.to_thread(load.recreate_tables)
    assert await Distribution.objects.acount() == 0


async def test_a_failed_load_leaves_nothing(empty: str, packages: list[collect.FoundPackage]) -> None:
    with pytest.raises(orm.errors.IntegrityError):
        await load.load([*packages, packages[0]], Reporter(Console(quiet=True)))
    assert await Distribution.objects.acount() == 0


@pytest.mark.parametrize(
    "path",
    ["/", "/search", "/search?q=http&page=2", "/packages/httpx", "/packages/httpx/files", "/functions", "/statistics"],
)
async def test_pages_are_whole(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.text.startswith("<!doctype html>")
    assert response.text.rstrip().endswith("</html>")


async def test_a_package_with_its_files_and_dependants(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/packages/httpcore")).json()
    assert found["dependants"] == ["httpx"]
    assert "h11" in {wanted["name"] for version in found["versions"] for wanted in version["requirements"]}
    assert "httpcore/__init__.py" in found["files"]
    assert found["versions"][0]["files"] == found["file_count"]
    assert (await Distribution.objects.aget(slug="httpcore")).views == 1


async def test_search_in_json_and_html(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/search", params={"q": "HTTP"})).json()
    assert {"httpx", "httpcore", "h11"} <= {package["slug"] for package in found["packages"]}
    assert all(function["name"].rpartition(".")[2].lower().startswith("http") for function in found["functions"])
    page = await client.get("/search", params={"q": "<script>alert('%_')</script>"})
    assert "<script>" not in page.text
    assert "0 packages" in page.text


async def test_a_module_page_lists_its_functions(client: httpx.AsyncClient) -> None:
    module = await Module.objects.aget(name="h11._util")
    page = await client.get(f"/modules/{module.pk}")
    names = Function.objects.filter(module=module).values_list("qualname", flat=True)
    assert all([name.replace("<", "&lt;").replace(">", "&gt;") in page.text async for name in names])


async def test_the_stream_holds_every_function(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/api/functions")).text.splitlines()
    assert len(lines) == await Function.objects.acount()
    assert {"pk", "qualname", "line", "is_async", "decorators"} == set(json.loads(lines[0]))


async def test_a_blocking_view_in_a_worker_thread(client: httpx.AsyncClient) -> None:
    assert "Framework :: AsyncIO" in (await client.get("/api/topics")).json()["Framework"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/packages/none", 404),
        ("/packages/none/files", 404),
        ("/api/packages/none", 404),
        ("/modules/99999999", 404),
        ("/modules/999999999999999999999999", 404),
        ("/search?page=0", 400),
        ("/nowhere", 404),
    ],
)
async def test_what_is_not_there(client: httpx.AsyncClient, path: str, status: int) -> None:
    response = await client.get(path)
    assert response.status_code == status
    assert str(status) in response.text or response.json()["error"]


async def test_visitors_at_once_lose_no_view(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get("/packages/h11") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await Distribution.objects.aget(slug="h11")).views == 20


async def run_report(url: str, *command: str) -> str:
    """Run the legacy script in a process of its own; return what it printed."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *command, str(REPORT)],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_legacy_script_runs_unchanged(client: httpx.AsyncClient, url: str) -> None:
    output = await run_report(url, "-m", "orm", "run")
    assert f"functions: {await Function.objects.acount()}" in output
    run = await ReportRun.objects.aget()
    assert run.title in (await client.get("/")).text


async def test_the_legacy_script_says_the_same_under_django(url: str) -> None:
    pytest.importorskip("django")
    ours, theirs = await run_report(url, "-m", "orm", "run"), await run_report(url)
    assert ours.partition("Recorded as run")[0] == theirs.partition("Recorded as run")[0]
    assert await ReportRun.objects.acount() == 2
