"""``orm dumpdata`` and ``orm loaddata``: rows as fixtures in Django's form, and back."""

from __future__ import annotations

import sys

import click

from orm.cli.migrations import database_option, json_option
from orm.cli.output import at_terminal, explained, say, tell_json, writing
from orm.serializers.dumping import Dump
from orm.serializers.loading import Load


@click.command()
@click.argument("labels", nargs=-1, metavar="[APP|APP.MODEL]...")
@click.option("--format", default="json", show_default=True, help="json, jsonl, or yaml where PyYAML is installed.")
@click.option("--indent", type=int, help="Indent nested values by so many blanks.")
@database_option
@click.option("-e", "--exclude", multiple=True, metavar="APP|APP.MODEL", help="Leave this out; may be repeated.")
@click.option("--natural-foreign", is_flag=True, help="Refer to rows by their natural keys.")
@click.option("--natural-primary", is_flag=True, help="Leave out the keys of rows that have a natural key.")
@click.option("-a", "--all", "every", is_flag=True, help="Also rows that a manager of the model's own leaves out.")
@click.option("--pks", metavar="KEY,KEY", help="Only the rows with these keys, of the one model that is named.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file; .gz, .bz2 and .xz compress it.")
def dumpdata(
    labels: tuple[str, ...],
    format: str,
    indent: int | None,
    database: str,
    exclude: tuple[str, ...],
    natural_foreign: bool,
    natural_primary: bool,
    every: bool,
    pks: str | None,
    output: str | None,
) -> None:
    """Write rows as a fixture, which `orm loaddata` and Django read.

    Examples: orm dumpdata > all.json; orm dumpdata shop --indent 2 -o shop.json.gz; orm dumpdata shop.Product --pks 1,2
    """
    keys = [one.strip() for one in pks.split(",")] if pks else ()
    dump = Dump(labels, format, indent, database, exclude, natural_foreign, natural_primary, every, keys)
    with explained():
        if output:
            with writing(output):
                dump.write_file(output, sys.stderr if sys.stderr.isatty() else None)
        else:
            dump.write(sys.stdout)
            print()


@click.command()
@click.argument("fixtures", nargs=-1, required=True, metavar="FIXTURE...")
@database_option
@click.option("--app", "app_label", metavar="APP", help="Look into the fixtures of this app only.")
@click.option("-i", "--ignorenonexistent", is_flag=True, help="Pass over fields and models that do not exist.")
@click.option("-e", "--exclude", multiple=True, metavar="APP|APP.MODEL", help="Leave this out; may be repeated.")
@click.option("--format", help="The format of what comes from standard input.")
@json_option
def loaddata(
    fixtures: tuple[str, ...],
    database: str,
    app_label: str | None,
    ignorenonexistent: bool,
    exclude: tuple[str, ...],
    format: str | None,
    as_json: bool,
) -> None:
    """Put fixtures into the database, all or nothing; FIXTURE is a name, a path, or - for standard input.

    A name is looked for in the folder `fixtures` of each app, in fixture_dirs of the settings, and here.

    Examples: orm loaddata countries; orm loaddata shop.json.gz; orm dumpdata shop | orm loaddata --format json -
    """
    progress = _count if at_terminal() and not as_json else None
    load = Load(database, ignorenonexistent, app_label, exclude, format, progress=progress)
    with explained():
        done = load.load(*fixtures)
    if progress is not None and done.loaded >= 1000:
        click.echo("\r", nl=False, err=True)
    if as_json:
        tell_json({"objects": done.objects, "loaded": done.loaded, "fixtures": done.fixtures})
        return
    of = f" (of {done.objects})" if done.objects != done.loaded else ""
    say(f"Installed {done.loaded} object(s){of} from {done.fixtures} fixture(s)")


def _count(count: int) -> None:
    click.echo(f"\r{count:,} objects", nl=False, err=True)
