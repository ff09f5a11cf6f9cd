"""Moving a file, also from one file system to another."""

from __future__ import annotations

import os
import shutil

from orm.files.base import CHUNK
from orm.files.locks import LOCK_EX, lock, unlock


def file_move_safe(
    old_file_name: str | os.PathLike[str],
    new_file_name: str | os.PathLike[str],
    chunk_size: int = CHUNK,
    allow_overwrite: bool = False,
) -> None:
    """Move a file: by another name where that is enough, else by a copy of its content and permissions.

    Parameters: ``chunk_size`` is how many bytes are copied at a time; with ``allow_overwrite`` a file of the new name
    is replaced. Raises ``FileExistsError`` for one without it.
    """
    if os.path.exists(new_file_name) and os.path.samefile(old_file_name, new_file_name):
        return
    if not allow_overwrite and os.access(new_file_name, os.F_OK):
        raise FileExistsError(f"Destination file {new_file_name} exists and allow_overwrite is False.")
    try:
        os.rename(old_file_name, new_file_name)
    except OSError:
        _copy(old_file_name, new_file_name, chunk_size, allow_overwrite)
        os.remove(old_file_name)


def _copy(old: str | os.PathLike[str], new: str | os.PathLike[str], chunk_size: int, allow_overwrite: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
    flags |= os.O_TRUNC if allow_overwrite else os.O_EXCL
    with open(old, "rb") as source, os.fdopen(os.open(new, flags, 0o666), "wb") as target:
        lock(target, LOCK_EX)
        try:
            shutil.copyfileobj(source, target, chunk_size)
        finally:
            unlock(target)
    try:
        shutil.copystat(old, new)
    except PermissionError:
        pass  # a file system that keeps no permissions: the content is there, which is what was asked for
