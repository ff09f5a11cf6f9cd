"""``orm lint``: what the migrations to come would do to a database that people use."""

from __future__ import annotations

import sys

import click
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from orm.cli import completing
from orm.cli.migrations import database_option, json_option
from orm.cli.output import DIFFERENT, NOTHING, Tone, console, explained, say, tell_json
from orm.cli.safety import findings_of, mended
from orm.cli.tracing import Taken, trace
from orm.config import settings
from orm.migrations import making, sources
from orm.migrations.running_blocking import plan as plan_migrations


def _version(context: click.Context, option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """A version as numbers. Raises ``BadParameter``."""
    if value is None:
        return None
    parts = value.split(".")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"a version is a number like 14 or 14.2, not {value!r}.")
    return (int(parts[0]), int(parts[1]) if len(parts) == 2 else 0)


@click.command()
@click.argument("app", required=False, shell_complete=completing.labels)
@database_option
@click.option(
    "--fix/--no-fix",
    default=None,
    help="Write those that have a safe form anew, each step a migration of its own (the setting `production`).",
)
@click.option("--count-rows", is_flag=True, help="Say nothing of reading tables that have few rows in this database.")
@click.option(
    "--server-version",
    metavar="VERSION",
    callback=_version,
    help="Judge for a server of this version (14 or 14.2), and not for that of this database.",
)
@click.option("--trace", "traced", is_flag=True, help="Also run them on an empty copy, and show the locks they take.")
@json_option
def lint(
    app: str | None,
    database: str,
    fix: bool | None,
    count_rows: bool,
    server_version: tuple[int, ...] | None,
    traced: bool,
    as_json: bool,
) -> None:
    """Say what the migrations that are not applied would do to a database in use; status 1 when there is something.

    Tables that the same run makes are new, and nothing is said of them. A migration may say why it is right:
    lint_ignore = {"column-in-use": "nobody reads it any more"}. With --fix a migration becomes several, of which the
    last one keeps the name. With --trace they are run on an empty database beside this one, and dropped with it.
    """
    with explained():
        making.refuse_unknown([app] if app else [])
        sources.import_models()
        plan = plan_migrations(app, using=database)
        files = mended(plan, database) if (settings.production if fix is None else fix) else []
        if files:
            for label in {file.migration.app_label for file in files}:
                sources.forget_modules(str(sources.migrations_module(label)[0]))
            plan = plan_migrations(app, using=database)
        found = findings_of(plan, database, count_rows=count_rows, version=server_version)
        taken = trace(database, app) if traced else []
    if not as_json:
        for file in files:
            say(f"Written: {file.migration}")
    if as_json:
        told = [{**one._asdict(), **one.kind._asdict()} for one in found]
        tell_json({"findings": told, "trace": [one.told() for one in taken]} if traced else told)
    elif not found:
        say("Nothing to object to.", Tone.DONE)
    else:
        for one in found:
            say(str(one), Tone.OPEN)
    if traced and not as_json:
        show(taken)
    sys.exit(DIFFERENT if found else NOTHING)


SHOWN = 60
"""How many characters of a statement are shown."""


def show(taken: list[Taken]) -> None:
    """Print the locks of each statement as a table."""
    if not taken:
        say("No locks on tables that are there already.")
        return
    table = Table("migration", "operation", "statement", "table or index", "lock", "who waits", "ms", box=SIMPLE)
    for one in taken:
        words = " ".join(one.statement.split())
        shown = words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
        for place, lock in enumerate(one.locks):
            first = (one.migration, str(one.operation), shown) if place == 0 else ("", "", "")
            row = (*first, lock.relation, lock.mode, lock.who_waits or "nobody", f"{one.seconds * 1000:.1f}")
            table.add_row(*map(escape, row))
    console.print(table)
