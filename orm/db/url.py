"""Where a database is: a URL, or Django's dictionary, taken apart and checked.

    sqlite:///relative/path.db   sqlite:////absolute/path.db   sqlite://:memory:
    postgresql://user:password@host:5432/name?max_size=20&sslmode=require

The pool's options and the backend's share the query string; a name that neither knows is refused. The password is never
shown: not by ``str``, not by ``repr``, not in an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from orm.errors import ImproperlyConfigured
from orm.late import urls
from orm.text.spelling import did_you_mean_or_known

MEMORY = ":memory:"

LONGEST_WAIT = 1_000_000
"""Seconds that something may be waited for: more than a week, and less than the system's clocks can count."""

# What Django's dictionary form may hold besides OPTIONS, and where each goes.
DJANGO_KEYS = {"NAME": "database", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
# Keys that say something about Django's own machinery; accepted at the values that change nothing here.
DJANGO_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "ATOMIC_REQUESTS": (False,),
    "AUTOCOMMIT": (True,),
    "CONN_HEALTH_CHECKS": (False, True),
    "TIME_ZONE": (None, "UTC"),
}


def django_keys() -> frozenset[str]:
    """All keys of a database in Django's dictionary form."""
    return frozenset({"ENGINE", "OPTIONS", "CONN_MAX_AGE", "TEST", *DJANGO_KEYS, *DJANGO_NEUTRAL})


class PoolOptions:
    """How many connections a pool keeps, and for how long. Times are in seconds."""

    min_size: int = 0
    """Connections opened together with the first, and kept when idle."""
    max_size: int = 10
    """Connections at most."""
    max_connections: int = 0
    """Connections at most of all pools of this database together, in one process; 0 is twice ``max_size``. Blocking
    code has one pool, and each event loop has one."""
    acquire_timeout: float = 30.0
    """How long to wait for a free connection, and for a turn in a transaction another task holds."""
    max_lifetime: float = 3600.0
    """Age at which a connection is replaced, less up to a tenth at random, so that not all go at once."""
    idle_timeout: float = 300.0
    """Idle time after which a connection above ``min_size`` is closed."""
    health_check_after: float = 30.0
    """Idle time after which a connection is tried before it is used."""
    health_check_timeout: float = 5.0
    """How long a connection may take for a sign of life (the answer to that trial, or to ROLLBACK) before it is given
    up."""

    def __init__(self, **given: float) -> None:
        for name, value in given.items():
            if name not in POOL_OPTIONS:
                raise TypeError(f"A pool has no option {name!r}.")
            setattr(self, name, POOL_OPTIONS[name](value))
        self._check()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PoolOptions) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"PoolOptions({', '.join(f'{name}={getattr(self, name)!r}' for name in POOL_OPTIONS)})"

    def _check(self) -> None:
        if self.max_size < 1:
            raise ImproperlyConfigured(f"max_size is {self.max_size}; a pool needs room for at least one connection.")
        if not 0 <= self.min_size <= self.max_size:
            raise ImproperlyConfigured(
                f"min_size is {self.min_size}; it lies between 0 and max_size ({self.max_size})."
            )
        if self.max_connections < 0:
            raise ImproperlyConfigured(f"max_connections is {self.max_connections}; it is 0 (unset) or more.")
        for name in ("acquire_timeout", "max_lifetime", "idle_timeout", "health_check_after", "health_check_timeout"):
            if not getattr(self, name) > 0:
                raise ImproperlyConfigured(f"{name} is {getattr(self, name)}; it is a number of seconds above 0.")
        for name in ("acquire_timeout", "health_check_timeout"):
            if getattr(self, name) > LONGEST_WAIT:
                raise ImproperlyConfigured(f"{name} is {getattr(self, name)}; it is {LONGEST_WAIT} seconds at most.")


POOL_OPTIONS: dict[str, type] = {name: type(getattr(PoolOptions, name)) for name in PoolOptions.__annotations__}


class DatabaseURL:
    """One database, as configured.

    ``options`` are the backend's own, as text; ``pool`` are the pool's. ``folder`` is where the name of a file begins
    that is relative; empty for the working directory.
    """

    def __init__(
        self,
        scheme: str,
        user: str = "",
        password: str = "",
        host: str = "",
        port: int | None = None,
        database: str = "",
        options: Mapping[str, str] | None = None,
        pool: PoolOptions | None = None,
    ) -> None:
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.database = database
        self.options: Mapping[str, str] = {} if options is None else options
        self.pool = PoolOptions() if pool is None else pool
        self.folder = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatabaseURL) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"<DatabaseURL {self}>"

    @classmethod
    def parse(cls, given: str | Mapping[str, Any] | DatabaseURL) -> DatabaseURL:
        """Read a URL, or a dictionary in Django's form (``ENGINE``, ``NAME``, ...).

        Raises ``ImproperlyConfigured`` saying what is wrong, without the password.
        """
        if isinstance(given, DatabaseURL):
            return given
        if isinstance(given, str):
            url = parse_text(given.strip())
            url.folder = getattr(given, "folder", "")
            return url
        if isinstance(given, Mapping):
            return parse_django(given)
        raise ImproperlyConfigured(f"A database is a URL or a dictionary, not {type(given).__name__}.")

    def check_options(self, known: Iterable[str]) -> None:
        """Raise ``ImproperlyConfigured`` for an option that neither the backend (``known``) nor the pool has."""
        known = frozenset(known)
        for name in self.options:
            if name not in known:
                unknown_option(name, self.scheme, known)

    def __str__(self) -> str:
        login = urls.quote(self.user, safe="") + (":***" if self.password else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = (f"{login}@" if login else "") + host + (f":{self.port}" if self.port is not None else "")
        if self.database == MEMORY:
            return f"{self.scheme}://{MEMORY}{self._query()}"
        return f"{self.scheme}://{place}/{urls.quote(self.database)}{self._query()}"

    def _query(self) -> str:
        shown = {name: "***" if "pass" in name or "secret" in name else value for name, value in self.options.items()}
        default = PoolOptions()
        for name in POOL_OPTIONS:
            if getattr(self.pool, name) != getattr(default, name):
                shown[name] = f"{getattr(self.pool, name):g}"
        return "?" + "&".join(f"{name}={urls.quote(value)}" for name, value in shown.items()) if shown else ""


def parse_text(text: str) -> DatabaseURL:
    """Read a URL. Taken apart by hand: ``://:memory:`` and passwords with odd characters defeat ``urlsplit``."""
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.replace("+", "").replace("-", "").replace("_", "").isalnum():
        raise ImproperlyConfigured(
            "A database URL looks like sqlite:///file.db or postgresql://user:password@host:5432/name; this one has no "
            f"{'scheme before ' if separator else ''}`://`."
        )
    rest, _, query = rest.partition("?")
    location, slash, path = rest.partition("/")
    login, at, place = location.rpartition("@")
    if "@" in path:
        raise ImproperlyConfigured(
            f"The {scheme} URL has an `@` after the first `/`: a `/` in the password or user name is written %2F."
        )
    user, _, password = login.partition(":")
    if place == MEMORY and not at:
        host, port, database = "", None, MEMORY
    else:
        host, port = host_and_port(place, scheme)
        database = urls.unquote(path) if slash else ""
    given = urls.parse_qsl(query, keep_blank_values=True, strict_parsing=False)
    user, password, host = urls.unquote(user), urls.unquote(password), urls.unquote(host)
    return build(DatabaseURL(scheme.lower(), user, password, host, port, database), given)


def host_and_port(place: str, scheme: str) -> tuple[str, int | None]:
    """Take ``host:port`` or ``[ipv6]:port`` apart."""
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    if not port:
        return host, None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(
            f"The port in the {scheme} URL is not a number from 1 to 65535. (A `:`, `@` or `/` in the password is "
            "written percent-encoded: %3A, %40, %2F.)"
        )
    return host, int(port)


def build(url: DatabaseURL, given: Iterable[tuple[str, object]]) -> DatabaseURL:
    """Sort options into the pool's and the backend's."""
    options: dict[str, str] = {}
    pool: dict[str, Any] = {}
    for name, value in given:
        if name in options or name in pool:
            raise ImproperlyConfigured(f"The option {name} is given twice for the {url.scheme} database.")
        if name in POOL_OPTIONS:
            try:
                pool[name] = POOL_OPTIONS[name](value)
            except (TypeError, ValueError, OverflowError):
                raise ImproperlyConfigured(f"{name} is a number, and {value!r} is not one.") from None
            if isinstance(value, bool) or (isinstance(value, float) and pool[name] != value == value):
                raise ImproperlyConfigured(f"{name} is a number, and {value!r} is not one of its kind.")
        else:
            options[name] = str(value)
    url.options, url.pool = options, PoolOptions(**pool)
    return url


def parse_django(given: Mapping[str, Any]) -> DatabaseURL:
    """Read Django's dictionary form; the last part of ``ENGINE`` names the scheme."""
    engine = str(given.get("ENGINE") or "")
    if not engine:
        raise ImproperlyConfigured("A database given as a dictionary needs ENGINE, or give a URL instead.")
    scheme = engine.rpartition(".")[2].removeprefix("orm_").partition("_")[0]
    parts: dict[str, Any] = {}
    options: list[tuple[str, Any]] = []
    for key, value in given.items():
        if key in DJANGO_KEYS:
            parts[DJANGO_KEYS[key]] = "" if value is None else str(value)
        elif key == "OPTIONS":
            for name, setting in dict(value or {}).items():
                options += setting.items() if name == "pool" and isinstance(setting, Mapping) else [(name, setting)]
        elif key == "CONN_MAX_AGE":
            if value:
                options.append(("max_lifetime", value))
        elif key == "TEST" or (key in DJANGO_NEUTRAL and value in DJANGO_NEUTRAL[key]):
            continue  # says nothing about the connection
        elif key != "ENGINE":
            refuse_key(key, key in DJANGO_NEUTRAL)
    port = parts.pop("port", "")
    _, number = host_and_port(f":{port}", scheme) if port else ("", None)
    given_options = [(name, setting) for name, setting in options if setting is not None]  # None stands for a default
    return build(DatabaseURL(scheme.lower(), port=number, **parts), given_options)


def refuse_key(key: str, known: bool) -> NoReturn:
    """Raise for a key of Django's form that is unknown, or set to what is not offered here."""
    if key == "TIME_ZONE":
        raise ImproperlyConfigured(
            "A database's own TIME_ZONE is offered here only as 'UTC', in which every database keeps what it is given: "
            "leave it out. Where another program keeps the local time in a column, read that with use_tz off, or "
            "convert it (AT TIME ZONE)."
        )
    if known:
        raise ImproperlyConfigured(f"{key} is offered here only as {DJANGO_NEUTRAL[key][0]!r}; leave it out.")
    choices = django_keys() - {"TEST"}
    raise ImproperlyConfigured(f"Unknown key {key!r} for a database{did_you_mean_or_known(key, choices)}")


def unknown_option(name: str, scheme: str, known: Iterable[str]) -> NoReturn:
    """Raise for an option nobody knows, naming the near ones."""
    shown = did_you_mean_or_known(name, [*POOL_OPTIONS, *known])
    raise ImproperlyConfigured(f"The {scheme} database has no option {name!r}{shown}")
