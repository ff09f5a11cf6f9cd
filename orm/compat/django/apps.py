"""``django.setup()``: settings are read, logging is set up, and the installed applications' models are imported.

An application of the project itself that can't be loaded stops the program, named by its entry. One from elsewhere (an
installed package, a part of Django that is not here) is passed over with a warning that names the entry and what is
missing; its models are unknown then.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import warnings
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from orm.compat.django.log_setup import configure_logging
from orm.compat.django.settings import settings
from orm.compat.django.version import get_version
from orm.db.registry import databases
from orm.late import late_module
from orm.models.applications import AppConfig
from orm.models.apps import apps
from orm.security import audience

if TYPE_CHECKING:
    from orm.compat.django import connections as late_connection
    from orm.compat.django import password_validation as validation
    from orm.compat.django.connection import LegacyConnection
else:
    validation = late_module("orm.compat.django.password_validation")
    late_connection = late_module("orm.compat.django.connections")

__all__ = ["AppConfig", "apps", "setup"]


class Connections:
    """``django.db.connections``, for what is run by migrations: imported when one of them asks."""

    def __getitem__(self, alias: str) -> LegacyConnection:
        return late_connection.connections[alias]


def setup(set_prefix: bool = True) -> None:
    """Read the settings, set up logging, and import the models of the installed applications; once.

    Parameters: ``set_prefix`` is about the prefix of URLs; there are no URLs here, so both values come to the same.
    """
    settings.load()
    configure_logging()
    databases.faces = Connections()
    apps.command_packages = ("orm.compat.django.commands",)
    apps.command_version = get_version()
    audience.told = lambda password, user: validation.password_changed(password, user)
    apps.populate([str(entry) for entry in settings.INSTALLED_APPS], pass_over)


def pass_over(entry: str, error: Exception) -> bool:
    """Return whether an application that can't be loaded is left out, with a warning; the project's own are not."""
    if is_of_project(entry.partition(".")[0]):
        error.add_note(f"This happened while {entry!r} of INSTALLED_APPS was being loaded.")
        return False
    warnings.warn(
        f"INSTALLED_APPS lists {entry}, which can't be loaded here and is passed over; its models are unknown. "
        f"{type(error).__name__}: {error}",
        RuntimeWarning,
        stacklevel=2,
    )
    return True


def is_of_project(package: str) -> bool:
    """Return whether a top-level package is the project's: found, and not where packages are installed."""
    if package == "django":
        return False
    loaded = sys.modules.get(package)
    if loaded is not None:
        places = [*getattr(loaded, "__path__", ()), getattr(loaded, "__file__", None)]
    else:
        spec = PathFinder.find_spec(package)
        places = [] if spec is None else [*(spec.submodule_search_locations or ()), spec.origin]
    found = [os.path.realpath(place) for place in places if place]
    return bool(found) and not any(place.startswith(installed) for place in found for installed in installation())


def installation() -> list[str]:
    """Return the folders in which packages are installed."""
    paths: dict[str, Any] = sysconfig.get_paths()
    return [os.path.realpath(paths[name]) + os.sep for name in ("purelib", "platlib", "stdlib")]
