"""File fields: a column that names a file in a storage. Paths of files that are there belong to ``FilePathField``.

A file assigned to an attribute is kept when the instance is saved; replacing a file or deleting a row leaves the old
file where it is, as in Django, since other rows may name it.
"""

from __future__ import annotations

import datetime
import os
import posixpath
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from orm.checks.messages import CheckMessage, Error
from orm.errors import FieldError, ImproperlyConfigured
from orm.files.base import ContentFile, File
from orm.files.named_storages import default_storage
from orm.files.storage import Storage, validate_file_name
from orm.models.fetching import Unloaded
from orm.models.fields.base import Field
from orm.models.fields.field_file_blocking import FieldFile
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.fields.text import CharField


class FileDescriptor:
    """The attribute of a file field: always a ``FieldFile``, whatever was assigned."""

    converts_late = True

    def __init__(self, field: FileField) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self.field
        held = instance.__dict__
        name = self.field.attname
        if name not in held:
            loaded = Field.__get__(self.field, instance, owner)
            if name not in held:
                return Unloaded(partial(self._aload, instance, loaded), f"{type(instance).__name__}.{name}")
        file = held[name]
        if file is False or (
            isinstance(file, FieldFile) and file.field is self.field and file.instance is instance
        ):  # forms say False where a file is taken away
            return file
        held[name] = made = self._wrapped(instance, file)
        return made

    async def _aload(self, instance: object, loaded: Any) -> object:
        await loaded
        return self.__get__(instance, type(instance))

    def _wrapped(self, instance: Any, file: Any) -> FieldFile:
        made = self.field.attr_class(instance, self.field, file if isinstance(file, str) or file is None else file.name)
        if isinstance(file, FieldFile):
            made.__dict__["_file"] = file.__dict__.get("_file")
            made._committed = file._committed
        elif isinstance(file, File):
            made.file = file
            made._committed = False
        return made

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class FileField(Field[Any]):
    """The name of a file in a storage.

    Parameters:
        upload_to: the folder in the storage, in which ``strftime`` marks are filled in; or a function of the instance
            and the file's name that returns the whole name.
        storage: where files are kept, or a function that returns it; the default storage without it.
    """

    kind = "char"
    keeps_files = True
    empty_strings_allowed = True
    description = "File"
    option_defaults: ClassVar[Mapping[str, Any]] = {"max_length": 100, "upload_to": NOT_PROVIDED, "storage": None}
    attr_class: ClassVar[type[FieldFile]] = FieldFile
    descriptor_class: ClassVar[Any] = FileDescriptor

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        upload_to: str | Callable[[Any, str], str] = "",
        storage: Storage | Callable[[], Storage] | None = None,
        **options: Any,
    ) -> None:
        self._primary_key_set_explicitly = "primary_key" in options
        given = storage or default_storage
        if callable(given):
            self._storage_callable = given
            given = given()
            if not isinstance(given, Storage):
                raise TypeError(
                    f"{type(self).__name__}.storage must be a subclass/instance of orm.files.storage.Storage, and a "
                    f"function must return one, not {given!r}."
                )
        self.storage: Any = given
        self.upload_to = upload_to
        options.setdefault("max_length", 100)
        super().__init__(verbose_name, name, **options)

    if not TYPE_CHECKING:  # a checker knows the field's own overloads

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            """The ``FieldFile`` of an instance: who wraps the class's attribute, which is the field, asks here."""
            return self if instance is None else self.descriptor_class(self).__get__(instance, owner)

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """What a file's name can't be."""
        if self._primary_key_set_explicitly:
            said = f"'primary_key' is not a valid argument for a {type(self).__name__}."
            yield Error(said, obj=self, id="fields.E201")
        if isinstance(self.upload_to, str) and self.upload_to.startswith("/"):
            yield Error(
                f"{type(self).__name__}'s 'upload_to' argument must be a relative path, not an absolute path.",
                hint="Remove the leading slash.",
                obj=self,
                id="fields.E202",
            )

    def check_declaration(self) -> None:
        """Refuse what ``own_checks`` finds."""
        super().check_declaration()
        for problem in self.own_checks((), None):
            raise ImproperlyConfigured(f"{self}: {problem.msg}")

    def to_python(self, value: Any) -> Any:
        """The value as it is: validators are given the file, not its name."""
        return value

    def get_prep_value(self, value: Any) -> Any:
        """The file's name."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return str(value.name or "") if isinstance(value, File) else str(value)

    def pre_save(self, instance: Any, add: bool) -> Any:
        """The file; one that is not in the storage yet is kept there.

        In async code ``asave()`` has done so before, in a worker thread.
        """
        file = getattr(instance, self.attname)
        if file is False:
            return ""
        if file.name and not file._committed:
            if not hasattr(file.file, "chunks"):
                raise self._nameless(file.file)
            file.save(str(file.name), file.file, save=False)
        elif not file.name and file.__dict__.get("_file") is not None:
            raise self._nameless(file.__dict__["_file"])
        return file

    def _nameless(self, content: object) -> FieldError:
        error = FieldError(f"File for {self.name} must have the name attribute specified to be saved.")
        if isinstance(content, ContentFile):
            error.add_note("Pass a 'name' argument to ContentFile.")
        return error

    def save_form_data(self, instance: Any, data: Any) -> None:
        """Set a cleaned value: None means no change, False no file."""
        if data is not None:
            setattr(instance, self.name, data or "")

    def value_to_string(self, instance: Any) -> str:
        return str(self.value_from_object(instance) or "")

    def generate_filename(self, instance: Any, filename: str) -> str:
        """Return the whole name in the storage for a file of this name.

        Raises ``SuspiciousFileOperation`` for a name that leads elsewhere.
        """
        if callable(self.upload_to):
            filename = self.upload_to(instance, filename)
        else:
            folder = datetime.datetime.now().strftime(str(self.upload_to))
            filename = posixpath.join(folder, filename)
        filename = validate_file_name(filename, allow_relative_path=True)
        generated: str = self.storage.generate_filename(filename)
        return generated

    def given_option(self, option: str) -> Any:
        """As any field's; the storage as it was given, which may be a function."""
        if option != "storage":
            return super().given_option(option)
        given = getattr(self, "_storage_callable", self.storage)
        return None if given is default_storage else given


class FilePathField(CharField):
    """The path of a file that is there already, in a folder.

    Parameters: ``path`` is the folder, or a function that returns it; ``match`` a regular expression for names;
    ``recursive`` looks into folders inside; ``allow_files`` and ``allow_folders`` say what may be named.
    """

    prepares_as_it_reads = False
    description = "File path"
    option_defaults: ClassVar[Mapping[str, Any]] = {
        "max_length": 100,
        "path": "",
        "match": None,
        "recursive": False,
        "allow_files": True,
        "allow_folders": False,
    }

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        path: str | os.PathLike[str] | Callable[[], str] = "",
        match: str | None = None,
        recursive: bool = False,
        allow_files: bool = True,
        allow_folders: bool = False,
        **options: object,
    ) -> None:
        self.path = path
        self.match = match
        self.recursive = recursive
        self.allow_files = allow_files
        self.allow_folders = allow_folders
        options.setdefault("max_length", 100)
        super().__init__(verbose_name, name, **options)  # type: ignore[call-overload]

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """Something must be allowed."""
        if not self.allow_files and not self.allow_folders:
            said = "FilePathFields must have either 'allow_files' or 'allow_folders' set to True."
            yield Error(said, obj=self, id="fields.E140")

    def check_declaration(self) -> None:
        """Refuse what ``own_checks`` finds."""
        super().check_declaration()
        for problem in self.own_checks((), None):
            raise ImproperlyConfigured(f"{self}: {problem.msg}")
