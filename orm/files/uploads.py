"""Files as they come from outside: with a name, a type and a size that somebody claims."""

from __future__ import annotations

import io
import os
import tempfile
from typing import Any, Self

from orm.files.base import SizedFile
from orm.files.storage import validate_file_name


class UploadedFile(SizedFile):
    """A file that came from outside.

    Parameters: ``content_type`` and ``size`` are what was claimed; of ``name`` only the last part is kept.
    """

    def __init__(
        self,
        file: object = None,
        name: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
        charset: str | None = None,
        content_type_extra: dict[str, str] | None = None,
    ) -> None:
        super().__init__(file, self._cleaned(name))
        if size is not None:
            self.size = size
        self.content_type = content_type
        self.charset = charset
        self.content_type_extra = content_type_extra

    @staticmethod
    def _cleaned(name: str | None) -> str | None:
        if name is None:
            return None
        base = os.path.basename(str(name).replace("\\", "/"))
        if len(base) > 255:
            root, extension = os.path.splitext(base)
            base = root[: 255 - len(extension[:255])] + extension[:255]
        return validate_file_name(base)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name} ({self.content_type})>"


class InMemoryUploadedFile(UploadedFile):
    """A file that came from outside, in memory."""

    def __init__(
        self,
        file: object,
        field_name: str | None,
        name: str | None,
        content_type: str | None,
        size: int,
        charset: str | None,
        content_type_extra: dict[str, str] | None = None,
    ) -> None:
        super().__init__(file, name, content_type, size, charset, content_type_extra)
        self.field_name = field_name

    def open(self, mode: str | None = None, *args: object, **options: object) -> Self:
        self.file.seek(0)
        return self

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        return False


class SimpleUploadedFile(InMemoryUploadedFile):
    """A file as if it came from outside, made of bytes at hand."""

    def __init__(self, name: str, content: bytes | None, content_type: str = "text/plain") -> None:
        content = content or b""
        super().__init__(io.BytesIO(content), None, name, content_type, len(content), None, None)

    @classmethod
    def from_dict(cls, file_dict: dict[str, Any]) -> Self:
        """Make one of a dict with the keys ``filename``, ``content`` and perhaps ``content-type``."""
        return cls(file_dict["filename"], file_dict["content"], file_dict.get("content-type", "text/plain"))


class TemporaryUploadedFile(UploadedFile):
    """A file that came from outside, in a temporary file."""

    def __init__(
        self,
        name: str,
        content_type: str | None,
        size: int,
        charset: str | None,
        content_type_extra: dict[str, str] | None = None,
    ) -> None:
        _, extension = os.path.splitext(name)
        file = tempfile.NamedTemporaryFile(suffix=".upload" + extension)  # noqa: SIM115 - close() ends it
        super().__init__(file, name, content_type, size, charset, content_type_extra)

    def temporary_file_path(self) -> str:
        """Where the file lies."""
        path: str = self.file.name
        return path

    def close(self) -> None:
        try:
            self.file.close()
        except FileNotFoundError:
            return  # it was moved to where it is kept
