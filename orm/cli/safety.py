"""What is wrong with the migrations to come, for ``orm lint`` and for ``orm migrate`` with ``--safe``."""

from __future__ import annotations

import re

from orm.cli.output import Failure
from orm.db.registry import databases
from orm.migrations import making
from orm.migrations.executor import Plan
from orm.migrations.lint import Finding, lint, rewrite
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.state import ProjectState

FEW = 1000
"""Rows that are read, written or checked before anybody notices."""


def findings_of(
    plan: Plan, alias: str, *, count_rows: bool = False, version: tuple[int, ...] | None = None
) -> list[Finding]:
    """What is wrong with those migrations of a plan that go forwards, from where the database is.

    Parameters: ``count_rows`` looks which tables of this very database have few rows, and lets those be read;
    ``version`` is that of the server they are for, None that of this database.
    """
    state = _state(alias)
    small = _small_tables(state, alias) if count_rows else ()
    known = version_of(alias) if version is None else version
    return lint(_coming(plan), state, databases[alias].dialect, small, known)


def version_of(alias: str) -> tuple[int, ...]:
    """The version of a database's server, as ``(14, 2)``; empty where it does not tell it in its own name."""
    database = databases[alias]
    with database.connection() as connection:
        told = str(connection.fetch(database.dialect.version_query)[0][0])
    found = re.match(rf"{re.escape(database.dialect.display_name)} (\d+)(?:\.(\d+))?", told)
    return () if found is None else (int(found[1]), int(found[2] or 0))


def _small_tables(state: ProjectState, alias: str) -> set[str]:
    """The tables of models that have fewer than ``FEW`` rows, none of them read further than that."""
    database = databases[alias]
    found = set()
    with database.connection() as connection:
        for model in state.apps.get_models():
            table = model._meta.db_table
            if model._meta.proxy or not model._meta.managed:
                continue
            name = database.dialect.quote(table).replace("%%", "%")
            rows = connection.fetch(f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {FEW:d}) AS counted")
            if rows[0][0] < FEW:
                found.add(table)
    return found


def mended(plan: Plan, alias: str) -> list[making.Written]:
    """Write those migrations of a plan anew that have a safe form; return the files, in the order they run in.

    Raises ``Failure`` for a function that stands in the file itself, which would be lost.
    """
    files = []
    others = [databases[one].dialect for one in databases]
    for one in rewrite(_coming(plan), _state(alias), databases[alias].dialect, others):
        written = [making.rewritten(migration) for migration in one.new]
        if any(file is None for file in written):
            raise Failure(f"{one.old} has functions of its own, so it can't be written anew: split it by hand.")
        files += [file for file in written if file is not None]
    for file in files:
        making.put(file)
    return files


def _coming(plan: Plan) -> list[object]:
    return [migration for migration, backwards in plan if not backwards]


def _state(alias: str) -> ProjectState:
    """What the database has."""
    loader = MigrationLoader(databases[alias], ignore_no_migrations=True)
    return loader.project_state([key for key in loader.applied_migrations if key in loader.graph.nodes])


def refuse_unsafe(plan: Plan, alias: str) -> None:
    """Raise Failure where something is wrong with a plan."""
    found = findings_of(plan, alias, count_rows=True)
    if found:
        told = "\n".join(map(str, found))
        raise Failure(
            f"{told}\nNothing was run. Mend these (`orm lint --fix` does where it can), give them a lint_ignore, or "
            "say --no-safe."
        )
