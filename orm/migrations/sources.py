"""Which apps there are, and where their migrations lie."""

from __future__ import annotations

import importlib
import sys
from typing import NamedTuple

from orm.config import settings
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
    """Import the models of every application the settings list; a registry with a list of its own has done so."""
    for app in () if apps.app_configs else installed():
        if module_has_submodule(importlib.import_module(app.package), "models"):
            importlib.import_module(f"{app.package}.models")


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
