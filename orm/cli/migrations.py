"""The commands around migrations: make, run, show, print, squash and compare them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from orm.cli import completing
from orm.cli.losses import losses_of
from orm.cli.output import ASKED, DIFFERENT, Failure, Tone, at_terminal, complain, explained, say, tell_json, writing
from orm.cli.overlooked import refuse_faulty_models, remarks
from orm.cli.progress import Teller
from orm.cli.safety import refuse_unsafe
from orm.cli.tenants import look_through
from orm.config import settings
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.migrations import making, offline, sources, updating
from orm.migrations.autodetector import Changes
from orm.migrations.drift_blocking import drift
from orm.migrations.executor import Plan
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.migration import NOT_SQL
from orm.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
    NonInteractiveMigrationQuestioner,
)
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.migrations.renames import ToldRenames
from orm.migrations.running import in_plan
from orm.migrations.running_blocking import migrate as run_migrations
from orm.migrations.running_blocking import plan as plan_migrations

database_option = click.option(
    "--database",
    default=DEFAULT_DB_ALIAS,
    show_default=True,
    metavar="ALIAS",
    shell_complete=completing.aliases,
    help="The database, by its alias.",
)
schema_option = click.option("--schema", metavar="NAME", help="In this schema of the database, and in no other.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


# -- making ------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP]...", shell_complete=completing.labels)
@click.option("-n", "--name", help="Name the migration, after its number.")
@click.option("--empty", is_flag=True, help="Make a migration without operations, to be filled by hand.")
@click.option("--merge", is_flag=True, help="Join the branches of a history with several last migrations.")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when migrations are missing.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option("--update", is_flag=True, help="Take changes into each app's last migration, if it is not applied.")
@click.option("--rename", "renames", multiple=True, metavar="OLD:NEW", help="OLD (a model, or Model.field) is now NEW.")
@click.option("--no-input", is_flag=True, help="Ask nothing.")
@click.option("--no-header", is_flag=True, help="Leave out the line that says when the file was made.")
@json_option
def makemigrations(
    apps: tuple[str, ...],
    name: str | None,
    empty: bool,
    merge: bool,
    check: bool,
    dry_run: bool,
    update: bool,
    renames: tuple[str, ...],
    no_input: bool,
    no_header: bool,
    as_json: bool,
) -> None:
    """Write migrations for what changed in the models since the last ones.

    A renamed model or field is taken for one that went and one that came, unless you say so: at the question, or with
    --rename Author.name:full_name.

    Examples: orm makemigrations; orm makemigrations shop --name prices; orm makemigrations --check
    """
    with explained():
        if name is not None and not name.isidentifier():
            raise Failure("The migration name must be a valid Python identifier.")
        making.refuse_unknown(apps)
        refuse_faulty_models()
        loader = making.from_disk()
        if merge or empty:
            _refuse_beside_new_files(update, renames)
        changes: Changes = {}
        if merge:
            made = making.merge(loader, name)
        else:
            making.refuse_conflicts(loader, apps)
            questioner = _questioner(renames, apps, ask=not no_input, dry_run=dry_run or check)
            changes = making.empty(loader, apps, name) if empty else making.detect(loader, questioner, apps, name)
            made = [migration for migrations in changes.values() for migration in migrations]
        left: list[str] = []
        if update:
            known = MigrationLoader(databases[DEFAULT_DB_ALIAS], ignore_no_migrations=True)
            updates = updating.updated(known, changes, name, include_header=not no_header)
            files = [one.file for one in updates]
        else:
            updates = []
            files = [making.written(migration, include_header=not no_header) for migration in made]
        if not (check or dry_run):
            for one in files if not update else ():
                with writing(one.path):
                    making.write(one)
            for each in updates:
                updating.write_updated(each)
                left += [each.left] if each.left not in (None, each.file.path) else []
    if as_json:
        tell_json([_described(one) for one in files])
    else:
        _show_made(files, apps, dry_run)
        for path in left:
            say(f"Deleted {making.shown(path)}")
    if check and files:
        sys.exit(DIFFERENT)


def _questioner(renames: Iterable[str], apps: Iterable[str], *, ask: bool, dry_run: bool) -> MigrationQuestioner:
    pairs = []
    for one in renames:
        old, colon, new = one.partition(":")
        if not (old and colon and new):
            raise Failure(f"--rename takes OLD:NEW, like --rename Author.name:full_name, not {one!r}.")
        pairs.append((old, new))
    questioner: MigrationQuestioner
    if ask and at_terminal():
        questioner = InteractiveMigrationQuestioner(specified_apps=list(apps), dry_run=dry_run)
    else:
        log = _complain_of_field
        questioner = NonInteractiveMigrationQuestioner(specified_apps=list(apps), dry_run=dry_run, log=log)
    questioner.renames = ToldRenames(pairs)
    return questioner


def _complain_of_field(text: str) -> None:
    complain(f"{text} Give the field a default (or null=True), or answer at a terminal.")


def _described(file: making.Written) -> dict[str, object]:
    """Return what ``makemigrations --json`` says of a migration."""
    migration = file.migration
    operations = [operation.describe() for operation in migration.operations]
    return {"app": migration.app_label, "name": migration.name, "path": file.path, "operations": operations}


def _show_made(files: list[making.Written], apps: tuple[str, ...], dry_run: bool) -> None:
    if not files:
        where = f" in app '{apps[0]}'" if len(apps) == 1 else f" in apps {', '.join(apps)}" if apps else ""
        say(f"No changes detected{where}")
        for remark in remarks(apps):
            complain(remark)
    label = ""
    for one in files:
        if one.migration.app_label != label:
            label = one.migration.app_label
            say(f"Migrations for '{label}':", Tone.HEADING)
        say(f"  {making.shown(one.path)}")
        for operation in one.migration.operations:
            say(f"    {operation.formatted_description()}")
        if dry_run:
            say(one.text)


# -- running -----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("app", required=False, shell_complete=completing.labels)
@click.argument("migration", required=False, shell_complete=completing.migrations)
@database_option
@schema_option
@click.option("--fake", is_flag=True, help="Record the migrations without running them.")
@click.option("--fake-initial", is_flag=True, help="Record first migrations whose tables are there already.")
@click.option("--prune", is_flag=True, help="Forget the records of the app's migrations that are gone; run nothing.")
@click.option("--adopt", is_flag=True, help="Take over a database whose tables are there: record all, run nothing.")
@click.option("--plan", "show_plan", is_flag=True, help="Run nothing; show what would be run.")
@click.option("--check", is_flag=True, help="Run nothing; status 1 when there are migrations to run.")
@click.option("--yes", is_flag=True, help="Do not ask before columns and tables with rows are dropped.")
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Wait no longer for a lock, so that nobody waits behind it longer; then try again.",
)
@click.option(
    "--lock-retries", type=click.IntRange(min=0), default=10, show_default=True, help="How often that is tried again."
)
@click.option("--safe/--no-safe", default=None, help="Run nothing that orm lint objects to (the setting `production`).")
@json_option
def migrate(
    app: str | None,
    migration: str | None,
    database: str,
    schema: str | None,
    fake: bool,
    fake_initial: bool,
    prune: bool,
    adopt: bool,
    show_plan: bool,
    check: bool,
    yes: bool,
    lock_timeout: float | None,
    lock_retries: int,
    safe: bool | None,
    as_json: bool,
) -> None:
    """Bring the database to where the migrations lead.

    With APP only that app's (and what they need); with MIGRATION (or the beginning of its name) to that one, forwards
    or backwards; `zero` takes all of the app's back. With --adopt a database without a history gets one, if it has
    what the models say.

    Examples: orm migrate; orm migrate shop 0003; orm migrate shop zero; orm migrate --plan
    """
    with explained():
        look_through(database, schema)
        if prune:
            _prune(app, database, as_json)
            return
        if adopt:
            _refuse_to_adopt(database, app)
            fake = True
        plan = plan_migrations(app, migration, using=database, fake=fake)
        if show_plan or check:
            if as_json:
                tell_json([{"migration": str(one), "backwards": back} for one, back in plan])
            else:
                _show_plan(plan)
            sys.exit(DIFFERENT if check and plan else 0)
        if not fake and (settings.production if safe is None else safe):
            refuse_unsafe(plan, database)
        if not fake and not yes:
            _ask_before_loss(plan, database)
        refuse_faulty_models()
        _refuse_or_warn_of_later(plan, database)
        teller = Teller()
        try:
            done = run_migrations(
                app, migration, using=database, fake=fake, fake_initial=fake_initial,
                lock_timeout=lock_timeout, lock_retries=lock_retries,
                progress=None if as_json else teller,
            )  # fmt: skip
        finally:
            teller.close()
    if as_json:
        tell_json({"database": database, "ran": done})
        return
    if not done:
        say("No migrations to apply.")
    if migration is None:
        for remark in remarks([app] if app else []):
            complain(remark)


def _refuse_beside_new_files(update: bool, renames: tuple[str, ...]) -> None:
    """Refuse what has no meaning beside --merge and --empty."""
    if update:
        raise Failure("--update takes changes into migrations that are there; --merge and --empty make new ones.")
    if renames:
        raise Failure("--rename is about changes of the models; --merge and --empty look at none.")


def _refuse_or_warn_of_later(plan: Plan, database: str) -> None:
    """Say which migrations the database has that this code has not; refuse to take back what they stand on."""
    later = updating.ahead(MigrationLoader(databases[database], ignore_no_migrations=True))
    if not later:
        return
    told = (
        f"The database is newer than this code: it has {', '.join(later)}, which are not here. Deploy the code that "
        "has them, or take them back with it first."
    )
    back = [str(migration) for migration, backwards in plan if backwards]
    if any(one.partition(".")[0] == other.partition(".")[0] for one in back for other in later):
        raise Failure(f"{told}\nNothing was run: {', '.join(back)} can't be taken back from below them.")
    complain(told)


def _prune(app: str | None, database: str, as_json: bool) -> None:
    """Forget the records of an app's migrations that are no longer on disk."""
    if app is None:
        raise Failure("--prune forgets records of one app: name it, `orm migrate APP --prune`.")
    loader = MigrationLoader(databases[database], ignore_no_migrations=True)
    if app not in loader.migrated_apps:
        raise Failure(
            f"App '{app}' does not have migrations. Apps that have: {', '.join(sorted(loader.migrated_apps))}."
        )
    found = updating.prunable(loader, app)
    if found.kept_for:
        raise Failure(
            f"Nothing was forgotten: {', '.join(found.kept_for)} replaces what would be. Run `orm migrate`, so that it "
            "is recorded itself, and take `replaces` out of its file."
        )
    recorder = MigrationRecorder(databases[database])
    for label, name in found.gone:
        recorder.record_unapplied(label, name)
    if as_json:
        tell_json({"database": database, "forgot": [f"{label}.{name}" for label, name in found.gone]})
        return
    for label, name in found.gone:
        say(f"Forgot {label}.{name}")
    if not found.gone:
        say("No migrations to prune.")


def _refuse_to_adopt(database: str, app: str | None) -> None:
    """Refuse to record migrations as applied where the tables are not what they make."""
    if app is not None:
        raise Failure("--adopt takes over a whole database: leave the name of the app away.")
    found = drift(using=database)
    if found:
        told = "\n".join(f"  {one}" for one in found)
        raise Failure(f"The database is not what the models say, so it can't be adopted; `orm diff` says this:\n{told}")


def _show_plan(plan: Plan) -> None:
    say("Planned operations:" if plan else "No planned migration operations.", Tone.HEADING)
    for migration, backwards in plan:
        say(f"{migration}", Tone.OPEN)
        for operation in migration.operations:
            say(f"    {in_plan(operation, backwards)}")


def _ask_before_loss(plan: Plan, alias: str) -> None:
    """Ask before rows are lost; where nobody can be asked, refuse."""
    losses = losses_of(plan, alias)
    if not losses:
        return
    told = "These lose what is in the database:\n" + "\n".join(f"  {one}" for one in losses)
    if not at_terminal():
        raise Failure(f"{told}\nSay --yes if that is meant.")
    say(told, Tone.WRONG)
    if not click.confirm("Go on?", default=False):
        sys.exit(ASKED)


# -- showing -----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP]...", shell_complete=completing.labels)
@database_option
@schema_option
@click.option("-p", "--plan", "as_plan", is_flag=True, help="In the order they are run, not by app.")
@json_option
def showmigrations(apps: tuple[str, ...], database: str, schema: str | None, as_plan: bool, as_json: bool) -> None:
    """List the migrations, and which of them are applied."""
    with explained():
        look_through(database, schema)
        making.refuse_unknown(apps)
        sources.import_models()
        loader = MigrationLoader(databases[database], ignore_no_migrations=True)
        wanted = list(apps) or sorted(loader.migrated_apps)
        listed = []
        seen = set()
        for leaf in loader.graph.leaf_nodes():
            for key in loader.graph.forwards_plan(leaf):
                if key not in seen and key[0] in wanted:
                    seen.add(key)
                    listed.append((key, key in loader.applied_migrations))
    if as_json:
        tell_json([{"app": app, "name": name, "applied": applied} for (app, name), applied in listed])
    elif as_plan:
        for (app, name), applied in listed:
            say(f"[{'X' if applied else ' '}]  {app}.{name}", Tone.DONE if applied else Tone.OPEN)
    else:
        for app in wanted:
            say(app, Tone.HEADING)
            rows = [(name, applied) for (label, name), applied in listed if label == app]
            for name, applied in rows:
                say(f" [{'X' if applied else ' '}] {name}", Tone.DONE if applied else Tone.OPEN)
            if not rows:
                say(" (no migrations)")


@click.command()
@click.argument("app", shell_complete=completing.labels)
@click.argument("migration", shell_complete=completing.migrations)
@database_option
@click.option("--backwards", is_flag=True, help="The statements that take it back.")
@json_option
def sqlmigrate(app: str, migration: str, database: str, backwards: bool, as_json: bool) -> None:
    """Print the SQL of a migration; nothing is run.

    Names of constraints that are to be dropped are read from the database, where it is just where the migration begins;
    else they follow from the history, and no database is needed.
    """
    with explained():
        making.refuse_unknown([app])
        sources.import_models()
        loader, silent = offline.loader_of(database)
        found = loader.get_migration_by_prefix(app, migration)
        statements, remark = offline.sql_of(loader, database, loader.graph.nodes[app, found.name], backwards, silent)
        atomic = found.atomic and databases[database].dialect.capabilities.schema_transactions
    if as_json:
        told = {"app": app, "name": found.name, "backwards": backwards, "atomic": atomic, "remark": remark}
        told["complete"] = NOT_SQL not in statements
        tell_json({**told, "statements": [one for one in statements if not one.startswith("--")]})
        return
    lines = ["BEGIN;", *statements, "COMMIT;"] if atomic and statements else statements
    if remark:
        complain(remark)
    say("\n".join(lines) if lines else "-- No operations found.")


@click.command()
@click.argument("app", shell_complete=completing.labels)
@click.argument("first", metavar="[FIRST]", shell_complete=completing.migrations)
@click.argument("last", metavar="LAST", required=False, shell_complete=completing.migrations)
@click.option("--no-optimize", is_flag=True, help="Keep every operation.")
@click.option("--name", help="Name the new migration, after its number.")
@click.option("--no-header", is_flag=True, help="Leave out the line that says when the file was made.")
@json_option
def squashmigrations(
    app: str, first: str, last: str | None, no_optimize: bool, name: str | None, no_header: bool, as_json: bool
) -> None:
    """Put one migration in the place of several, up to LAST.

    The old ones stay until every database has them; then delete them, and the new one's `replaces`.
    """
    start, end = (first, last) if last is not None else (None, first)
    with explained():
        making.refuse_unknown([app])
        squashed = making.squash(making.from_disk(), app, end, start, name=name, optimize=not no_optimize)
        one = making.written(squashed.migration, include_header=not no_header)
        with writing(one.path):
            making.write(one)
    if as_json:
        counted = {"operations_before": squashed.before, "operations_after": squashed.after}
        replaced = [migration.name for migration in squashed.replaced]
        tell_json({**_described(one), "replaces": replaced, **counted, "needs_porting": one.needs_porting})
        return
    say("Replaces:")
    for migration in squashed.replaced:
        say(f" - {migration.name}")
    if no_optimize:
        say("(Skipping optimization.)")
    elif squashed.before == squashed.after:
        say("No optimizations possible.")
    else:
        say(f"Optimized from {squashed.before} operations to {squashed.after} operations.")
    say(f"Created new squashed migration {making.shown(one.path)}")
    if one.needs_porting:
        say("Copy the functions that the comment at its top names into it, and let its operations name them there.")


@click.command()
@database_option
@json_option
def diff(database: str, as_json: bool) -> None:
    """Compare the models with the live database; status 1 when they differ."""
    with explained():
        found = drift(using=database)
    if as_json:
        tell_json([one._asdict() for one in found])
    elif not found:
        say("The models and the database agree.", Tone.DONE)
    else:
        for one in found:
            say(str(one), Tone.OPEN)
    sys.exit(DIFFERENT if found else 0)
