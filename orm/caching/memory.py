"""Caches of this process: one in memory, and one that keeps nothing."""

from __future__ import annotations

import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from orm.caching.base import DEFAULT_TIMEOUT, NeverWaits
from orm.records import NamedTuple


class Entry(NamedTuple):
    """A value as bytes, so that nobody changes what another gets, and when it ends."""

    pickled: bytes
    ends: float | None


class Shelf(NamedTuple):
    """What caches of one name share."""

    entries: OrderedDict[str, Entry]
    lock: threading.Lock


_shelves: dict[str, Shelf] = {}


class LocMemCache(NeverWaits):
    """A cache in memory; those with the same ``name`` share it. Of too many entries the least used go first."""

    def __init__(self, name: str, params: Mapping[str, object]) -> None:
        super().__init__(params)
        self._shelf = _shelves.setdefault(name, Shelf(OrderedDict(), threading.Lock()))

    def _living(self, key: str) -> Entry | None:
        """Return the entry of a key that has not ended; call it with the lock held."""
        entries = self._shelf.entries
        entry = entries.get(key)
        if entry is not None and entry.ends is not None and entry.ends <= time.time():
            del entries[key]
            return None
        return entry

    def _keep(self, key: str, pickled: bytes, timeout: object) -> None:
        entries = self._shelf.entries
        if len(entries) >= self._max_entries and key not in entries:
            if self._cull_frequency == 0:
                entries.clear()
            else:
                for _ in range(max(1, len(entries) // self._cull_frequency)):
                    entries.popitem(last=True)
        entries[key] = Entry(pickled, self.get_backend_timeout(timeout))
        entries.move_to_end(key, last=False)

    def add(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value unless the key has one; return whether it is kept."""
        made = self.make_and_validate_key(key, version)
        pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._shelf.lock:
            if self._living(made) is not None:
                return False
            self._keep(made, pickled, timeout)
            return True

    def get(self, key: object, default: object = None, version: object = None) -> Any:
        """Return the value of a key."""
        made = self.make_and_validate_key(key, version)
        with self._shelf.lock:
            entry = self._living(made)
            if entry is None:
                return default
            self._shelf.entries.move_to_end(made, last=False)
        return pickle.loads(entry.pickled)

    def set(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Keep a value."""
        made = self.make_and_validate_key(key, version)
        pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._shelf.lock:
            self._keep(made, pickled, timeout)

    def touch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value for longer; return whether there is one."""
        made = self.make_and_validate_key(key, version)
        with self._shelf.lock:
            entry = self._living(made)
            if entry is not None:
                self._shelf.entries[made] = Entry(entry.pickled, self.get_backend_timeout(timeout))
            return entry is not None

    def incr(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Add to a number, and return it; no other thread comes between. Raises ``ValueError`` where there is none."""
        made = self.make_and_validate_key(key, version)
        with self._shelf.lock:
            entry = self._living(made)
            if entry is None:
                raise ValueError(f"Key '{made}' not found")
            value = pickle.loads(entry.pickled) + delta
            self._shelf.entries[made] = Entry(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), entry.ends)
        return value

    def delete(self, key: object, version: object = None) -> bool:
        """Forget a value; return whether there was one."""
        made = self.make_and_validate_key(key, version)
        with self._shelf.lock:
            return self._living(made) is not None and self._shelf.entries.pop(made, None) is not None

    def clear(self) -> None:
        """Forget everything."""
        with self._shelf.lock:
            self._shelf.entries.clear()


class DummyCache(NeverWaits):
    """A cache that keeps nothing."""

    def __init__(self, host: str, params: Mapping[str, object]) -> None:
        super().__init__(params)

    def add(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Check the key; it is as if the value were kept."""
        self.make_and_validate_key(key, version)
        return True

    def get(self, key: object, default: object = None, version: object = None) -> Any:
        """Return the default."""
        self.make_and_validate_key(key, version)
        return default

    def set(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Check the key."""
        self.make_and_validate_key(key, version)

    def touch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """There is no value."""
        self.make_and_validate_key(key, version)
        return False

    def delete(self, key: object, version: object = None) -> bool:
        """There is no value."""
        self.make_and_validate_key(key, version)
        return False

    def clear(self) -> None:
        """There is nothing."""
