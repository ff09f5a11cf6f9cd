"""``orm lint``: what the migrations to come would do to a database that people use."""

from __future__ import annotations

import sys

import click

from orm.cli.migrations import database_option, json_option
from orm.cli.output import DIFFERENT, NOTHING, explained, say, tell_json
from orm.cli.safety import findings_of
from orm.migrations import making, sources
from orm.migrations.running_blocking import plan as plan_migrations


@click.command()
@click.argument("app", required=False)
@database_option
@json_option
def lint(app: str | None, database: str, as_json: bool) -> None:
    """Say what the migrations that are not applied would do to a database in use; status 1 when there is something.

    Tables that the same run makes are new, and nothing is said of them. A migration may say why it is right:
    lint_ignore = {"column-in-use": "nobody reads it any more"}.
    """
    with explained():
        making.refuse_unknown([app] if app else [])
        sources.import_models()
        found = findings_of(plan_migrations(app, using=database), database)
    if as_json:
        tell_json([{**one._asdict(), **one.kind._asdict()} for one in found])
    elif not found:
        say("Nothing to object to.")
    else:
        for one in found:
            say(str(one))
    sys.exit(DIFFERENT if found else NOTHING)
