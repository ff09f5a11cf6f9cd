"""``File``: an open file with a name, and what can be asked of it whatever it lies in."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

CHUNK = 64 * 1024
"""Bytes read at a time."""


class FileProxyMixin:
    """The methods of a file for a class that has one as ``file``; each asks that one."""

    file: Any

    def read(self, size: int = -1) -> Any:
        """Read so many bytes, or all."""
        return self.file.read(size)

    def readline(self, size: int = -1) -> Any:
        """Read a line, or so much of it."""
        return self.file.readline(size)

    def readlines(self, hint: int = -1) -> list[Any]:
        """Read the lines, each with its end; no more once there are ``hint`` bytes of them."""
        lines: list[Any] = self.file.readlines(hint)
        return lines

    def write(self, data: object) -> int:
        """Write."""
        written: int = self.file.write(data)
        return written

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write lines, which bring their ends along."""
        self.file.writelines(lines)

    def truncate(self, size: int | None = None) -> int:
        """Cut it off after so many bytes, or where reading goes on."""
        left: int = self.file.truncate(size)
        return left

    def fileno(self) -> int:
        """The operating system's number for it."""
        number: int = self.file.fileno()
        return number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self.file.isatty())

    @property
    def encoding(self) -> Any:
        """How its text is encoded. Raises ``AttributeError`` for one of bytes."""
        return self.file.encoding

    @property
    def newlines(self) -> Any:
        """The ends of lines met so far. Raises ``AttributeError`` for a file of bytes."""
        return self.file.newlines

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        position: int = self.file.seek(offset, whence)
        return position

    def tell(self) -> int:
        """Where reading goes on."""
        position: int = self.file.tell()
        return position

    def flush(self) -> None:
        """Hand on what was written."""
        self.file.flush()

    def readable(self) -> bool:
        """Whether it can be read."""
        return not self.closed and bool(self.file.readable() if hasattr(self.file, "readable") else True)

    def writable(self) -> bool:
        """Whether it can be written."""
        return not self.closed and bool(self.file.writable()) if hasattr(self.file, "writable") else False

    def seekable(self) -> bool:
        """Whether one can go to a place in it."""
        return not self.closed and bool(self.file.seekable() if hasattr(self.file, "seekable") else True)

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return not self.file or bool(self.file.closed)


class File(FileProxyMixin):
    """A file with a name, around an open file object.

    Parameters: ``file`` is any file object, ``name`` its name; without one, that of the file object.
    """

    DEFAULT_CHUNK_SIZE = CHUNK

    def __init__(self, file: Any, name: str | None = None) -> None:
        self.file: Any = file
        self.name = getattr(file, "name", None) if name is None else name
        if hasattr(file, "mode"):
            self.mode = file.mode

    def __str__(self) -> str:
        return self.name or ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self or 'None'}>"

    def __bool__(self) -> bool:
        return bool(self.name)

    def __len__(self) -> int:
        return self.size

    @property
    def size(self) -> int:
        """How many bytes there are."""
        given = self.file
        if hasattr(given, "size"):
            return int(given.size)
        if hasattr(given, "name"):
            try:
                return os.path.getsize(given.name)
            except (OSError, TypeError):
                pass  # the name is no path: the file object itself is asked
        if hasattr(given, "tell") and hasattr(given, "seek"):
            position = given.tell()
            given.seek(0, os.SEEK_END)
            size = int(given.tell())
            given.seek(position)
            return size
        raise AttributeError("Unable to determine the file's size.")

    def chunks(self, chunk_size: int | None = None) -> Iterator[Any]:
        """Yield the content in parts of at most so many bytes."""
        self.seek_start()
        while data := self.read(chunk_size or self.DEFAULT_CHUNK_SIZE):
            yield data

    def seek_start(self) -> None:
        """Go to the beginning, where the file can."""
        try:
            self.seek(0)
        except (AttributeError, io.UnsupportedOperation):
            pass  # a stream that can't be rewound is read from where it is

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        """Whether there is more than one chunk."""
        return self.size > (chunk_size or self.DEFAULT_CHUNK_SIZE)

    def __iter__(self) -> Iterator[Any]:
        """Yield the lines, each with its end."""
        left: Any = None
        for chunk in self.chunks():
            lines = (chunk if left is None else left + chunk).splitlines(keepends=True)
            left = None
            # A "\r" at the end may be half of an end: the "\n" that belongs to it is in the next chunk.
            if lines and not lines[-1].endswith(b"\n" if isinstance(lines[-1], bytes) else "\n"):
                left = lines.pop()
            yield from lines
        if left is not None:
            yield left

    def open(self, mode: str | None = None, *args: Any, **options: Any) -> Self:
        """Open it again, or go back to its beginning where it is open.

        Raises ``ValueError`` for one that was closed and has no path.
        """
        if not self.closed:
            self.seek(0)
        elif self.name and os.path.exists(self.name):
            self.file = open(self.name, mode or self.mode, *args, **options)  # noqa: SIM115 - the caller closes it
        else:
            raise ValueError("The file cannot be reopened.")
        return self

    def close(self) -> None:
        """Close it."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class SizedFile(File):
    """A file whose size may have been said, so that nothing need be asked."""

    _size: int | None = None

    @property
    def size(self) -> int:
        """How many bytes there are, as was said; measured where nobody said it."""
        return super().size if self._size is None else self._size

    @size.setter
    def size(self, size: int) -> None:
        self._size = size


class ContentFile(SizedFile):
    """A file made of a text or of bytes that are at hand."""

    def __init__(self, content: str | bytes, name: str | None = None) -> None:
        stream: Any = io.StringIO(content) if isinstance(content, str) else io.BytesIO(content)
        super().__init__(stream, name=name)
        self.size = len(content)

    def __str__(self) -> str:
        return "Raw content"

    def __bool__(self) -> bool:
        return True

    def open(self, mode: str | None = None, *args: object, **options: object) -> Self:
        self.seek(0)
        return self

    def close(self) -> None:
        """Content at hand stays at hand."""

    def write(self, data: object) -> int:
        written: int = self.file.write(data)
        position = self.file.tell()
        self.size = self.file.seek(0, os.SEEK_END)
        self.file.seek(position)
        return written
