"""Which apps there are, and where their migrations lie."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import NamedTuple

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.models.apps import apps
from orm.structures.loading import module_has_submodule

FOLDER = "migrations"


class App(NamedTuple):
    """An installed application: its label, and its package."""

    label: str
    package: str


def installed() -> list[App]:
    """The installed applications, in order: as the registry knows them, or as the settings list them.

    One that ``migration_modules`` names by its label is there too, in the package around that module.
    """
    if apps.app_configs:
        return [App(label, str(config.name)) for label, config in apps.app_configs.items()]
    found = [App(name.rpartition(".")[2], name) for name in settings.installed_apps]
    known = {app.label for app in found}
    return found + [
        App(label, module.rpartition(".")[0])
        for label, module in settings.migration_modules.items()
        if module and label not in known
    ]


def import_models() -> None:
    """Import the models of every application the settings list; a registry with a list of its own has done so.

    Raises ``ImproperlyConfigured`` for an application that is not there.
    """
    for app in () if apps.app_configs else installed():
        if module_has_submodule(_imported(app), "models"):
            importlib.import_module(f"{app.package}.models")


def _imported(app: App) -> ModuleType:
    try:
        return importlib.import_module(app.package)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{app.package}.".startswith(f"{error.name}."):
            raise  # the package is there; what it imports is not
        raise ImproperlyConfigured(
            f"installed_apps names {app.package!r}, and there is no package {error.name!r} on the import path."
        ) from error


def labels() -> list[str]:
    """The labels of the installed applications."""
    return [app.label for app in installed()]


def migrations_module(app_label: str) -> tuple[str | None, bool]:
    """The module of an app's migrations, or None where it has none by decision; and whether the settings name it."""
    if app_label in settings.migration_modules:
        return settings.migration_modules[app_label], True
    package = next((app.package for app in installed() if app.label == app_label), app_label)
    return f"{package}.{FOLDER}", False


def forget_modules(package: str) -> None:
    """Forget an imported package of migrations and its modules, so that files written since are seen."""
    for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
