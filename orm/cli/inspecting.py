"""``orm inspectdb``: models for the tables of an existing database."""

from __future__ import annotations

import click

from orm.cli.migrations import database_option, json_option
from orm.cli.output import explained, tell_json
from orm.migrations.inspected_source import source
from orm.migrations.inspecting_blocking import inspect


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@database_option
@click.option("--include-views", is_flag=True, help="Views, too.")
@click.option("--include-partitions", is_flag=True, help="Partitions, too.")
@click.option("--managed", is_flag=True, help="Let migrations look after the tables from now on.")
@json_option
def inspectdb(
    tables: tuple[str, ...], database: str, include_views: bool, include_partitions: bool, managed: bool, as_json: bool
) -> None:
    """Print models for the tables of the database: a start, to be read and cleaned up.

    To take over a database: write the models into an app with --managed, then `orm makemigrations` and `orm migrate
    --adopt`.

    Examples: orm inspectdb > shop/models.py; orm inspectdb product order --managed
    """
    with explained():
        drafts = inspect(database, tables, views=include_views, partitions=include_partitions)
        text = source(drafts, managed=managed)
    if as_json:
        tell_json(
            [
                {"table": one.table, "kind": one.kind, "model": one.model, "error": one.error,
                 "fields": [{"name": field.name, "column": field.column, "kind": field.kind} for field in one.fields]}
                for one in drafts
            ]
        )  # fmt: skip
        return
    click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"), nl=False)
