"""``orm tenants``: the same history in many schemas or databases, several at a time, and what is where.

Each tenant is migrated by a process of its own (``orm migrate --schema …``), so that a data migration finds the tenant
as its default database, and what goes wrong with one stops no other.
"""

from __future__ import annotations

import fnmatch
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

import click
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from orm.bridge import run
from orm.cli import completing
from orm.cli.output import NOTHING, WRONG, Failure, console, explained, say, tell_json
from orm.config import configure, settings
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.url import DatabaseURL
from orm.records import NamedTuple
from orm.sql import ddl

FAILED = "[red]failed[/red]"
PAUSE_SECONDS = 0.02
"""Between two looks at which processes have ended."""


class Tenant(NamedTuple):
    """A database, or one schema of it."""

    database: str
    schema: str | None

    def __str__(self) -> str:
        return self.database if self.schema is None else f"{self.database}.{self.schema}"

    @property
    def options(self) -> list[str]:
        """How the commands are told which one it is."""
        schema = [] if self.schema is None else ["--schema", self.schema]
        return ["--database", self.database, *schema]


class Outcome(NamedTuple):
    """What a command said of one tenant: its JSON, or why it failed."""

    tenant: Tenant
    told: Any
    error: str


def look_through(alias: str, schema: str | None) -> None:
    """Let a database of this process be one schema of it, and nothing else.

    Raises ``Failure`` for a database without schemas, and for a schema that is not there.
    """
    if schema is None:
        return
    if schema not in schemas_of(alias):
        raise Failure(f"The database {alias!r} has no schema {schema!r}: create it first.")
    url = DatabaseURL.parse(settings.databases[alias])
    quoted = ddl.finished(databases[alias].dialect.quote(schema))
    narrowed = DatabaseURL(
        url.scheme, url.user, url.password, url.host, url.port, url.database,
        {**url.options, "search_path": quoted}, url.pool,
    )  # fmt: skip
    configure({**settings.databases, alias: narrowed})


def schemas_of(alias: str) -> list[str]:
    """Return the names of a database's schemas, but the server's own.

    Raises ``Failure`` for a database that has none.
    """
    database = databases[alias]
    reader = database.backend.introspection
    found = None if reader is None else run(reader.schemas(database.fetch))
    if found is None:
        raise Failure(f"{database.dialect.display_name} has no schemas; name databases instead: --database ALIAS.")
    return found


# -- which -------------------------------------------------------------------------------------------------------------


def tenants_of(aliases: Iterable[str], every: bool, patterns: Sequence[str]) -> list[Tenant]:
    """Return the tenants that options mean, in order.

    Raises ``Failure`` where they mean none.
    """
    chosen = list(databases) if every else list(aliases) or [DEFAULT_DB_ALIAS]
    if not patterns:
        return [Tenant(alias, None) for alias in chosen]
    found = []
    for alias in chosen:
        schemas = schemas_of(alias)
        for pattern in patterns:
            matching = fnmatch.filter(schemas, pattern)
            if not matching:
                raise Failure(
                    f"The database {alias!r} has no schema like {pattern!r}. There are: {', '.join(schemas)}."
                )
            found += [Tenant(alias, schema) for schema in matching]
    return list(dict.fromkeys(found))


# -- how ---------------------------------------------------------------------------------------------------------------


def run_for_each(tenants: Sequence[Tenant], command: Sequence[str], at_once: int) -> Iterator[Outcome]:
    """Run a command of ``orm`` for every tenant, some at once; give each outcome as it comes."""
    waiting = list(reversed(tenants))
    running: dict[Tenant, tuple[subprocess.Popen[str], IO[str], IO[str]]] = {}
    with ExitStack() as files:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    tenant = waiting.pop()
                    said: IO[str] = files.enter_context(tempfile.TemporaryFile("w+"))
                    complained: IO[str] = files.enter_context(tempfile.TemporaryFile("w+"))
                    line = [sys.executable, "-m", "orm", *command, *tenant.options, "--json"]
                    process = subprocess.Popen(
                        line, stdin=subprocess.DEVNULL, stdout=said, stderr=complained, text=True
                    )
                    running[tenant] = (process, said, complained)
                for tenant, (process, said, complained) in list(running.items()):
                    if process.poll() is not None:
                        del running[tenant]
                        yield _outcome(tenant, process.returncode, said, complained)
                time.sleep(PAUSE_SECONDS)
        finally:
            for process, _, _ in running.values():
                process.terminate()
            for process, _, _ in running.values():
                process.wait()


def _outcome(tenant: Tenant, status: int, said: IO[str], complained: IO[str]) -> Outcome:
    said.seek(0)
    complained.seek(0)
    if status == NOTHING:
        return Outcome(tenant, json.load(said), "")
    error = complained.read().strip().removeprefix("Error: ")
    return Outcome(tenant, None, error or f"the process ended with status {status}")


def _watched(outcomes: Iterator[Outcome], tenants: Sequence[Tenant]) -> list[Outcome]:
    """Collect the outcomes in the order of the tenants, with a count at a terminal."""
    found: dict[Tenant, Outcome] = {}
    columns = (TextColumn("tenants"), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(tenants))
        for outcome in outcomes:
            found[outcome.tenant] = outcome
            bar.advance(task)
    return [found[tenant] for tenant in tenants]


# -- commands ----------------------------------------------------------------------------------------------------------


@click.group()
def tenants() -> None:
    """Migrate many schemas or databases, and show what is where.

    Tenants are schemas of a database (`--schema 'tenant_*'`, PostgreSQL), databases by their aliases, or both.
    """


def _which(command: Any) -> Any:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines."),
        click.option("--at-once", default=4, show_default=True, type=click.IntRange(1), help="Tenants at a time."),
        click.option("--all-databases", is_flag=True, help="Every database that is configured."),
        click.option("--database", "aliases", multiple=True, metavar="ALIAS", help="This database; may be repeated."),
        click.option("--schema", "patterns", multiple=True, metavar="PATTERN", help="Schemas like this, 'tenant_*'."),
    ):
        command = option(command)
    return command


@tenants.command("migrate")
@click.argument("app", required=False, shell_complete=completing.labels)
@click.argument("migration", required=False, shell_complete=completing.migrations)
@_which
@click.option("--fake", is_flag=True, help="Record the migrations without running them.")
@click.option("--yes", is_flag=True, help="Go on where columns and tables with rows are dropped.")
@click.pass_context
def migrate_tenants(
    context: click.Context,
    app: str | None,
    migration: str | None,
    patterns: tuple[str, ...],
    aliases: tuple[str, ...],
    all_databases: bool,
    at_once: int,
    as_json: bool,
    fake: bool,
    yes: bool,
) -> None:
    """Bring every tenant to where the migrations lead, or to one of them; a failure stops no other tenant.

    Status 2 where one failed: those that did are named, and running it again goes on with them.

    Examples: orm tenants migrate --schema 'tenant_*'; orm tenants migrate --all-databases --at-once 8
    """
    with explained():
        every = tenants_of(aliases, all_databases, patterns)
    flags = [flag for flag, given in (("--fake", fake), ("--yes", yes)) if given]
    command = [*_settings(context), "migrate", *filter(None, (app, migration)), *flags]
    outcomes = _watched(run_for_each(every, command, at_once), every)
    failed = [one for one in outcomes if one.error]
    if as_json:
        tell_json(
            [
                {"tenant": str(one.tenant), "ran": (one.told or {}).get("ran", []), "error": one.error}
                for one in outcomes
            ]
        )
    else:
        table = Table("tenant", "ran")
        for one in outcomes:
            ran = "[red]failed[/red]" if one.error else escape(", ".join(one.told["ran"])) or "nothing"
            table.add_row(escape(str(one.tenant)), ran)
        console.print(table)
        for one in failed:
            click.echo(f"{one.tenant}: {one.error}", err=True)
    raise SystemExit(WRONG if failed else NOTHING)


@tenants.command("show")
@_which
@click.pass_context
def show_tenants(
    context: click.Context,
    patterns: tuple[str, ...],
    aliases: tuple[str, ...],
    all_databases: bool,
    at_once: int,
    as_json: bool,
) -> None:
    """Show how far every tenant is: the last migration of each app, and how many are missing.

    Status 2 where a tenant can't be asked.

    Example: orm tenants show --schema 'tenant_*'
    """
    with explained():
        every = tenants_of(aliases, all_databases, patterns)
    outcomes = _watched(run_for_each(every, [*_settings(context), "showmigrations"], at_once), every)
    failed = [one for one in outcomes if one.error]
    if as_json:
        tell_json([{"tenant": str(one.tenant), "migrations": one.told, "error": one.error} for one in outcomes])
    else:
        apps = sorted({step["app"] for one in outcomes for step in one.told or ()})
        table = Table("tenant", *apps)
        for one in outcomes:
            places = ("[red]no answer[/red]" if one.error else escape(_place(one.told, app)) for app in apps)
            table.add_row(escape(str(one.tenant)), *places)
        console.print(table)
        for one in failed:
            click.echo(f"{one.tenant}: {one.error}", err=True)
        if not apps:
            say("No app has migrations.")
    raise SystemExit(WRONG if failed else NOTHING)


def _place(steps: Iterable[dict[str, Any]], app: str) -> str:
    """Return the last migration of an app that is applied, with how many are missing."""
    names = [(step["name"], step["applied"]) for step in steps if step["app"] == app]
    applied = [name for name, done in names if done]
    missing = len(names) - len(applied)
    return (applied[-1] if applied else "none") + (f" ({missing} to go)" if missing else "")


def _settings(context: click.Context) -> list[str]:
    """Return the option by which ``orm`` itself was given its settings."""
    given = context.find_root().params.get("settings")
    return [] if given is None else ["--settings", given]
