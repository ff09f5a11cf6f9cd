"""Which apps there are, and where their migrations lie."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.models.apps import apps
from orm.records import NamedTuple
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


class FilesOf:
    """Finds the modules of one package in its folder at once, where every finder there is would be asked for each: a
    long history is a thousand of them. What has no source there is left to the other finders.
    """

    def __init__(self, package: ModuleType) -> None:
        self.prefix = f"{package.__name__}."
        self.folder = os.path.dirname(str(package.__file__))
        self.names = {entry.name for entry in os.scandir(self.folder) if entry.is_file()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the package that has a file; None for everything else."""
        if not fullname.startswith(self.prefix):
            return None
        name = f"{fullname.removeprefix(self.prefix)}.py"
        if name not in self.names:
            return None
        file = os.path.join(self.folder, name)
        return spec_from_file_location(fullname, file, loader=SourceFileLoader(fullname, file))


@contextlib.contextmanager
def known_files(package: ModuleType) -> Iterator[None]:
    """A block in which the modules of a package of plain files are found at once; of others as always."""
    spec = package.__spec__
    if spec is None or type(spec.loader) is not SourceFileLoader or list(package.__path__) != [
        os.path.dirname(str(package.__file__))
    ]:  # fmt: skip
        yield
        return
    finder = FilesOf(package)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def forget_modules(package: str) -> None:
    """Forget an imported package of migrations and its modules, so that files written since are seen."""
    for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
