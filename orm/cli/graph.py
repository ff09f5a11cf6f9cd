"""``orm graph``: the models as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from orm.cli import completing
from orm.cli.drawing import mermaid, svg
from orm.cli.output import Failure, explained, tell_json, writing
from orm.migrations import making, sources
from orm.models.diagram import diagram

SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".md": "mermaid"}
"""What is written into a file of a name that ends like that."""


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP]...", shell_complete=completing.labels)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file: .svg, .mmd.")
@click.option("--format", "form", type=click.Choice(["svg", "mermaid", "json"]), help="Instead of what the file says.")
def graph(apps: tuple[str, ...], output: Path | None, form: str | None) -> None:
    """Draw the models: entities with their fields, grouped by app, and how many rows relate to how many.

    Without a file it prints Mermaid, which GitHub and many other pages draw.

    Examples: orm graph -o models.svg; orm graph shop >> README.md
    """
    with explained():
        making.refuse_unknown(apps)
        sources.import_models()
    found = diagram(apps)
    if not found.entities:
        raise Failure(f"There are no models in {', '.join(apps) or 'any of the installed_apps of [tool.orm]'}.")
    form = form or ("mermaid" if output is None else SUFFIXES.get(output.suffix.lower()))
    if form is None:
        raise Failure(f"{output}: the name ends in .svg or .mmd, or --format says what is written.")
    if form == "json":
        entities = [
            {**one._asdict(), "attributes": [each._asdict() for each in one.attributes]} for one in found.entities
        ]
        tell_json({"entities": entities, "relations": [one._asdict() for one in found.relations]})
        return
    text = svg(found) if form == "svg" else mermaid(found)
    if output is None:
        click.echo(text, nl=False)
    else:
        with writing(output):
            output.write_text(text, encoding="utf-8")
        click.echo(f"{output}: {len(found.entities)} models, {len(found.relations)} relations", err=True)
