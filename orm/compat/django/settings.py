"""``django.conf.settings``: settings in Django's form, handed to ``orm.configure``.

They come from ``settings.configure(...)``, from the module DJANGO_SETTINGS_MODULE names, or, where there is neither,
from what Duotone itself is configured with (DATABASE_URL, ``[tool.orm]``). What is set in none of them has Django's
default. A setting changed while the program runs takes effect at once. A database's options that Duotone does not have
are refused by name; only what concerns requests is dropped, since a script has none.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orm.compat.django.answers import LEGACY_ANSWERS
from orm.compat.django.defaults import DEFAULTS
from orm.compat.django.engines import PACKAGE, check_engines
from orm.compat.django.surface import SURFACES
from orm.config import configure as configure_orm
from orm.config import settings as orm_settings
from orm.db.djangos_form import databases_in_core_form
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured
from orm.late import LateLogger, late_module
from orm.structures.loading import import_string

if TYPE_CHECKING:
    from orm.compat.django import query_log
    from orm.security import passwords
else:
    passwords = late_module("orm.security.passwords")
    query_log = late_module("orm.compat.django.query_log")

ENVIRONMENT_VARIABLE = "DJANGO_SETTINGS_MODULE"
ASYNC_UNSAFE_VARIABLE = "DJANGO_ALLOW_ASYNC_UNSAFE"

FOLLOWED = frozenset({"PASSWORD_HASHERS", "DEBUG"})
"""Settings that something here follows, besides those the core has a name for."""


class SwappedModels(Mapping[str, str]):
    """Which model stands in for a swappable one: the setting that the swappable model names, whatever it is called."""

    def __init__(self, owner: LegacySettings) -> None:
        self._owner = owner

    def __getitem__(self, name: str) -> str:
        if name not in self._owner or getattr(self._owner, name) is None:
            raise KeyError(name)
        return str(getattr(self._owner, name))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class LegacySettings:
    """The object scripts know as ``django.conf.settings``; loads itself at the first read."""

    def __init__(self) -> None:
        self.__dict__["_values"] = None

    @property
    def configured(self) -> bool:
        """Whether settings were given or read."""
        return self._values is not None

    def configure(self, default_settings: object = None, **options: object) -> None:
        """Take settings from keyword arguments, above those of ``default_settings`` (an object) if given.

        Raises ``RuntimeError`` when settings are there already, ``TypeError`` for a name that is not in capitals, and
        ``ImproperlyConfigured`` for a database that can't be used.
        """
        if self.configured:
            raise RuntimeError("Settings already configured.")
        for name in options:
            if not name.isupper():
                raise TypeError(f"Setting {name!r} must be uppercase.")
        self._accept({**_capitals(default_settings), **options})

    def load(self) -> None:
        """Read the settings from wherever they are, once."""
        if self.configured:
            return
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        if module:
            self._accept(
                {**_capitals(importlib.import_module(module)), "SETTINGS_MODULE": module}, set_process_zone=True
            )

    def _accept(self, given: dict[str, Any], set_process_zone: bool = False) -> None:
        self.__dict__["_values"] = given
        try:
            self._apply([*CORE, *FOLLOWED])
        except BaseException:
            self.__dict__["_values"] = None
            raise
        if set_process_zone:
            set_zone_of_process(given.get("TIME_ZONE", DEFAULTS["TIME_ZONE"]))

    def _apply(self, names: Any) -> None:
        """Hand the settings Duotone knows under names of its own to ``orm.configure``."""
        changed: dict[str, Any] = {}
        for name in CORE.keys() & set(names):
            value = self._values.get(name, DEFAULTS.get(name))
            if name == "DATABASES":
                check_engines(value)
                changed["databases"] = databases_in_core_form(value)
            elif name in PLACES:
                changed[CORE[name]] = from_root(value)
            elif name == "TIME_ZONE":
                changed["time_zone"] = value or "UTC"
            elif name == "MIGRATION_MODULES":
                changed["migration_modules"] = {**CONTRIB_MIGRATIONS, **value}
            elif name in LISTS:
                changed[CORE[name]] = [str(each) if name == "INSTALLED_APPS" else each for each in value]
            else:
                changed[CORE[name]] = value
        if "PASSWORD_HASHERS" in names:
            given = self._values.get("PASSWORD_HASHERS")
            if given is not None or "orm.security.passwords" in sys.modules:
                known = passwords.HASHERS if given is None else [import_string(path) for path in given]
                passwords.use_hashers(known)
        if "DEBUG" in names and (self._values.get("DEBUG") or "orm.compat.django.query_log" in sys.modules):
            query_log.hearing.follow(bool(self._values.get("DEBUG")))
        unsafe = os.environ.get(ASYNC_UNSAFE_VARIABLE)
        LateLogger.called.update(LOGGERS)
        configure_orm(
            changed.pop("databases", None),
            swapped_models=SwappedModels(self),
            migrations_table="django_migrations",
            migration_imports=MIGRATION_IMPORTS,
            **LEGACY_ANSWERS,
            **changed,
            **({"allow_blocking": True} if unsafe else {}),
        )

    def __getattr__(self, name: str) -> Any:
        self.load()
        values = self.__dict__["_values"]
        if name == "SECRET_KEY" and not (values or {}).get(name) and not orm_settings.secret_key:
            raise ImproperlyConfigured(
                f"The SECRET_KEY setting must not be empty: give it to settings.configure(...), or set "
                f"{ENVIRONMENT_VARIABLE} to the name of a settings module that has it."
            )
        if values is not None and name in values:
            return from_root(values[name]) if name in PLACES else values[name]
        if values is None and name in CORE:
            return _from_orm(name)
        if values is None and name.isupper() and not orm_settings.databases:
            raise ImproperlyConfigured(
                f"Settings are not configured, so there is no {name}: call settings.configure(...), or set "
                f"{ENVIRONMENT_VARIABLE} to the name of a settings module."
            )
        if name in DEFAULTS:
            return from_root(DEFAULTS[name]) if name in PLACES else DEFAULTS[name]
        owner = "'Settings' object" if type(values).__name__ == "module" else "module 'django.conf.global_settings'"
        raise AttributeError(f"{owner} has no attribute '{name}'")

    def __setattr__(self, name: str, value: object) -> None:
        self._begin_changes(name)
        self._values[name] = value
        if name in CORE or name in FOLLOWED:
            self._apply([name])

    def __delattr__(self, name: str) -> None:
        self._begin_changes(name)
        if name not in self._values:
            raise AttributeError(f"The setting {name} is not set.")
        del self._values[name]
        if name in CORE or name in FOLLOWED:
            self._apply([name])

    def _begin_changes(self, name: str) -> None:
        self.load()
        if not name.isupper():
            raise AttributeError(f"A setting's name is in capitals, and {name!r} is not.")
        if not self.configured:
            self.__dict__["_values"] = {each: _from_orm(each) for each in CORE}

    def is_overridden(self, setting: str) -> bool:
        """Return whether a setting was given, so that it is not the default."""
        self.load()
        return setting in (self._values or {})

    def __contains__(self, name: object) -> bool:
        self.load()
        return name in (self._values or {}) or name in DEFAULTS

    def __dir__(self) -> list[str]:
        self.load()
        return sorted({*super().__dir__(), *(self._values or {}), *DEFAULTS})

    def __repr__(self) -> str:
        return f"<settings {'read' if self.configured else 'not read yet'}>"


MIGRATION_IMPORTS = {
    **{one: name for name, surface in reversed(SURFACES.items()) for one in surface.names.values()},
    **{source: name for name, surface in reversed(SURFACES.items()) for source in surface.sources},
    "orm": "django.db",
    "orm.config": "django.conf",
    "orm.contrib.auth.models:this_moment": "django.utils.timezone:now",
    "orm.migrations.questioner:now": "django.utils.timezone:now",
}
"""What the library's modules are called in migrations of Django's: as they can be imported, the first that has them."""

LOGGERS = {
    "orm.models": "django.db.models",
    "orm.on_commit": "django.db.backends.base",
    "orm.schema": "django.db.backends.schema",
    "orm.signals": "django.dispatch",
    "orm.test": "django.test",
}
"""What loggers of the library are called where programs listen for Django's."""

CORE = {
    "AUTHENTICATION_BACKENDS": "authentication_backends",
    "DATABASES": "databases",
    "DATABASE_ROUTERS": "database_routers",
    "DEFAULT_AUTO_FIELD": "default_auto_field",
    "DEFAULT_INDEX_TABLESPACE": "default_index_tablespace",
    "DEFAULT_TABLESPACE": "default_tablespace",
    "FILE_UPLOAD_DIRECTORY_PERMISSIONS": "directory_permissions",
    "FILE_UPLOAD_PERMISSIONS": "file_permissions",
    "FIXTURE_DIRS": "fixture_dirs",
    "INSTALLED_APPS": "installed_apps",
    "MEDIA_ROOT": "media_root",
    "MEDIA_URL": "media_url",
    "STORAGES": "storages",
    "MIGRATION_MODULES": "migration_modules",
    "SECRET_KEY": "secret_key",
    "SECRET_KEY_FALLBACKS": "secret_key_fallbacks",
    "SERIALIZATION_MODULES": "serialization_modules",
    "SILENCED_SYSTEM_CHECKS": "silenced_checks",
    "SITE_ID": "site_id",
    "TEST_RUNNER": "test_runner",
    "TIME_ZONE": "time_zone",
    "USE_TZ": "use_tz",
}
"""Settings that Duotone has under names of its own."""

CONTRIB_MIGRATIONS: dict[str, str | None] = {
    **{label: f"orm.contrib.{label}.migrations" for label in ("auth", "contenttypes", "sessions", "sites")},
    "admin": "orm.contrib.admin_log.migrations",
    **dict.fromkeys(("humanize", "messages", "postgres", "sitemaps", "staticfiles", "syndication")),
}
"""Where the migrations of Django's own applications are, which have its names here; None for those without a table."""

LISTS = frozenset(
    {
        *("AUTHENTICATION_BACKENDS", "DATABASE_ROUTERS", "FIXTURE_DIRS", "INSTALLED_APPS"),
        *("SECRET_KEY_FALLBACKS", "SILENCED_SYSTEM_CHECKS"),
    }
)


PLACES = frozenset({"MEDIA_URL", "STATIC_URL"})
"""Settings that say where browsers find files."""


def from_root(url: str | None) -> str | None:
    """Return a URL as ``PLACES`` have it: one that is relative begins at the site's root."""
    return url if url is None or url.startswith(("http://", "https://", "/")) else f"/{url}"


def set_zone_of_process(zone: str | None) -> None:
    """Make a zone that of the process (``TZ``), as Django does with TIME_ZONE of a settings module."""
    if zone and hasattr(time, "tzset"):
        os.environ["TZ"] = zone
        time.tzset()


def _capitals(source: object) -> dict[str, object]:
    """Return the attributes of a module or object whose names are in capitals."""
    return {name: getattr(source, name) for name in dir(source) if name.isupper()}


def _from_orm(name: str) -> object:
    """Return a setting as Duotone's own configuration has it, in Django's form."""
    if name == "DATABASES":
        return {alias: _in_django_form(given) for alias, given in orm_settings.databases.items()}
    if name == "DEFAULT_AUTO_FIELD":
        return f"django.db.models.{orm_settings.default_auto_field}"
    return getattr(orm_settings, CORE[name])


def _in_django_form(given: Any) -> dict[str, object]:
    url = DatabaseURL.parse(given)
    return {
        "ENGINE": PACKAGE + ("sqlite3" if url.scheme == "sqlite" else url.scheme),
        "NAME": url.database,
        "USER": url.user,
        "PASSWORD": url.password,
        "HOST": url.host,
        "PORT": "" if url.port is None else str(url.port),
        "OPTIONS": dict(url.options),
    }


settings = LegacySettings()
