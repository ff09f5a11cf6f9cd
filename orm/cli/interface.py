"""The commands that need the ``cli`` extra: click reads the options, rich shows what is found."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict

import click
from click.shell_completion import get_completion_class
from rich.console import Console
from rich.table import Table

from orm.checks import CheckMessage
from orm.cli.check import examine
from orm.cli.fixtures import dumpdata, loaddata
from orm.cli.graph import graph
from orm.cli.inspecting import inspectdb
from orm.cli.lint import lint
from orm.cli.migrations import (
    database_option,
    diff,
    json_option,
    makemigrations,
    migrate,
    showmigrations,
    sqlmigrate,
    squashmigrations,
)
from orm.cli.output import explained, tell_json
from orm.cli.overlooked import faults
from orm.cli.project import enter
from orm.cli.run import run as run_script
from orm.cli.shell import shell as open_shell
from orm.cli.starting import init
from orm.cli.tenants import tenants
from orm.commands.opening import open_prompt
from orm.config import configure, settings
from orm.db.registry import databases
from orm.errors import Error, ImproperlyConfigured
from orm.migrations.drift import Difference
from orm.migrations.drift_blocking import drift

NOT_CONFIGURED = "No database is configured: set DATABASE_URL, or write [tool.orm] in pyproject.toml."

MADE_THE_SAME_BY = "`orm makemigrations` writes what is new into migrations, and `orm migrate` runs them."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="duotone", prog_name="duotone")
@click.option("--settings", metavar="FILE|MODULE", help="Settings from here: a TOML file with [tool.orm], or a module.")
@click.pass_context
def commands(context: click.Context, settings: str | None) -> None:
    """Duotone: an ORM in two colours.

    Databases come from DATABASE_URL or [tool.orm] in the nearest pyproject.toml; relative database files are relative
    to that file's folder, which is on the import path.
    """
    if context.invoked_subcommand not in (None, "run", "init", "completion"):
        with explained():
            enter(settings)


_MIGRATIONS = (makemigrations, migrate, showmigrations, sqlmigrate, squashmigrations, diff, lint, tenants)
for _command in (*_MIGRATIONS, dumpdata, loaddata, inspectdb, graph, init):
    commands.add_command(_command)


@commands.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(arguments: tuple[str, ...]) -> None:
    """Run a script written for Django's ORM: orm run SCRIPT [ARGUMENTS]..."""
    raise SystemExit(run_script(arguments))


@commands.command()
@click.option("--plain", is_flag=True, help="Python's own prompt, also where IPython is installed.")
@click.option("-c", "--command", help="Run this code instead of opening a prompt.")
def shell(plain: bool, command: str | None) -> None:
    """Open a Python prompt with the models at hand: IPython's, where that is installed.

    Code on standard input, or given as --command, is run, with status 1 where a statement failed.

    Example: orm shell -c "print(await Note.objects.acount())"
    """
    try:
        status = open_shell(plain=plain, command=command)
    except ImproperlyConfigured as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(status)


@commands.command(context_settings={"ignore_unknown_options": True})
@database_option
@click.argument("parameters", nargs=-1, type=click.UNPROCESSED)
def dbshell(database: str, parameters: tuple[str, ...]) -> None:
    """Open the database's own prompt: orm dbshell -- OPTIONS OF THE PROMPT."""
    with explained():
        status = open_prompt(database, parameters)
    raise SystemExit(status)


@commands.command()
@click.argument("name", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
def completion(name: str) -> None:
    """Print what makes a shell complete commands and options.

    Example: eval "$(orm completion bash)"
    """
    found = get_completion_class(name)
    if found is None:
        raise click.ClickException(f"Nothing is known of {name}.")
    click.echo(found(commands, {}, "orm", "_ORM_COMPLETE").source())


@commands.command()
@click.option("--database", "url", metavar="URL", help="Check this database instead of the configured ones.")
@json_option
def check(url: str | None, as_json: bool) -> None:
    """Connect to each configured database in both colours; report version and latency, and where models differ from it.

    What is wrong with the models themselves is told, too. Status 1 where a database does not answer or is not what the
    models say, or where a model is declared wrong.
    """
    console = Console()
    table = Table("database", "colour", "driver", "version", "round trip")
    failures = []
    differences: dict[str, list[Difference]] = {}
    found_wrong: list[CheckMessage] = []
    try:
        if url is not None:
            configure(url)
        findings = list(examine())
        for alias in {found.alias for found in findings} - {found.alias for found in findings if found.error}:
            if settings.installed_apps and databases[alias].backend.introspection is not None:
                differences[alias] = drift(using=alias)
        if settings.installed_apps:
            found_wrong = faults()
    except Error as error:
        raise click.ClickException(str(error)) from error
    wrong = any(message.is_serious() for message in found_wrong)
    if as_json:
        told = {alias: [one._asdict() for one in found] for alias, found in differences.items()}
        tell_json(
            {
                "databases": [asdict(found) for found in findings],
                "differences": told,
                "models": [{"level": one.level, "text": str(one)} for one in found_wrong],
            }
        )
        raise SystemExit(1 if any(found.error for found in findings) or any(differences.values()) or wrong else 0)
    if not findings:
        raise click.ClickException(NOT_CONFIGURED)
    for found in findings:
        if found.error:
            failures.append(found)
            table.add_row(found.alias, found.colour, found.driver, "[red]no answer[/red]", "")
        else:
            version = re.split(r" \(| on |,", found.version)[0]
            table.add_row(found.alias, found.colour, found.driver, version, f"{found.seconds * 1_000_000:,.0f} µs")
    console.print(table)
    for found in failures:
        place = f"{found.alias} ({found.url}), {found.colour}" if found.url else found.alias
        print(f"{place}: {found.error}", file=sys.stderr)
    for alias, several in differences.items():
        for one in several:
            print(f"{alias}: {one}", file=sys.stderr)
        if several:
            print(f"{alias} is not what the models say. {MADE_THE_SAME_BY}", file=sys.stderr)
    for message in found_wrong:
        print(message, file=sys.stderr)
    raise SystemExit(1 if failures or any(differences.values()) or wrong else 0)
