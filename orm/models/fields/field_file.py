"""What a file field's attribute is: the file a row names, and what can be done with it.

Reading is blocking code, as with every file; saving and deleting, which also write the row, have both forms. A storage
is called in a worker thread where an event loop runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.bridge.crossing import call, call_form
from orm.files.base import File

if TYPE_CHECKING:
    from orm.files.storage import Storage
    from orm.models.base import AwaitableModel


class AwaitableFieldFile(File):
    """The file of one instance: truthy when the row names one.

    Attributes: ``name`` is the name in the storage, ``storage`` where it lies, ``field`` and ``instance`` whose it is.
    """

    _file: File | None

    def __init__(self, instance: AwaitableModel, field: Any, name: str | None) -> None:
        super().__init__(None, name)
        self.instance = instance
        self.field = field
        self.storage: Storage = field.storage
        self._committed = True

    def __eq__(self, other: object) -> bool:
        return bool(self.name == getattr(other, "name", other))

    def __hash__(self) -> int:
        return hash(self.name)

    def __bool__(self) -> bool:
        return bool(self.name)

    # -- the file ------------------------------------------------------------------------------------------------------

    def _require_file(self) -> str:
        if not self.name:
            raise ValueError(f"The '{self.field.name}' attribute has no file associated with it.")
        return str(self.name)

    @property
    def file(self) -> Any:
        """The open file; opened at the first look."""
        name = self._require_file()
        if self.__dict__.get("_file") is None:
            self._file = self.storage.open(name, "rb")
        return self._file

    @file.setter
    def file(self, file: Any) -> None:
        self._file = file

    @file.deleter
    def file(self) -> None:
        del self._file

    @property
    def path(self) -> str:
        """Where the file lies in the file system. Raises ``NotImplementedError`` for a storage that is not in one."""
        return self.storage.path(self._require_file())

    @property
    def url(self) -> str:
        """Where a browser finds the file."""
        return self.storage.url(self._require_file())

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        name = self._require_file()
        return self.storage.size(name) if self._committed else int(self.file.size)

    @property
    def closed(self) -> bool:
        """Whether the file is not open."""
        file = self.__dict__.get("_file")
        return file is None or bool(file.closed)

    def open(self, mode: str | None = "rb", *args: object, **options: object) -> Any:
        """Open the file, or go back to its beginning."""
        name = self._require_file()
        file: File | None = self.__dict__.get("_file")
        if file is None:
            self._file = self.storage.open(name, mode or "rb")
        else:
            file.open(mode)
        return self

    def close(self) -> None:
        """Close the file, if it is open."""
        file = self.__dict__.get("_file")
        if file is not None:
            file.close()

    # -- saving and deleting -------------------------------------------------------------------------------------------

    async def asave(self, name: str, content: object, save: bool = True) -> None:
        """Keep ``content`` (a file) in the storage under ``name``, or one like it, and name it in the instance.

        Parameters: ``save=False`` leaves the row as it is.
        """
        name = self.field.generate_filename(self.instance, name)
        self.name = await call(self.storage.save, name, content, max_length=self.field.max_length)
        setattr(self.instance, self.field.attname, self.name)
        self._committed = True
        if save:
            await call_form(self.instance.asave)

    async def adelete(self, save: bool = True) -> None:
        """Delete the file from the storage, and name none in the instance.

        Parameters: ``save=False`` leaves the row as it is.
        """
        if not self.name:
            return
        self.close()
        self._file = None
        await call(self.storage.delete, self.name)
        self.name = None
        setattr(self.instance, self.field.attname, self.name)
        self._committed = False
        if save:
            await call_form(self.instance.asave)

    async def acommit(self) -> None:
        """Keep a file that was assigned and is not in the storage yet; what saving the instance does first."""
        if self.name and not self._committed:
            await call_form(self.asave, str(self.name), self.file, save=False)

    # -- pickling ------------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "_committed": True, "_file": None, "instance": self.instance, "field": self.field}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.storage = self.field.storage
