"""The PostgreSQL backend: asyncpg for async code, psycopg for blocking code, one dialect for both.

Either driver may be missing: the bridge then uses the other one from both colours.
"""

from __future__ import annotations

from importlib.util import find_spec

from orm.db.contract import Backend, Driver, LateDriver, ScratchDatabase, late_made
from orm.db.url import DatabaseURL
from orm_postgresql.dialect import PostgreSQLDialect
from orm_postgresql.options import OPTIONS

__all__ = ["backend"]

awaitable: Driver | None = None
blocking: Driver | None = None

if find_spec("asyncpg") is not None:
    awaitable = LateDriver("orm_postgresql.awaitable")
if find_spec("psycopg") is not None:
    blocking = LateDriver("orm_postgresql.blocking", "BlockingDriver", awaitable=False)


def shell(url: DatabaseURL) -> tuple[list[str], dict[str, str]]:
    """Return how psql is started on a database; the password goes by the environment, which only the user sees."""
    given = {"--host": url.host, "--port": url.port, "--username": url.user}
    options = [f"{name}={value}" for name, value in given.items() if value]
    return ["psql", *options, f"--dbname={url.database}"], {"PGPASSWORD": url.password} if url.password else {}


def scratch(url: DatabaseURL, suffix: str) -> ScratchDatabase:
    """Return a database of the same server, which is made and dropped from its database ``postgres``."""

    def of(database: str) -> DatabaseURL:
        return DatabaseURL(url.scheme, url.user, url.password, url.host, url.port, database, url.options, url.pool)

    room = backend.dialect.capabilities.max_identifier_length - len(f"test_{suffix}".encode())
    name = f"test_{url.database.encode()[:room].decode(errors='ignore')}{suffix}"  # the server cuts what is longer
    quoted = backend.dialect.quote(name)
    drop = f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)"
    return ScratchDatabase(of(name), of("postgres"), make=(drop, f"CREATE DATABASE {quoted}"), drop=(drop,))


backend = Backend(
    name="postgresql",
    schemes=("postgresql", "postgres"),
    dialect=PostgreSQLDialect(),
    awaitable=awaitable,
    blocking=blocking,
    options=OPTIONS,
    introspection=late_made("orm_postgresql.introspection", "PostgreSQLIntrospection"),
    shell=shell,
    scratch=scratch,
)
