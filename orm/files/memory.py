"""A storage in memory, for tests."""

from __future__ import annotations

import datetime
import io
import posixpath
import time
from typing import Any
from urllib.parse import quote, urljoin

from orm.config import settings
from orm.errors import SuspiciousFileOperation
from orm.files.base import File
from orm.files.storage import Storage, moment_of
from orm.structures.deconstruct import Deconstructed
from orm.structures.public_names import public_path


class _Kept:
    """One file: its content and its times, in seconds since 1970."""

    def __init__(self) -> None:
        self.content = b""
        self.created = self.modified = self.accessed = time.time()


class _Handle(io.BytesIO):
    """An open file, whose content is kept when it is closed."""

    def __init__(self, kept: _Kept, mode: str) -> None:
        super().__init__(b"" if "w" in mode else kept.content)
        self._kept = kept
        self._writes = any(letter in mode for letter in "wa+")
        if "a" in mode:
            self.seek(0, io.SEEK_END)

    def close(self) -> None:
        if self._writes and not self.closed:
            self._kept.content = self.getvalue()
            self._kept.modified = time.time()
        super().close()


class InMemoryStorage(Storage):
    """Files in memory; they end with the process.

    Parameters: ``base_url`` is what stands before names in ``url()``; the setting ``media_url`` without it.
    """

    def __init__(self, location: str | None = None, base_url: str | None = None) -> None:
        self._location = location
        self._base_url = base_url
        self._files: dict[str, _Kept] = {}

    def deconstruct(self) -> Deconstructed:
        """Import path and arguments that make such a storage again."""
        given = {"location": self._location, "base_url": self._base_url}
        return public_path(type(self)), (), {name: value for name, value in given.items() if value is not None}

    @staticmethod
    def _key(name: str) -> str:
        path = posixpath.normpath(str(name).replace("\\", "/").lstrip("/"))
        if path.startswith(".."):
            raise SuspiciousFileOperation(f"Detected path traversal attempt in '{name}'")
        return path

    def _kept(self, name: str) -> _Kept:
        try:
            return self._files[self._key(name)]
        except KeyError:
            raise FileNotFoundError(f"There is no file {name!r} in this storage.") from None

    def _open(self, name: str, mode: str) -> File:
        key = self._key(name)
        if "w" in mode or "a" in mode:
            self._files.setdefault(key, _Kept())
        kept = self._kept(name)
        kept.accessed = time.time()
        handle: Any = _Handle(kept, mode)
        return File(handle if "b" in mode else io.TextIOWrapper(handle, encoding="utf-8"), name)

    def _save(self, name: str, content: Any) -> str:
        kept = self._files[self._key(name)] = _Kept()
        parts = (chunk.encode() if isinstance(chunk, str) else chunk for chunk in content.chunks())
        kept.content = b"".join(parts)
        return str(name).replace("\\", "/")

    def delete(self, name: str) -> None:
        key = self._key(name)
        for known in [known for known in self._files if known == key or known.startswith(f"{key}/")]:
            del self._files[known]

    def exists(self, name: str) -> bool:
        key = self._key(name)
        return any(known == key or known.startswith(f"{key}/") for known in self._files)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        key = self._key(path) if path else "."
        prefix = "" if key == "." else f"{key}/"
        below = [known.removeprefix(prefix) for known in self._files if known.startswith(prefix)]
        if not below and prefix:
            raise FileNotFoundError(f"There is no folder {path!r} in this storage.")
        folders = sorted({name.partition("/")[0] for name in below if "/" in name})
        return folders, sorted(name for name in below if "/" not in name)

    def size(self, name: str) -> int:
        return len(self._kept(name).content)

    def url(self, name: str | None) -> str:
        base = settings.media_url if self._base_url is None else self._base_url
        if base is None:
            raise ValueError("This file is not accessible via a URL.")
        base = base if not base or base.endswith("/") else f"{base}/"
        return urljoin(base, quote(str(name or ""), safe="/~!*()'").lstrip("/"))

    def get_accessed_time(self, name: str) -> datetime.datetime:
        return moment_of(self._kept(name).accessed)

    def get_created_time(self, name: str) -> datetime.datetime:
        return moment_of(self._kept(name).created)

    def get_modified_time(self, name: str) -> datetime.datetime:
        return moment_of(self._kept(name).modified)
