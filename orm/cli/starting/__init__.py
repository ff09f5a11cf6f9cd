"""``orm init``: a new project in a folder, ready to run: settings, a model, its migration, an async view and a test."""

from __future__ import annotations

import keyword
import re
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from orm.cli.migrations import json_option
from orm.cli.output import Failure, say, tell_json, writing
from orm.cli.starting.files import BARE, FILES

NAME = re.compile(r"[a-z][a-z0-9_]*")
TAKEN = frozenset({"orm", "tests"}) | sys.stdlib_module_names
"""Names that a project's package can't have, as others have them."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--app", metavar="NAME", help="What the first app is called, where it is not called as the folder is.")
@click.option("--bare", is_flag=True, help="No example: settings, an empty models.py, and what tests need.")
@json_option
def init(folder: Path, app: str | None, bare: bool, as_json: bool) -> None:
    """Make a new project in FOLDER: settings, a model, a migration, a test and an async view, ready to run.

    Nothing that is there is overwritten.

    Example: orm init shop; cd shop; orm migrate; python -m pytest
    """
    app = folder.resolve().name.lower().replace("-", "_") if app is None else app
    if not NAME.fullmatch(app) or keyword.iskeyword(app) or app in TAKEN:
        raise Failure(
            f"The first app can't be called {app!r}: it is a package, in small letters, and no module that Python has. "
            "Name it: --app NAME."
        )
    chosen = BARE if bare else FILES
    files = {Path(name.replace("APP", app)): text.replace("APP", app) for name, text in chosen.items()}
    there = sorted(str(name) for name in files if (folder / name).exists())
    if there:
        raise Failure(f"{folder} has these already, and nothing is overwritten: {', '.join(there)}.")
    for name, text in files.items():
        path = folder / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if not as_json:
            say(f"  {path}")
    steps = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    if bare:
        steps += [f"write your models into {app}/models.py", f"orm makemigrations {app}", "orm migrate"]
    else:
        steps += ["orm migrate", "python -m pytest", f"python -m {app}.views"]
        if find_spec("pytest") is None:
            steps.insert(-2, "pip install pytest")
    if as_json:
        tell_json({"app": app, "files": [str(folder / name) for name in files], "next": steps})
    else:
        say("\n  ".join(["\nNow:", *steps]))
