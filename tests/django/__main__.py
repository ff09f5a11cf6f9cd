"""The runner: one process for each package, what they report, and the committed lists of tests that pass."""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests import servers
from tests.django.recording import merge
from tests.django.worker import RESTART

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSION = "5.2.19"
CACHE = Path(tempfile.gettempdir()) / "duotone-django-tests"
TESTS = CACHE / f"django-{VERSION}" / "tests"
EXTENSIONS = ["bloom", "btree_gin", "btree_gist", "citext", "hstore", "pg_trgm", "unaccent"]
NEED_EXTENSIONS = {"postgres_tests", "db_functions"}
ONLY_HERE = {"postgresql": ["postgres_tests", "select_for_update"]}
"""The packages that ``--quick`` runs on a database, where not all: those that test what it alone has."""
PACKAGE_SECONDS = 900
RESTARTS = 20


class NotRun(Exception):
    """The tests can't be run here; the message says why."""


def ensure_tests() -> None:
    """Download Django's sdist, unless it is there."""
    if TESTS.is_dir():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder]
        done = subprocess.run([*command, f"django=={VERSION}"], capture_output=True, text=True)
        archives = list(Path(folder).glob("*.tar.gz"))
        if done.returncode or not archives:
            raise NotRun(f"the sdist of Django {VERSION} can't be had: {done.stderr.strip()[-300:]}")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(folder, filter="data")
        made = next(path for path in Path(folder).iterdir() if path.is_dir())
        shutil.move(str(made), TESTS.parent)


# -- databases ---------------------------------------------------------------------------------------------------------


class Databases:
    """Two databases for one process at a time, made anew for each."""

    def __init__(self, backend: str, slot: int, url: str) -> None:
        self.backend = backend
        self.slot = slot
        self.url = url
        self.folder = Path(tempfile.mkdtemp(prefix="duotone-django-")) if backend == "sqlite" else None

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """The databases as Django's settings have them."""
        if self.folder is not None:
            engine = "django.db.backends.sqlite3"
            return {alias: {"ENGINE": engine, "NAME": str(self.folder / alias)} for alias in ("default", "other")}
        parts = urlsplit(self.url)
        server = {
            "ENGINE": "django.db.backends.postgresql", "HOST": parts.hostname or "", "PORT": str(parts.port or ""),
            "USER": parts.username or "", "PASSWORD": parts.password or "",
        }  # fmt: skip
        return {alias: {**server, "NAME": f"djt_{os.getpid()}_{self.slot}_{alias}"} for alias in ("default", "other")}

    def make(self, extensions: list[str]) -> None:
        """Make empty databases."""
        self.drop()
        if self.folder is not None:
            self.folder.mkdir()
            return
        for each in self.settings.values():
            with psycopg.connect(self.url, autocommit=True) as admin:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(each["NAME"])))
            with psycopg.connect(self.url, dbname=each["NAME"], autocommit=True) as session:
                for extension in extensions:
                    session.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))

    def drop(self) -> None:
        """Drop them."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        with psycopg.connect(self.url, autocommit=True) as admin:
            for each in self.settings.values():
                name = sql.Identifier(each["NAME"])
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


# -- one package -------------------------------------------------------------------------------------------------------


def run_process(job: dict[str, Any], out: Path, log: Path, limit: float) -> tuple[int, bool]:
    """Run the worker; return its exit status, and whether it took too long."""
    path = out.with_suffix(".job")
    path.write_text(json.dumps(job), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")},
        "PYTHONPATH": str(ROOT), "DJANGO_TESTS_OUT": str(out), "PYTHONHASHSEED": "0",
        "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
    }  # fmt: skip
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.django.worker", str(path)],
            env=environment, cwd=TESTS, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(limit), False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait(), True


def run_package(package: str, rule: dict[str, Any], databases: Databases, work: Path) -> dict[str, Any]:
    """Run a package, in a new process after each crash; return what its tests did."""
    out, log = work / f"{package}.jsonl", work / f"{package}.log"
    began = time.monotonic()
    blamed: dict[str, str] = {}
    classes: list[str] = []
    for _ in range(RESTARTS):
        databases.make(EXTENSIONS if package in NEED_EXTENSIONS else [])
        found = merge(out)
        job = {
            "package": package, "tests_dir": str(TESTS), "databases": databases.settings,
            "skip": [*found["tests"], *blamed], "skip_classes": classes,
            "exclude": rule.get("exclude", []), "only": rule.get("only", []),
        }  # fmt: skip
        left = max(30.0, PACKAGE_SECONDS - (time.monotonic() - began))
        status, late = run_process(job, out, log, left)
        databases.drop()
        before, found = found, merge(out)
        if found["done"] or found["fatal"] or late:
            break
        # It ended early: a crash, a hang, or (RESTART) on purpose. The test or class it was in goes without it.
        if status != RESTART and found["last_start"]:
            blamed[found["last_start"]] = f"the process ended with status {status}"
        elif status != RESTART and found["last_class"]:
            classes.append(found["last_class"])
        elif len(found["tests"]) == len(before["tests"]):
            break
    for name, why in blamed.items():
        found["tests"][name] = ["error", why]
    found["seconds"] = time.monotonic() - began
    return found


# -- all of them, against the list -------------------------------------------------------------------------------------


@contextlib.contextmanager
def server_url(backend: str) -> Iterator[str | None]:
    """The URL of a server that makes databases; empty where none is needed, None where none is found."""
    if backend == "sqlite":
        yield ""
        return
    search = servers.Search()
    with search.closing:
        url = search.find()
        if url is None:
            print(f"NOT RUN: Django's tests on PostgreSQL: no server; tried {'; '.join(search.tried)}.")
        yield url


def listed(backend: str) -> set[str]:
    """The tests that passed when the list was last written."""
    path = HERE / f"passing-{backend}.txt"
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def run_all(backend: str, packages: dict[str, dict[str, Any]], url: str, jobs: int, work: Path) -> dict[str, Any]:
    """Run packages, a few at a time; return what each did."""
    slots: queue.Queue[Databases] = queue.Queue()
    for slot in range(jobs):
        slots.put(Databases(backend, slot, url))
    sizes = collections.Counter(name.partition(".")[0] for name in listed(backend))

    def one(package: str) -> dict[str, Any]:
        databases = slots.get()
        try:
            found = run_package(package, packages[package], databases, work)
        finally:
            slots.put(databases)
        counted = dict(collections.Counter(status for status, _ in found["tests"].values()))
        print(f"  {package:26}{found['seconds']:7.1f} s  {counted} {found['fatal'] or ''}", flush=True)
        return found

    order = sorted(packages, key=lambda name: -sizes[name])
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(order, pool.map(one, order), strict=True))


def compare(backend: str, results: dict[str, Any], update: bool) -> bool:
    """Tell how the results differ from the list; return whether a listed test does not pass."""
    states = {name: state for found in results.values() for name, state in found["tests"].items()}
    passing = {name for name, (status, _) in states.items() if status == "pass"}
    expected = {name for name in listed(backend) if name.partition(".")[0] in results}
    broken, new = sorted(expected - passing), sorted(passing - expected)
    print(f"{backend}: {len(passing)} of {len(states)} tests pass; {len(expected)} are expected to")
    for name in broken:
        status, why = states.get(name, ("lost", "not run"))
        print(f"  NO LONGER PASSES: {name}: {status}: {why}")
    if update:
        kept = {name for name in listed(backend) if name.partition(".")[0] not in results}
        text = "".join(f"{name}\n" for name in sorted(kept | passing))
        (HERE / f"passing-{backend}.txt").write_text(text, encoding="utf-8")
        return False
    for name in new:
        print(f"  passes, and is not listed: {name}")
    if new:
        print("  (python -m tests.django --update takes them up)")
    return bool(broken)


def main() -> int:
    """Run what is asked for; the exit status is 1 where a listed test does not pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.django", description=__doc__)
    parser.add_argument("packages", nargs="*", help="packages of Django's tests; all that packages.toml names")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="on this database only")
    parser.add_argument("--quick", action="store_true", help="on PostgreSQL only what it alone has")
    parser.add_argument("--update", action="store_true", help="write the lists of passing tests anew")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    options = parser.parse_args()
    try:
        if find_spec("django") is not None:
            raise NotRun("Django is installed in this environment, and would be tested in place of this library")
        ensure_tests()
    except NotRun as reason:
        print(f"NOT RUN: Django's tests: {reason}.")
        return 0
    rules = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))
    known = {**{name: {} for name in rules["in"]}, **rules["partly"]}
    unknown = set(options.packages) - known.keys()
    if unknown:
        parser.error(f"not in packages.toml: {', '.join(sorted(unknown))}")
    work = Path(tempfile.mkdtemp(prefix="duotone-django-logs-"))
    print(f"# Django {VERSION}; logs in {work}")
    failed = False
    for backend in [options.database] if options.database else ["sqlite", "postgresql"]:
        chosen = options.packages or (ONLY_HERE.get(backend) if options.quick else None) or list(known)
        (work / backend).mkdir()
        with server_url(backend) as url:
            if url is None:
                continue
            results = run_all(backend, {name: known[name] for name in chosen}, url, options.jobs, work / backend)
        failed |= compare(backend, results, options.update)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
