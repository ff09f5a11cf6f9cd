"""DATABASES as Django has them, told in this library's own form.

What this module refuses: nothing itself. What it passes on under a name that nobody knows is refused where the URL is
read; a key beside OPTIONS that Django does not have is passed over with a warning, since Django says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orm.config import DEFAULT_ALIAS
from orm.db.url import MEMORY, django_keys
from orm.late import LateLogger, urls

logger = LateLogger("orm.settings")

# Keys of a database that say what a request or a driver's own cursor does: here they change nothing,
# whatever they are set to.
WITHOUT_EFFECT = frozenset({"ATOMIC_REQUESTS", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS"})


def _any(_: object) -> bool:
    return True


def _one_of(*values: object) -> Callable[[object], bool]:
    return lambda given: any(type(given) is type(each) and given == each for each in values)


OPTIONS_WITHOUT_EFFECT: dict[str, Callable[[object], bool]] = {
    # There is always a pool; values are bound by whoever runs the statement, which is prepared at its first use.
    "pool": _one_of(True, False),
    "server_side_binding": _one_of(True, False),
    "prepare_threshold": _any,
    # Django itself sets these, whatever a program gives.
    "autocommit": _any,
    "client_encoding": _any,
    "check_same_thread": _any,
    "isolation_level": _one_of("", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"),  # of sqlite3; psycopg's are numbers
    # As it is in any case.
    "detect_types": _one_of(3),
    "uri": _one_of(True),
    "sslcompression": _one_of(0, "0", False),
    "sslsni": _one_of(1, "1", True),
    # How a pool of psycopg works in the background.
    "num_workers": _any,
    "reconnect_timeout": _any,
}
"""Options that say how Django's driver or its pool works, and whether a value of theirs changes nothing here."""

RENAMED = {"cached_statements": "statement_cache_size"}
"""Options of a driver that have another name here."""

OF_A_POOL = {"max_idle": "idle_timeout", "timeout": "acquire_timeout"}
"""Options of psycopg's pool that have another name here."""


def databases_in_core_form(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return DATABASES as ``orm.configure`` takes it; None for none.

    Databases in memory are as many as their aliases: Duotone's own settings tell them apart by the option ``name``.
    """
    found: dict[str, Any] = {}
    for alias, entry in value.items():
        if entry:
            found[alias] = made = dict(_known(alias, entry))
            options = dict(_options(entry.get("OPTIONS") or {}))
            if str(entry.get("NAME", "")).startswith("file:"):
                made["NAME"], of_file = _from_uri(str(entry["NAME"]))
                options = {**of_file, **options}
            if made.get("NAME") == MEMORY and alias != DEFAULT_ALIAS:
                options = {"name": alias, **options}
            if options:
                made["OPTIONS"] = options
    return found or None


def _known(alias: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the keys of a database that say something here, without OPTIONS."""
    known = django_keys() - WITHOUT_EFFECT
    for key, each in entry.items():
        if key in known and key != "OPTIONS":
            yield key, each
        elif key not in known | WITHOUT_EFFECT:
            logger.warning("DATABASES[%r] has a key that Django does not know, which says nothing: %r", alias, key)


def _options(given: Mapping[str, Any], names: Mapping[str, str] = RENAMED) -> Iterator[tuple[str, Any]]:
    """Give options under the names and in the units they have here, without those that change nothing."""
    for name, value in given.items():
        if name == "pool" and isinstance(value, Mapping):
            yield name, dict(_options(value, OF_A_POOL))
        elif name in OPTIONS_WITHOUT_EFFECT and OPTIONS_WITHOUT_EFFECT[name](value):
            continue
        elif name == "tcp_user_timeout" and str(value).isdecimal():
            yield name, int(value) / 1000  # libpq's are milliseconds
        else:
            yield names.get(name, name), value


def _from_uri(uri: str) -> tuple[str, dict[str, str]]:
    """Return the file and the options that a ``file:`` URI of SQLite names (https://sqlite.org/uri.html)."""
    place, _, query = uri.removeprefix("file:").partition("#")[0].partition("?")
    path = urls.unquote(place.removeprefix("//localhost") if place.startswith("//localhost/") else place)
    options = dict(urls.parse_qsl(query))
    memory = path == MEMORY or options.get("mode") == "memory"
    if options.get("mode") == "memory":
        del options["mode"]
    # A database in memory is shared by all connections here, and a file's pages are never.
    options.pop("cache", None)
    if not memory:
        return f"/{path.lstrip('/')}" if path.startswith("//") else path, options
    return MEMORY, options if path in ("", MEMORY) else {"name": path, **options}
