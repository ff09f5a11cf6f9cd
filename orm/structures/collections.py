"""Mappings and sets with a rule of their own: ordered, case-insensitive, of several values, or not to be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NoReturn, Self


class OrderedSet:
    """A set that remembers the order of adding."""

    def __init__(self, iterable: Iterable[object] | None = None) -> None:
        self.dict: dict[Any, None] = dict.fromkeys(iterable or ())

    def add(self, item: object) -> None:
        """Add an item; one that is there keeps its place."""
        self.dict[item] = None

    def remove(self, item: object) -> None:
        """Take an item out; raise ``KeyError`` where it is not in."""
        del self.dict[item]

    def discard(self, item: object) -> None:
        """Take an item out if it is in."""
        self.dict.pop(item, None)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.dict)

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self.dict)

    def __contains__(self, item: object) -> bool:
        return item in self.dict

    def __bool__(self) -> bool:
        return bool(self.dict)

    def __len__(self) -> int:
        return len(self.dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.dict)!r})" if self.dict else f"{type(self).__name__}()"


class MultiValueDictKeyError(KeyError):
    """A mapping of several values has no such key."""


class MultiValueDict(dict[Any, Any]):
    """A mapping whose keys hold lists; reading a key gives the last of its list."""

    def __init__(self, key_to_list_mapping: Any = ()) -> None:
        super().__init__(key_to_list_mapping)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {super().__repr__()}>"

    def __getitem__(self, key: object) -> Any:
        try:
            found = super().__getitem__(key)
        except KeyError:
            raise MultiValueDictKeyError(key) from None
        return found[-1] if found else []

    def __setitem__(self, key: object, value: object) -> None:
        super().__setitem__(key, [value])

    def __copy__(self) -> Self:
        return type(self)([(key, values[:]) for key, values in self.lists()])

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        made = type(self)()
        memo[id(self)] = made
        for key, values in dict.items(self):
            dict.__setitem__(made, deepcopy(key, memo), deepcopy(values, memo))
        return made

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the lists, since ``items()``, which pickle asks of a dict, has only the last of each."""
        return {**vars(self), "_lists": {key: list(values) for key, values in self.lists()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        lists = state.pop("_lists")
        vars(self).update(state)
        for key, values in lists.items():
            self.setlist(key, values)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the last value of a key, or ``default`` where there is none."""
        try:
            found = self[key]
        except KeyError:
            return default
        return default if found == [] else found

    def getlist(self, key: object, default: object = None) -> Any:
        """Return a copy of a key's list; ``default`` (an empty list) where there is none."""
        if key not in self:
            return [] if default is None else default
        values = super().__getitem__(key)
        return list(values) if values is not None else None

    def setlist(self, key: object, list_: list[Any]) -> None:
        """Set the whole list of a key."""
        super().__setitem__(key, list_)

    def setdefault(self, key: object, default: object = None) -> Any:
        """Return the last value of a key, after giving it ``default`` where it has none."""
        if key not in self:
            self[key] = default
        return self[key]

    def setlistdefault(self, key: object, default_list: list[Any] | None = None) -> Any:
        """Return the list of a key, after giving it ``default_list`` where it has none."""
        if key not in self:
            self.setlist(key, [] if default_list is None else default_list)
        return super().__getitem__(key)

    def appendlist(self, key: object, value: object) -> None:
        """Add a value to a key's list."""
        self.setlistdefault(key).append(value)

    def items(self) -> Iterator[tuple[Any, Any]]:  # type: ignore[override]
        """Yield each key with its last value."""
        for key in self:
            yield key, self[key]

    def lists(self) -> Iterable[tuple[Any, list[Any]]]:
        """Return each key with its list."""
        return super().items()

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        """Yield the last value of each key."""
        for key in self:
            yield self[key]

    def copy(self) -> Self:
        """Return a copy with lists of its own."""
        return self.__copy__()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add values to the keys' lists, instead of replacing them."""
        if len(args) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(args)}")
        for given in (*args, kwargs):
            if isinstance(given, MultiValueDict):
                for key, values in given.lists():
                    self.setlistdefault(key).extend(values)
            else:
                for key, value in given.items() if isinstance(given, Mapping) else given:
                    self.setlistdefault(key).append(value)

    def dict(self) -> dict[Any, Any]:
        """Return a plain dict of the last values."""
        return {key: self[key] for key in self}


class ImmutableList(tuple[Any, ...]):
    """A tuple that answers the changing methods of a list with a sentence of the maker's choice."""

    warning: Any

    def __new__(cls, *args: Any, warning: Any = "ImmutableList object is immutable.", **kwargs: Any) -> Self:
        made = super().__new__(cls, *args, **kwargs)
        made.warning = warning
        return made

    def complain(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise ``AttributeError`` with the sentence, or the exception it is."""
        raise self.warning if isinstance(self.warning, Exception) else AttributeError(self.warning)

    __delitem__ = __iadd__ = __imul__ = __setitem__ = complain
    append = extend = insert = pop = remove = sort = reverse = complain


class DictWrapper(dict[str, Any]):
    """A mapping that puts a function on the values of keys with a prefix, which is taken off."""

    def __init__(self, data: Any, func: Callable[[Any], Any], prefix: str) -> None:
        super().__init__(data)
        self.func = func
        self.prefix = prefix

    def __getitem__(self, key: str) -> Any:
        if key.startswith(self.prefix):
            return self.func(super().__getitem__(key.removeprefix(self.prefix)))
        return super().__getitem__(key)


class CaseInsensitiveMapping(Mapping[str, Any]):
    """A mapping that can't be changed, whose keys are found in any case and come back as they were given."""

    def __init__(self, data: Any) -> None:
        pairs = data.items() if isinstance(data, Mapping) else data
        self._store: dict[str, tuple[str, Any]] = {}
        for position, pair in enumerate(pairs):
            if len(pair) != 2:
                raise ValueError(
                    f"dictionary update sequence element #{position} has length {len(pair)}; 2 is required."
                )
            key, value = pair
            if not isinstance(key, str):
                raise ValueError(f"Element key {key!r} invalid, only strings are allowed")
            self._store[key.lower()] = (key, value)

    def __getitem__(self, key: str) -> Any:
        return self._store[key.lower()][1]

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._store.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return {key.lower(): value for key, value in self.items()} == {k.lower(): v for k, v in other.items()}

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(dict(self._store.values()))

    def copy(self) -> Self:
        """Return the mapping itself, since it never changes."""
        return self
