"""``django.conf.settings``: settings in Django's form, handed to ``orm.configure``.

They come from ``settings.configure(...)``, from the module DJANGO_SETTINGS_MODULE names, or, where there is neither,
from what Duotone itself is configured with (DATABASE_URL, ``[tool.orm]``). Reading one that is set nowhere raises
AttributeError. A database's options that Duotone does not have are refused by name; only what concerns requests is
dropped, since a script has none.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from orm.config import configure as configure_orm
from orm.config import settings as orm_settings
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured

ENVIRONMENT_VARIABLE = "DJANGO_SETTINGS_MODULE"

# Keys of a database that say what a request does: without requests they change nothing, whatever they are set to.
ABOUT_REQUESTS = frozenset({"ATOMIC_REQUESTS", "CONN_HEALTH_CHECKS"})

# Values Django documents as its defaults, for the settings that this module acts on.
DEFAULTS: dict[str, Any] = {
    "DATABASES": {},
    "DATABASE_ROUTERS": [],
    "DEBUG": False,
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    "INSTALLED_APPS": [],
    "TIME_ZONE": "America/Chicago",
    "USE_TZ": True,
}


MIGRATION_IMPORTS = {
    "orm": "django.db",
    "orm.models.functions": "django.db.models.functions",
    "orm.models.fields.validators": "django.core.validators",
    "orm.models.fields": "django.db.models.fields",
    "orm.sql.functions": "django.db.models.functions",
    **{
        f"orm.postgresql.{ours}": f"django.contrib.postgres.{theirs}"
        for ours, theirs in {
            "arrays": "fields", "constraints": "constraints", "hstore": "fields", "indexes": "indexes",
            "ranges": "fields", "search": "search", "validators": "validators",
        }.items()
    },
}  # fmt: skip
"""What the library's modules are called in migrations of Django's."""


class LegacySettings:
    """The object scripts know as ``django.conf.settings``; loads itself at the first read."""

    def __init__(self) -> None:
        self.__dict__["_values"] = None

    @property
    def configured(self) -> bool:
        """Whether settings were given or read."""
        return self._values is not None

    def configure(self, default_settings: Any = None, **options: Any) -> None:
        """Take settings from keyword arguments, above those of ``default_settings`` (an object) if given.

        Raises ``RuntimeError`` when settings are there already, ``TypeError`` for a name that is not in capitals, and
        ``ImproperlyConfigured`` for a database that can't be used.
        """
        if self.configured:
            raise RuntimeError("Settings already configured.")
        for name in options:
            if not name.isupper():
                raise TypeError(f"A setting's name is in capitals, and {name!r} is not.")
        self._accept({**_capitals(default_settings), **options})

    def load(self) -> None:
        """Read the settings from wherever they are, once."""
        if self.configured:
            return
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        if module:
            self._accept({**_capitals(importlib.import_module(module)), "SETTINGS_MODULE": module})

    def _accept(self, given: dict[str, Any]) -> None:
        values = {**DEFAULTS, **given}
        databases = {
            alias: {key: value for key, value in entry.items() if key not in ABOUT_REQUESTS}
            for alias, entry in values["DATABASES"].items()
            if entry
        }
        configure_orm(
            databases or None,
            use_tz=values["USE_TZ"],
            time_zone=values["TIME_ZONE"] or "UTC",
            default_auto_field=values["DEFAULT_AUTO_FIELD"].rpartition(".")[2],
            installed_apps=[str(app) for app in values["INSTALLED_APPS"]],
            database_routers=list(values["DATABASE_ROUTERS"]),
            migration_modules=values.get("MIGRATION_MODULES") or {},
            migration_imports=MIGRATION_IMPORTS,
            migrations_table="django_migrations",
            strict_models=False,  # Django leaves what is declared wrong to its checks
        )
        self.__dict__["_values"] = values

    def __getattr__(self, name: str) -> Any:
        self.load()
        values = self.__dict__["_values"]
        if values is not None and name in values:
            return values[name]
        if values is None and name in DEFAULTS:
            return _from_orm(name)
        if values is None and name.isupper():
            raise ImproperlyConfigured(
                f"Settings are not configured, so there is no {name}: call settings.configure(...), or set "
                f"{ENVIRONMENT_VARIABLE} to the name of a settings module."
            )
        raise AttributeError(f"There is no setting {name}.")

    def __setattr__(self, name: str, value: Any) -> None:
        self.load()
        if not name.isupper():
            raise AttributeError(f"A setting's name is in capitals, and {name!r} is not.")
        if name in DEFAULTS and name != "DEBUG":
            raise ImproperlyConfigured(
                f"{name} is in use since the settings were read; give it to settings.configure()."
            )
        if not self.configured:
            self.__dict__["_values"] = {each: _from_orm(each) for each in DEFAULTS}
        self.__dict__["_values"][name] = value

    def __dir__(self) -> list[str]:
        self.load()
        return sorted({*super().__dir__(), *(self._values or DEFAULTS)})

    def __repr__(self) -> str:
        return f"<settings {'read' if self.configured else 'not read yet'}>"


def _capitals(source: Any) -> dict[str, Any]:
    """Return the attributes of a module or object whose names are in capitals."""
    return {name: getattr(source, name) for name in dir(source) if name.isupper()}


def _from_orm(name: str) -> Any:
    """Return a setting as Duotone's own configuration has it, in Django's form."""
    if name == "DATABASES":
        return {alias: _in_django_form(given) for alias, given in orm_settings.databases.items()}
    if name == "DEFAULT_AUTO_FIELD":
        return f"django.db.models.{orm_settings.default_auto_field}"
    own = {
        "TIME_ZONE": "time_zone",
        "USE_TZ": "use_tz",
        "INSTALLED_APPS": "installed_apps",
        "DATABASE_ROUTERS": "database_routers",
    }
    return getattr(orm_settings, own[name]) if name in own else DEFAULTS[name]


def _in_django_form(given: Any) -> dict[str, Any]:
    url = DatabaseURL.parse(given)
    return {
        "ENGINE": f"django.db.backends.{url.scheme}",
        "NAME": url.database,
        "USER": url.user,
        "PASSWORD": url.password,
        "HOST": url.host,
        "PORT": "" if url.port is None else str(url.port),
        "OPTIONS": dict(url.options),
    }


settings = LegacySettings()
