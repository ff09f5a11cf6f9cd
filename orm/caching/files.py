"""A cache in a folder, a file for each value, which several processes share."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import random
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

from orm.caching.base import DEFAULT_TIMEOUT, BaseCache

SUFFIX = ".djcache"


class FileBasedCache(BaseCache):
    """A cache whose values are files of a folder, made at need for its owner alone; they are what Django's are.

    Parameters: ``dir`` is the folder, ``params`` as of ``BaseCache``. A file is replaced as a whole. Of too many
    files one in ``CULL_FREQUENCY`` goes, whichever. Values are unpickled, so nobody else may write there.
    """

    cache_suffix = SUFFIX
    pickle_protocol = pickle.HIGHEST_PROTOCOL

    def __init__(self, dir: str, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._dir = os.path.abspath(dir)

    def _key_to_file(self, key: object, version: object = None) -> str:
        made = self.make_and_validate_key(key, version)
        name = hashlib.md5(made.encode(), usedforsecurity=False).hexdigest()
        return os.path.join(self._dir, f"{name}{self.cache_suffix}")

    def add(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value unless the key has one; return whether it is kept."""
        if self.has_key(key, version):
            return False
        self.set(key, value, timeout, version)
        return True

    def get(self, key: object, default: object = None, version: object = None) -> Any:
        """Return the value of a key."""
        with self._living(key, version) as file:
            return default if file is None else pickle.loads(zlib.decompress(file.read()))

    def set(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Keep a value."""
        name = self._key_to_file(key, version)
        _make_folder(self._dir)
        self._make_room()
        self._write(name, timeout, zlib.compress(pickle.dumps(value, self.pickle_protocol)))

    def touch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value for longer; return whether there is one."""
        with self._living(key, version) as file:
            if file is None:
                return False
            self._write(file.name, timeout, file.read())
            return True

    def _write(self, name: str, timeout: object, compressed: bytes) -> None:
        handle, written = tempfile.mkstemp(dir=self._dir)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pickle.dumps(self.get_backend_timeout(timeout), self.pickle_protocol))
                file.write(compressed)
            os.replace(written, name)
        except BaseException:
            os.unlink(written)
            raise

    def delete(self, key: object, version: object = None) -> bool:
        """Forget a value; return whether there was one."""
        return _deleted(self._key_to_file(key, version))

    def has_key(self, key: object, version: object = None) -> bool:
        """Return whether a key has a value."""
        with self._living(key, version) as file:
            return file is not None

    def clear(self) -> None:
        """Forget everything."""
        for name in self._files():
            _deleted(name)

    @contextlib.contextmanager
    def _living(self, key: object, version: object) -> Iterator[IO[bytes] | None]:
        """The file of a value that has not ended, behind its end; None where there is none. One that has is deleted."""
        name = self._key_to_file(key, version)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(name, "rb"))
            except FileNotFoundError:
                yield None
                return
            try:
                ends = pickle.load(file)
            except EOFError:  # it is empty: the disk was full, or somebody else made it
                ends = 0
            if ends is None or ends > time.time():
                yield file
                return
        _deleted(name)
        yield None

    def _files(self) -> list[str]:
        if not os.path.isdir(self._dir):
            return []
        return [os.path.join(self._dir, name) for name in os.listdir(self._dir) if name.endswith(self.cache_suffix)]

    def _make_room(self) -> None:
        files = self._files()
        if len(files) < self._max_entries:
            return
        if self._cull_frequency == 0:
            self.clear()
            return
        for name in random.sample(files, len(files) // self._cull_frequency):
            _deleted(name)


def _make_folder(name: str) -> None:
    """Make a folder, and those it lies in, for their owner alone; ``os.makedirs`` has others read the outer ones."""
    if not os.path.isdir(name):
        _make_folder(os.path.dirname(name))
        os.makedirs(name, 0o700, exist_ok=True)  # another process may be quicker


def _deleted(name: str) -> bool:
    """Delete a file; return whether it was there: another process may have been quicker."""
    try:
        os.unlink(name)
    except FileNotFoundError:
        return False
    return True
