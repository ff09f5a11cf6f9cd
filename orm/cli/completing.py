"""What a shell is offered after ``orm COMMAND``: the project's apps, their migrations, its databases.

A project that can't be read has nothing to offer; the command itself says why.
"""

from __future__ import annotations

import contextlib

import click

from orm.cli.project import enter
from orm.db.registry import databases
from orm.errors import Error
from orm.migrations import making, sources
from orm.migrations.running import ZERO


def labels(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The labels of the installed apps."""
    _enter(context)
    with contextlib.suppress(Error, ImportError):
        return [one for one in sources.labels() if one.startswith(incomplete)]
    return []


def migrations(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of the app's migrations, and what takes all of them back."""
    _enter(context)
    with contextlib.suppress(Error, ImportError):
        app = context.params.get("app")
        names = sorted(name for label, name in making.from_disk().disk_migrations if label == app)
        names += [ZERO] if context.info_name == "migrate" else []
        return [one for one in names if one.startswith(incomplete)]
    return []


def aliases(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The databases, by their aliases."""
    _enter(context)
    with contextlib.suppress(Error, ImportError):
        return [one for one in databases if one.startswith(incomplete)]
    return []


def _enter(context: click.Context) -> None:
    with contextlib.suppress(Error, OSError):
        enter(context.find_root().params.get("settings"))
