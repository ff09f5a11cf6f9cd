"""Settings: from ``configure()``, from the environment and from ``[tool.orm]`` in the nearest pyproject.toml.

The environment has ``DATABASE_URL`` and ``ORM_ECHO``. What is given to ``configure()`` wins over the environment, which
wins over the file, which wins over the defaults. Nothing is read before the first setting is. What this module refuses:
settings that do not exist, and values of a wrong type.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from orm import errors
from orm.bridge.guard import policy
from orm.epoch import Reason, epoch
from orm.errors import ImproperlyConfigured
from orm.late import tomllib
from orm.sql import types as sql_types
from orm.text.spelling import did_you_mean_or_known

ENVIRONMENT_VARIABLE = "DATABASE_URL"
ECHO_VARIABLE = "ORM_ECHO"
TRUTHS = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
"""How a bool is spelled in an environment variable."""
PROJECT_FILE = "pyproject.toml"
program_folder: str | None = None
"""Where the program is that ``orm run`` runs: its project's settings count where the working folder is in none."""
DEFAULT_ALIAS = "default"

# name: (types accepted, default, what it is)
KNOWN: dict[str, tuple[tuple[type, ...], Any, str]] = {
    "databases": ((Mapping, str), {}, "a URL, or a mapping of aliases to URLs"),
    "use_tz": ((bool,), True, "a bool"),
    "time_zone": ((str,), "UTC", "the name of a time zone"),
    "allow_blocking": ((bool,), False, "a bool"),
    "default_auto_field": ((str, type(None)), "BigAutoField", "the name of a field class"),
    "default_tablespace": ((str,), "", "the name of a tablespace"),
    "default_index_tablespace": ((str,), "", "the name of a tablespace"),
    "installed_apps": ((Sequence,), (), "a list of module names"),
    "strict_models": ((bool,), True, "a bool"),
    "strict_values": ((bool,), True, "a bool"),
    "strict_blocks": ((bool,), True, "a bool"),
    "reads_join_transactions": ((bool,), True, "a bool"),
    "same_everywhere": ((bool,), True, "a bool"),
    "zoned_columns": ((bool,), False, "a bool"),
    "declared_types": ((bool,), False, "a bool"),
    "state_in_dict": ((bool,), False, "a bool"),
    "advice_in_errors": ((bool,), True, "a bool"),
    "authentication_backends": ((Sequence,), (), "a list of dotted paths of classes"),
    "silenced_checks": ((Sequence,), (), "a list of identifiers of checks"),
    "swapped_models": ((Mapping,), {}, "a mapping of Meta.swappable names to models, as 'app.Model'"),
    "migration_modules": ((Mapping,), {}, "a mapping of app labels to the modules of their migrations, or None"),
    "migration_imports": ((Mapping,), {}, "a mapping of the library's modules to the names that migrations know"),
    "production": ((bool,), False, "a bool"),
    "migrations_table": ((str,), "orm_migrations", "the name of the table that records migrations"),
    "media_root": ((str, os.PathLike), "", "a folder"),
    "media_url": ((str,), "", "what stands before the names of files in URLs"),
    "file_permissions": ((int, type(None)), None, "a mode such as 0o644, or None"),
    "directory_permissions": ((int, type(None)), None, "a mode such as 0o755, or None"),
    "fixture_dirs": ((Sequence,), (), "a list of folders"),
    "serialization_modules": ((Mapping,), {}, "a mapping of formats to modules"),
    "storages": ((Mapping,), {}, "a mapping of aliases to {'BACKEND': class or dotted path, 'OPTIONS': {...}}"),
    "echo": ((bool,), False, "a bool"),
    "slow_query_seconds": ((int, float, type(None)), None, "a number of seconds, or None"),
    "repeated_query_limit": ((int, type(None)), None, "a whole number, or None"),
    "database_routers": ((Sequence,), (), "a list of routers: dotted paths, classes or instances"),
    "tracer": ((object,), None, "an OpenTelemetry tracer, or None"),
    "secret_key": ((str, bytes), "", "a text"),
    "secret_key_fallbacks": ((Sequence,), (), "a list of texts"),
    "test_runner": ((str,), "orm.testing.runner.DiscoverRunner", "the path of a class"),
    "site_id": ((int, type(None)), None, "the key of a site, or None"),
}

TUPLES = frozenset(
    {
        *("authentication_backends", "installed_apps", "database_routers"),
        *("silenced_checks", "fixture_dirs", "secret_key_fallbacks"),
    }
)
# Lines that may begin or hold the table [tool.orm], in any of the ways TOML has to write it: a file without one need
# not be parsed.
TABLE_OF_SETTINGS = r"""^\s*(?:\[+\s*)?(?:(?:["']?tool["']?\s*\.\s*)?["']?orm["']?\s*(?:[\].=]|$)|["']?tool["']?\s*=)"""

LEAST = {"slow_query_seconds": 0, "repeated_query_limit": 1}
"""The smallest number that a setting takes."""


class Settings:
    """The settings in force; read as attributes, changed by ``configure()``. In brackets: what each is by default."""

    databases: dict[str, Any]
    """The URL of each database, or Django's dictionary, by alias."""

    # -- values and time -----------------------------------------------------------------------------------------------

    use_tz: bool
    """Whether datetimes are aware (True)."""
    time_zone: str
    """The zone of naive input, and of what is cut to days and months ("UTC")."""
    zoned_columns: bool
    """While ``use_tz`` is off: whether a column keeps the moment that a datetime without a zone is in ``time_zone``,
    where the database can (False)."""
    strict_values: bool
    """Whether 2.9 for a whole number, and "" for a foreign key or a truth value, are refused (True); without, the first
    is cut and the others are NULL."""
    same_everywhere: bool
    """Whether text is matched with its case, and decimals are stored with their column's places, on every database
    (True); without, as the database does it."""
    declared_types: bool
    """Whether what a caller's own SQL reads is as Django's drivers read it (False): on SQLite as its column was
    declared, on PostgreSQL an address as text."""

    # -- models --------------------------------------------------------------------------------------------------------

    default_auto_field: str | None
    """The key of a model that declares none ("BigAutoField")."""
    default_tablespace: str
    """Where the database stores the tables of models that say nothing of it ("")."""
    default_index_tablespace: str
    """Where it stores the indexes of fields that say nothing of it ("")."""
    installed_apps: Sequence[str]
    """The modules of applications (none)."""
    strict_models: bool
    """Whether a model that is declared wrong is refused at once, and a router with none of a router's methods (True);
    without, the first is left to system checks, and the second asked nothing."""
    state_in_dict: bool
    """Whether ``_state`` stands in the ``__dict__`` of every instance from the start (False)."""
    swapped_models: Mapping[str, str]
    """Which model stands in for a swappable one, by the name in its ``Meta.swappable`` (none)."""
    silenced_checks: Sequence[str]
    """Identifiers of checks nobody wants to hear of (none)."""

    # -- transactions and routing --------------------------------------------------------------------------------------

    allow_blocking: bool
    """Whether a blocking form runs on an event loop's thread, where it is else refused (False)."""
    strict_blocks: bool
    """Whether an atomic block that an error has doomed says so when it is left as if all were well (True); without, it
    is rolled back in silence, and where the database goes on after an error (SQLite), so does the block, unless it was
    a model's write that failed."""
    database_routers: Sequence[Any]
    """Routers in Django's form (none); see ``orm.db.routing``."""
    reads_join_transactions: bool
    """Whether rows are read where they are written inside a transaction, whatever routers say (True)."""

    # -- migrations ----------------------------------------------------------------------------------------------------

    migration_modules: Mapping[str, str | None]
    """Where the migrations of an app are, by its label (none)."""
    migration_imports: Mapping[str, str]
    """What written files import in place of a module (none)."""
    migrations_table: str
    """The table that records them ("orm_migrations")."""
    production: bool
    """Whether ``orm migrate`` runs nothing that ``orm lint`` objects to (False)."""

    # -- files and fixtures --------------------------------------------------------------------------------------------

    media_root: str | os.PathLike[str]
    """The folder of files ("")."""
    media_url: str
    """What stands before their names in URLs ("")."""
    storages: Mapping[str, Any]
    """Where else files are kept, by alias (none); see ``orm.files``."""
    file_permissions: int | None
    """What saved files may be used for, as ``chmod`` takes it, where their storage does not say; None leaves it to the
    system."""
    directory_permissions: int | None
    """What the folders made for them may be used for."""
    fixture_dirs: Sequence[str | os.PathLike[str]]
    """Folders of fixtures besides those of the apps (none)."""
    serialization_modules: Mapping[str, str]
    """Further formats of fixtures, and the modules that write and read them (none)."""

    # -- observing -----------------------------------------------------------------------------------------------------

    echo: bool
    """Whether each statement is written to standard error, with its values and its time (False)."""
    slow_query_seconds: float | None
    """Log statements that take as long (None)."""
    repeated_query_limit: int | None
    """Warn of a query that one line runs more often (None)."""
    tracer: Any
    """An OpenTelemetry tracer for a span around each statement (None)."""

    # -- beside the database -------------------------------------------------------------------------------------------

    advice_in_errors: bool
    """Whether errors say what may have been meant and what to do (True); without, their texts are Django's, and the
    advice is a note below the traceback."""
    authentication_backends: Sequence[str]
    """Who knows what users may do, besides the tables of ``orm.contrib.auth`` (none)."""
    secret_key: str | bytes
    """What signatures are made with ("")."""
    secret_key_fallbacks: Sequence[str | bytes]
    """Earlier keys, whose signatures are still taken (none)."""
    site_id: int | None
    """The key of the site that rows of ``orm.contrib.sites`` belong to (None)."""
    test_runner: str
    """What the command ``test`` runs tests with ("orm.testing.runner.DiscoverRunner")."""

    def __init__(self) -> None:
        self.__dict__["_lock"] = threading.RLock()

    # Settings stand in the ``__dict__`` once they are known, since statements read them: Python gets here only for the
    # first that is read, so that nothing is read from files before somebody asks.
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in KNOWN:
            raise ImproperlyConfigured(f"There is no setting {name!r}{did_you_mean_or_known(name, KNOWN)}")
        with self.__dict__["_lock"]:
            if name not in self.__dict__:
                self.__dict__.update(from_surroundings())
                tell_types()
        return self.__dict__[name]

    def __setattr__(self, name: str, value: object) -> None:
        if name not in KNOWN:
            raise ImproperlyConfigured(f"There is no setting {name!r}{did_you_mean_or_known(name, KNOWN)}")
        raise ImproperlyConfigured(f"Settings are changed by orm.configure({name}=...), not by assignment.")

    def start_over_in_child(self) -> None:
        """In a forked child the thread that held the lock, if one did, does not exist."""
        self.__dict__["_lock"] = threading.RLock()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in KNOWN if name != "databases")
        return f"<settings databases={list(self.databases)} {shown}>"


settings = Settings()
os.register_at_fork(after_in_child=settings.start_over_in_child)


def configure(databases: str | Mapping[str, object] | None = None, **others: object) -> None:
    """Set what the library works with. Settings that are not given keep their value.

    Parameters:
        databases: a URL (for the alias "default"), or a mapping of aliases to URLs or Django's dictionaries.
        others: any other setting by its name; ``orm.config.Settings`` says what each means, and its default.

    Raises ``ImproperlyConfigured`` for an unknown setting or a value of the wrong type; nothing is changed then.
    """
    given = dict(others) if databases is None else {"databases": databases, **others}
    checked = {name: check(name, value, "configure()") for name, value in given.items()}
    with settings.__dict__["_lock"]:
        if KNOWN.keys() - settings.__dict__.keys() - checked.keys():
            settings.__dict__.update(from_surroundings(skip=checked))
        settings.__dict__.update(checked)
        tell_types()
    epoch.advance(Reason.SETTINGS)


def tell_types() -> None:
    """Tell the SQL types how strict they are, and which zone naive datetimes are in and are kept in."""
    sql_types.strict_values = settings.__dict__["strict_values"]
    sql_types.same_everywhere = settings.__dict__["same_everywhere"]
    sql_types.declared_types = settings.__dict__["declared_types"]
    errors.advice_in_errors = settings.__dict__["advice_in_errors"]
    name = settings.__dict__["time_zone"]
    zone = sql_types.UTC if name == "UTC" else import_module("zoneinfo").ZoneInfo(name)
    zoned = settings.__dict__["use_tz"]
    sql_types.default_zone = zone if zoned else None
    sql_types.kept_zone = zone if settings.__dict__["zoned_columns"] and not zoned else None


def check(name: str, value: object, where: str) -> Any:
    """Return a setting's value in its canonical form; raise ``ImproperlyConfigured`` when it can't be one."""
    if name not in KNOWN:
        raise ImproperlyConfigured(f"{where} has no setting {name!r}{did_you_mean_or_known(name, KNOWN)}")
    types, _, meaning = KNOWN[name]
    if not isinstance(value, types) or (isinstance(value, str) and str not in types):
        raise ImproperlyConfigured(f"{name} in {where} is {meaning}, not {type(value).__name__}.")
    return canonical(name, value, where)


def check_number(name: str, number: float | None, where: str) -> None:
    """Raise ``ImproperlyConfigured`` for a number that is too small, or a truth value."""
    if number is not None and (isinstance(number, bool) or number < LEAST[name]):
        raise ImproperlyConfigured(f"{name} in {where} can't be {number!r}.")


def canonical(name: str, value: Any, where: str) -> Any:
    """Return a value of the right type in the form it is kept in."""
    if name == "databases":
        if not isinstance(value, str) and "ENGINE" in value:
            raise ImproperlyConfigured(
                f"databases in {where} are by alias, and this is one database: write {{'{DEFAULT_ALIAS}': {{...}}}}."
            )
        return {DEFAULT_ALIAS: value} if isinstance(value, str) else dict(value)
    if name in LEAST:
        check_number(name, value, where)
    if name == "time_zone":
        zoneinfo = import_module("zoneinfo")  # not needed, and not quick, until somebody sets a zone
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ImproperlyConfigured(f"time_zone in {where} is {value!r}, and no such time zone is known.") from error
    return tuple(value) if name in TUPLES else value


def from_surroundings(skip: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return every setting as the defaults, the project file and the environment have it, except those in ``skip``."""
    found = {name: default for name, (_, default, _) in KNOWN.items()}
    found.update(from_project_file(os.getcwd()) or (from_project_file(program_folder) if program_folder else {}))
    url = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if url:
        found["databases"] = {**found["databases"], DEFAULT_ALIAS: url}
    if ECHO_VARIABLE in os.environ:
        found["echo"] = echo_wanted(os.environ[ECHO_VARIABLE])
    known = settings.__dict__
    return {name: value for name, value in found.items() if name not in known and name not in (skip or {})}


def echo_wanted(spelled: str) -> bool:
    """Read ``ORM_ECHO``. Raises ``ImproperlyConfigured`` for what is neither yes nor no."""
    word = spelled.strip().lower()
    if word and word not in TRUTHS:
        raise ImproperlyConfigured(f"The environment's {ECHO_VARIABLE} is {spelled!r}; say one of {', '.join(TRUTHS)}.")
    return TRUTHS.get(word, False)


def project_file(start: str) -> str | None:
    """Return the first pyproject.toml found from ``start`` upward; None when there is none."""
    folder = os.path.abspath(start)
    path = os.path.join(folder, PROJECT_FILE)
    while not os.path.isfile(path):
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)
        path = os.path.join(folder, PROJECT_FILE)
    return path


def project_folder(start: str) -> str | None:
    """Return the folder of the project that ``start`` is in, as ``[tool.orm]`` says; None where it is in none."""
    path = project_file(start)
    if path is None:
        return None
    with open(path, encoding="utf-8", errors="replace") as file:
        found = re.search(TABLE_OF_SETTINGS, file.read(), re.MULTILINE)
    return os.path.dirname(path) if found else None


def from_project_file(start: str) -> dict[str, object]:
    """Return ``[tool.orm]`` of the first pyproject.toml found from ``start`` upward; nothing when there is none."""
    path = project_file(start)
    return {} if path is None else from_file(path)


def from_file(path: str) -> dict[str, object]:
    """Return ``[tool.orm]`` of a TOML file; nothing where it has none.

    Raises ``ImproperlyConfigured`` for a file that can't be read, or a setting that can't be.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if not re.search(TABLE_OF_SETTINGS, text, re.MULTILINE):
            return {}  # another project's file; to parse it would take as long as to import ten models
        table = tomllib.loads(text).get("tool", {}).get("orm", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} can't be read: {error}") from error
    found = {name: check(name, value, f"[tool.orm] of {path}") for name, value in table.items()}
    if "databases" in found:
        folder = os.path.dirname(os.path.abspath(path))
        given: dict[str, Any] = found["databases"]
        found["databases"] = {a: InProject(one, folder) if isinstance(one, str) else one for a, one in given.items()}
    return found


class InProject(str):
    """A database's URL that a project's file holds: what is relative in it belongs to that file's folder."""

    __slots__ = ("folder",)

    folder: str

    def __new__(cls, url: str, folder: str) -> InProject:
        self = super().__new__(cls, url)
        self.folder = folder
        return self


policy.ask = lambda: settings.allow_blocking
