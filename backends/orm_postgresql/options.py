"""What a PostgreSQL URL may say, read once for both drivers.

``postgresql://user:password@host:5432/database?application_name=shop&sslmode=require``. Parts left out are taken from
libpq's environment variables (``PGHOST``, ``PGUSER``, ...) by both drivers, as ``psql`` does.
"""

from __future__ import annotations

import configparser
import getpass
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orm.errors import ImproperlyConfigured, ProgrammingError
from orm.sql import types
from orm_postgresql import keepalive
from orm_postgresql.keepalive import Keepalive

if TYPE_CHECKING:
    from orm.db.url import DatabaseURL

LIBPQ = (
    *("passfile", "sslcert", "sslcrl", "sslkey", "sslmode", "sslpassword", "sslrootcert", "target_session_attrs"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
)
"""Options that both drivers take as libpq has them."""

OPTIONS = frozenset(
    {
        "application_name",
        "assume_role",
        "channel_binding",
        "connect_timeout",
        "fallback_application_name",
        "gssencmode",
        "isolation_level",
        "options",
        "pooler",
        "search_path",
        "service",
        "statement_cache_size",
        "statement_timeout",
    }
    | keepalive.OPTIONS
    | frozenset(LIBPQ)
)
"""``connect_timeout`` (10) and ``statement_timeout`` (0: none) are seconds. ``statement_cache_size`` (512) is the
number of prepared statements kept for each connection. ``search_path``, ``application_name`` and the ``ssl*`` options
are libpq's, and so are ``passfile``, ``target_session_attrs``, ``service`` (what a service file says, where the URL
does not), ``gssencmode`` and ``channel_binding`` (of which asyncpg has no ``require``), ``keepalives...`` and
``tcp_user_timeout``: see ``keepalive``. ``options`` are run-time
parameters of the session in libpq's form: ``-c name=value -c other=value``. ``assume_role`` is the role that sessions
are in, ``isolation_level`` what transactions begin with: one of psycopg's ``IsolationLevel``, by its number.

``pooler`` is ``none``, or ``transaction`` where a PgBouncer in transaction mode is between: each transaction may then
meet another session of the server. So statements have no names (``statement_cache_size`` is 0, unless it is given, for
a PgBouncer that keeps track of them), and no session has settings but those PgBouncer carries along for each client."""

BEHIND_A_POOLER = (
    "With pooler=transaction nobody can listen: each transaction may meet another session. Configure the server itself "
    "under an alias of its own, and listen there: orm.listen(..., using='...')."
)

_ISOLATION = frozenset({"read uncommitted", "read committed", "repeatable read", "serializable"})
_POOLERS = ("none", "transaction")
_LEVELS = {"1": "read uncommitted", "2": "read committed", "3": "repeatable read", "4": "serializable"}
"""The members of psycopg's ``IsolationLevel`` by number."""
_UNHELD = {
    "assume_role": "let the user of the URL be that role",
    "isolation_level": "give it to the role (ALTER ROLE ... SET default_transaction_isolation = ...), or to atomic()",
    "options": "give them to the role: ALTER ROLE ... IN DATABASE ... SET ...",
    "search_path": "give it to the role: ALTER ROLE ... IN DATABASE ... SET search_path = ...",
    "statement_timeout": "give it to the role (ALTER ROLE ... SET statement_timeout = ...), or limit statements with "
    "atomic(statement_timeout=...) or .timeout(...)",
}
"""Settings of a session that a pooler in transaction mode loses, and what holds instead."""
_LONGEST_USER_TIMEOUT = 3600.0
_CLOSED = {
    "sslmode": frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}),
    "gssencmode": frozenset({"disable", "prefer", "require"}),
    "channel_binding": frozenset({"disable", "prefer", "require"}),
    "target_session_attrs": frozenset({"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}),
}
"""Options of libpq that are members of closed sets."""


@dataclass(frozen=True)
class Settings:
    """A URL, ready for either driver. Times are in seconds."""

    host: str
    port: int
    user: str
    password: str
    database: str
    connect_timeout: float
    statement_cache_size: int
    pooled: bool
    """Whether a pooler gives each transaction whichever session of the server is free."""
    server: dict[str, str]
    """Run-time parameters of the session."""
    libpq: dict[str, str]
    """What both drivers take by libpq's names: ``LIBPQ``."""
    security: dict[str, str]
    """What only libpq has, and asyncpg where it is not required."""
    keepalive: Keepalive


def zone_of_sessions() -> str:
    """Return the name of the zone that sessions are in."""
    return str(types.kept_zone or "UTC")


def read_settings(url: DatabaseURL) -> Settings:
    """Return what a URL says, with defaults.

    Raises ``ImproperlyConfigured`` for a value that can't be.
    """
    options = url.options
    service = read_service(options["service"]) if "service" in options else {}
    user = url.user or service.get("user") or os.environ.get("PGUSER", "") or getpass.getuser()
    pooled = _pooled(url)
    fallback = options.get("fallback_application_name", "duotone")
    server = {"TimeZone": zone_of_sessions(), "application_name": options.get("application_name", fallback)}
    if "search_path" in options:
        server["search_path"] = options["search_path"]
    timeout = _number(url, "statement_timeout", 0.0)
    if timeout:
        server["statement_timeout"] = str(int(timeout * 1000))
    if "assume_role" in options:
        server["role"] = options["assume_role"]
    if "isolation_level" in options:
        level = options["isolation_level"]
        if level not in _LEVELS:
            raise ImproperlyConfigured(f"isolation_level is one of psycopg's IsolationLevel, not {level!r}")
        server["default_transaction_isolation"] = _LEVELS[level]
    server |= _parameters(options.get("options", ""))
    libpq = {name: value for name in LIBPQ if (value := options.get(name) or service.get(name))}
    security = {name: options[name] for name in ("gssencmode", "channel_binding") if name in options}
    for name, allowed in _CLOSED.items():
        value = {**libpq, **security}.get(name)
        if value is not None and value not in allowed:
            raise ImproperlyConfigured(f"{name!r} is one of {', '.join(sorted(allowed))}, not {value!r}")
    return Settings(
        host=url.host or service.get("host") or os.environ.get("PGHOST", "") or "127.0.0.1",
        port=url.port or int(service.get("port") or os.environ.get("PGPORT", "") or 5432),
        user=user,
        password=url.password or service.get("password") or os.environ.get("PGPASSWORD", ""),
        database=url.database or service.get("dbname") or os.environ.get("PGDATABASE", "") or user,
        connect_timeout=_number(url, "connect_timeout", 10.0),
        statement_cache_size=int(_number(url, "statement_cache_size", 0 if pooled else 512)),
        pooled=pooled,
        server=server,
        libpq=libpq,
        security=security,
        keepalive=_keepalive(url),
    )


def read_service(name: str) -> dict[str, str]:
    """Return what a service file says of a service: the user's own, else the system's, as libpq looks them up.

    Raises ``ImproperlyConfigured`` where no file has it.
    """
    places = [
        os.environ.get("PGSERVICEFILE") or os.path.expanduser("~/.pg_service.conf"),
        os.path.join(os.environ.get("PGSYSCONFDIR") or "/etc/postgresql-common", "pg_service.conf"),
    ]
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    for place in places:
        parser.clear()
        try:
            parser.read(place, encoding="utf-8")
        except configparser.Error as error:
            raise ImproperlyConfigured(f"the service file {place} can't be read: {error}") from error
        if parser.has_section(name):
            return dict(parser[name])
    raise ImproperlyConfigured(f"no service file has the PostgreSQL service {name!r}; looked in {' and '.join(places)}")


def begin_statement(isolation: str | None, read_only: bool, lock_timeout: float | None = None) -> str:
    """Return the BEGIN for a transaction, and with it, in one round trip, how long (seconds) it waits for a lock.

    Raises ``ProgrammingError`` for an unknown isolation level.
    """
    statement = "BEGIN"
    if isolation is not None:
        if isolation.lower() not in _ISOLATION:
            raise ProgrammingError(f"unknown isolation level {isolation!r}; known: {', '.join(sorted(_ISOLATION))}")
        statement += f" ISOLATION LEVEL {isolation.upper()}"
    if read_only:
        statement += " READ ONLY"
    if lock_timeout is not None:
        statement += f"; SET LOCAL lock_timeout = {max(1, round(lock_timeout * 1000))}"
    return statement


def _pooled(url: DatabaseURL) -> bool:
    """Whether a pooler in transaction mode is between; raises ``ImproperlyConfigured`` for what does not go with it."""
    pooler = url.options.get("pooler", "none")
    if pooler not in _POOLERS:
        raise ImproperlyConfigured(
            f"the PostgreSQL option 'pooler' is {' or '.join(map(repr, _POOLERS))}, not {pooler!r}; a pooler in "
            "session mode needs nothing, and one in statement mode has no transactions"
        )
    for name, remedy in _UNHELD.items():
        if pooler == "transaction" and name in url.options:
            raise ImproperlyConfigured(
                f"with pooler=transaction, {name!r} can't be set for a session, which lasts for a transaction: {remedy}"
            )
    return pooler == "transaction"


def _parameters(text: str) -> dict[str, str]:
    """Return the run-time parameters of libpq's form of them; raises ``ImproperlyConfigured`` for what is none."""
    try:
        words = iter(shlex.split(text))
    except ValueError as error:
        raise ImproperlyConfigured(f"the PostgreSQL option 'options' can't be read: {error}") from error
    found: dict[str, str] = {}
    for word in words:
        setting = next(words, "") if word == "-c" else word.removeprefix("-c" if word.startswith("-c") else "--")
        name, equals, value = setting.partition("=")
        if not equals or not name.replace("_", "").replace(".", "").isalnum() or not word.startswith(("-c", "--")):
            raise ImproperlyConfigured(
                f"the PostgreSQL option 'options' is written as '-c name=value -c other=value', not {text!r}"
            )
        found[name] = value
    return found


def _keepalive(url: DatabaseURL) -> Keepalive:
    default = Keepalive()
    user_timeout = _number(url, "tcp_user_timeout", default.user_timeout)
    if user_timeout > _LONGEST_USER_TIMEOUT:
        raise ImproperlyConfigured(
            f"the PostgreSQL option 'tcp_user_timeout' is in seconds here, at most {_LONGEST_USER_TIMEOUT:g}; for "
            f"libpq's {user_timeout:g} milliseconds write {user_timeout / 1000:g}"
        )
    return Keepalive(
        on=_number(url, "keepalives", 1) != 0,
        idle=int(_number(url, "keepalives_idle", default.idle)),
        interval=int(_number(url, "keepalives_interval", default.interval)),
        count=int(_number(url, "keepalives_count", default.count)),
        user_timeout=user_timeout,
    )


def _number(url: DatabaseURL, name: str, default: float) -> float:
    text = url.options.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not number >= 0:
        raise ImproperlyConfigured(f"the PostgreSQL option {name!r} is a number from 0 up, not {text!r}")
    return number
