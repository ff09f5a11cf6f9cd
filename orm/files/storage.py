"""Storages: where files are kept under names. What this module refuses: names that lead out of the storage."""

from __future__ import annotations

import datetime
import os
import pathlib
import shutil
import stat
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urljoin

from orm.config import settings
from orm.errors import SuspiciousFileOperation
from orm.files.base import File
from orm.late import random
from orm.sql import types
from orm.structures.deconstruct import Deconstructed
from orm.structures.public_names import public_path
from orm.text.words import get_valid_filename

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def validate_file_name(name: str, allow_relative_path: bool = False) -> str:
    """Return the name of a file.

    Raises ``SuspiciousFileOperation`` for one that is none, or that leads out of where files are kept.
    """
    if os.path.basename(name) in {"", ".", ".."}:
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    if allow_relative_path:
        path = pathlib.PurePosixPath(str(name).replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise SuspiciousFileOperation(f"Detected path traversal attempt in '{name}'")
    elif name != os.path.basename(name):
        raise SuspiciousFileOperation(f"File name '{name}' includes path elements")
    return name


class Storage:
    """What every storage does; one of your own gives the methods that raise ``NotImplementedError`` here.

    Names are relative, with ``/`` between their parts.
    """

    def open(self, name: str, mode: str = "rb") -> File:
        """Open the file of a name."""
        return self._open(name, mode)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Keep ``content`` (a file) under ``name``, or one like it that is free, of at most ``max_length`` characters.

        Return the name it got. Raises ``SuspiciousFileOperation`` for a name that leads elsewhere, and ``ValueError``
        where there is no name.
        """
        if name is None:
            name = content.name
        if name is None:
            raise ValueError("A file is saved under a name, or has one of its own: ContentFile(data, name='a.txt').")
        if not hasattr(content, "chunks"):
            content = File(content, name)
        name = validate_file_name(str(name), allow_relative_path=True)
        name = self.get_available_name(name, max_length=max_length)
        name = self._save(name, content)
        return validate_file_name(name, allow_relative_path=True)

    def _open(self, name: str, mode: str) -> File:
        raise NotImplementedError("subclasses of Storage must provide an _open() method")

    def _save(self, name: str, content: object) -> str:
        raise NotImplementedError("subclasses of Storage must provide a _save() method")

    # -- names ---------------------------------------------------------------------------------------------------------

    def get_valid_name(self, name: str) -> str:
        """Return a name fit for a file here."""
        return get_valid_filename(name)

    def get_alternative_name(self, file_root: str, file_ext: str) -> str:
        """Return another name for one that is taken."""
        return f"{file_root}_{''.join(random.choices(LETTERS, k=7))}{file_ext}"

    def is_name_available(self, name: str, max_length: int | None = None) -> bool:
        """Whether a name is free, and not too long."""
        return not self.exists(name) and (max_length is None or len(name) <= max_length)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name, or one like it that is free and not too long."""
        name = str(name).replace("\\", "/")
        folder, base = os.path.split(name)
        if ".." in pathlib.PurePath(folder).parts:
            raise SuspiciousFileOperation(f"Detected path traversal attempt in '{folder}'")
        validate_file_name(base)
        extension = "".join(pathlib.PurePath(base).suffixes)
        root = base.removesuffix(extension)
        while not self.is_name_available(name, max_length):
            name = os.path.join(folder, self.get_alternative_name(root, extension))
            if max_length is None or len(name) <= max_length:
                continue
            root = root[: max(len(root) - (len(name) - max_length), 0)]
            if not root:
                raise SuspiciousFileOperation(
                    f'Storage can not find an available filename for "{name}". Please make sure that the corresponding '
                    'file field allows sufficient "max_length".'
                )
            name = os.path.join(folder, self.get_alternative_name(root, extension))
        return name

    def generate_filename(self, filename: str) -> str:
        """Return a name fit for a file here, its folder kept."""
        filename = str(filename).replace("\\", "/")
        folder, base = os.path.split(filename)
        if ".." in pathlib.PurePath(folder).parts:
            raise SuspiciousFileOperation(f"Detected path traversal attempt in '{folder}'")
        return os.path.normpath(os.path.join(folder, self.get_valid_name(base)))

    # -- what else can be asked ----------------------------------------------------------------------------------------

    def path(self, name: str) -> str:
        """Where the file lies in the file system, for storages that are in one."""
        raise NotImplementedError("This backend doesn't support absolute paths.")

    def delete(self, name: str) -> None:
        """Delete a file; nothing happens where there is none."""
        raise NotImplementedError("subclasses of Storage must provide a delete() method")

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        raise NotImplementedError("subclasses of Storage must provide an exists() method")

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files in a folder."""
        raise NotImplementedError("subclasses of Storage must provide a listdir() method")

    def size(self, name: str) -> int:
        """How many bytes a file has."""
        raise NotImplementedError("subclasses of Storage must provide a size() method")

    def url(self, name: str | None) -> str:
        """Where a browser finds a file."""
        raise NotImplementedError("subclasses of Storage must provide a url() method")

    def get_accessed_time(self, name: str) -> datetime.datetime:
        """When a file was read last."""
        raise NotImplementedError("subclasses of Storage must provide a get_accessed_time() method")

    def get_created_time(self, name: str) -> datetime.datetime:
        """When a file was made."""
        raise NotImplementedError("subclasses of Storage must provide a get_created_time() method")

    def get_modified_time(self, name: str) -> datetime.datetime:
        """When a file was written last."""
        raise NotImplementedError("subclasses of Storage must provide a get_modified_time() method")


def moment_of(timestamp: float) -> datetime.datetime:
    """Return a file's time: aware while zones are in use, naive in the process's zone otherwise."""
    if types.default_zone is None:
        return datetime.datetime.fromtimestamp(timestamp)
    return datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC)


class FileSystemStorage(Storage):
    """Files in a folder.

    Parameters:
        location: the folder; the setting ``media_root`` without it.
        base_url: what stands before names in ``url()``; the setting ``media_url`` without it.
        file_permissions_mode, directory_permissions_mode: what files and new folders may be used for, as ``chmod``
            takes it; the settings of these names without ``_mode`` where it is None.
        allow_overwrite: a file of the same name is replaced, instead of the new one getting another.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
        allow_overwrite: bool = False,
    ) -> None:
        self._location = location
        self._base_url = base_url
        self._allow_overwrite = allow_overwrite
        self._declared = (location, base_url, file_permissions_mode, directory_permissions_mode, allow_overwrite)

    @property
    def base_location(self) -> str:
        """The folder as it was given."""
        return str(settings.media_root if self._location is None else os.fspath(self._location))

    @property
    def location(self) -> str:
        """The folder's absolute path."""
        return os.path.abspath(self.base_location)

    @property
    def base_url(self) -> str | None:
        """What stands before names in ``url()``."""
        given = settings.media_url if self._base_url is None else self._base_url
        return f"{given}/" if given and not given.endswith("/") else given

    @property
    def file_permissions_mode(self) -> int | None:
        """What files may be used for; None leaves it to the system."""
        given = self._declared[2]
        return settings.file_permissions if given is None else given

    @property
    def directory_permissions_mode(self) -> int | None:
        """What new folders may be used for; None leaves it to the system."""
        given = self._declared[3]
        return settings.directory_permissions if given is None else given

    def deconstruct(self) -> Deconstructed:
        """Import path and arguments that make this storage again."""
        names = ("location", "base_url", "file_permissions_mode", "directory_permissions_mode", "allow_overwrite")
        given = {name: value for name, value in zip(names, self._declared, strict=True) if value not in (None, False)}
        return public_path(type(self)), (), given

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._declared == self._declared

    def __hash__(self) -> int:
        return hash((type(self), str(self._location)))

    def path(self, name: str) -> str:
        root = self.location
        found = os.path.abspath(os.path.join(root, name))
        if found != root and not found.startswith(os.path.join(root, "")):
            raise SuspiciousFileOperation(
                f"The joined path ({found}) is located outside of the base path component ({root})"
            )
        return found

    def _open(self, name: str, mode: str) -> File:
        return File(open(self.path(name), mode))

    def _save(self, name: str, content: Any) -> str:
        path = self.path(name)
        folder = os.path.dirname(path)
        self._make_folder(folder)
        while True:
            exclusive = 0 if self._allow_overwrite else os.O_EXCL
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | exclusive | getattr(os, "O_BINARY", 0)
            try:
                descriptor = os.open(path, flags, 0o666)
            except FileExistsError:  # somebody was quicker
                name = self.get_available_name(name)
                path = self.path(name)
                continue
            with os.fdopen(descriptor, "wb") as target:
                if not hasattr(content, "temporary_file_path"):
                    self._write(content, cast("BinaryIO", target))
                    break
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            shutil.move(content.temporary_file_path(), path)  # an upload that is a file already takes the place
            os.chmod(path, mode)
            content.close()
            break
        if self.file_permissions_mode is not None:
            os.chmod(path, self.file_permissions_mode)
        return str(name).replace("\\", "/")

    def _make_folder(self, folder: str) -> None:
        if self.directory_permissions_mode is None:
            os.makedirs(folder, exist_ok=True)
            return
        missing: list[str] = []
        while folder and not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for path in reversed(missing):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, self.directory_permissions_mode)

    @staticmethod
    def _write(content: Any, target: BinaryIO) -> None:
        for chunk in content.chunks():
            target.write(chunk.encode() if isinstance(chunk, str) else chunk)

    def delete(self, name: str) -> None:
        if not name:
            raise ValueError("The name must be given to delete().")
        path = self.path(name)
        try:
            if os.path.isdir(path):
                os.rmdir(path)
            else:
                os.remove(path)
        except FileNotFoundError:
            return  # somebody was quicker

    def is_name_available(self, name: str, max_length: int | None = None) -> bool:
        if self._allow_overwrite:
            return max_length is None or len(name) <= max_length
        return super().is_name_available(name, max_length)

    def exists(self, name: str) -> bool:
        return os.path.lexists(self.path(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders: list[str] = []
        files: list[str] = []
        with os.scandir(self.path(path)) as entries:
            for entry in entries:
                (folders if entry.is_dir() else files).append(entry.name)
        return folders, files

    def size(self, name: str) -> int:
        return os.path.getsize(self.path(name))

    def url(self, name: str | None) -> str:
        base = self.base_url
        if base is None:
            raise ValueError("This file is not accessible via a URL.")
        return urljoin(base, quote(str(name or "").replace("\\", "/"), safe="/~!*()'").lstrip("/"))

    def get_accessed_time(self, name: str) -> datetime.datetime:
        return moment_of(os.path.getatime(self.path(name)))

    def get_created_time(self, name: str) -> datetime.datetime:
        return moment_of(os.path.getctime(self.path(name)))

    def get_modified_time(self, name: str) -> datetime.datetime:
        return moment_of(os.path.getmtime(self.path(name)))
