"""The storages of a project by alias: those of the setting ``storages``, the file system where it names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.files.storage import FileSystemStorage, Storage
from orm.structures.lazy import LazyObject
from orm.structures.loading import import_string

DEFAULT = "default"
STATIC_FILES = "staticfiles"


class InvalidStorageError(ImproperlyConfigured):
    """The settings name no such storage, or one that can't be made."""


class Storages:
    """Storages by alias, made at first use."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Any, Storage]] = {}

    def __getitem__(self, alias: str) -> Storage:
        given: Mapping[str, Any] | None = settings.storages.get(alias)
        if given is None and alias == DEFAULT:
            given = {"BACKEND": FileSystemStorage}
        if given is None:
            raise InvalidStorageError(f"Could not find config for '{alias}' in settings.STORAGES.")
        known = self._made.get(alias)
        if known is None or known[0] != given:
            self._made[alias] = known = (dict(given), self.create_storage(given))
        return known[1]

    @property
    def backends(self) -> dict[str, Mapping[str, Any]]:
        """What the setting ``storages`` has: by alias, the class and its options."""
        return dict(settings.storages)

    @staticmethod
    def create_storage(params: Mapping[str, Any]) -> Storage:
        """Make a storage from its class (or the dotted path of it) and options.

        Raises ``InvalidStorageError`` for a path that names nothing.
        """
        backend = params["BACKEND"]
        try:
            made: Storage = (import_string(backend) if isinstance(backend, str) else backend)(
                **params.get("OPTIONS", {})
            )
        except ImportError as error:
            raise InvalidStorageError(f"Could not find backend {backend!r}: {error}") from error
        return made


storages = Storages()


class DefaultStorage(LazyObject):
    """The storage called ``default``, whichever the settings name by the time it is used."""

    def _setup(self) -> None:
        self._wrapped = storages[DEFAULT]


default_storage: Any = DefaultStorage()
