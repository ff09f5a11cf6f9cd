"""The names of results that are paths into JSON: ``values("data__city")``.

The keys of a path are values, so a shape knows only what stands around them; the whole name is known when the query
runs. What finds a column by its name in another query (a union, a CTE) has the names written out first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class KeyName(str):
    """A column's name as a shape has it: the keys themselves wait in a slot, and an ellipsis stands for them."""

    __slots__ = ("after", "before", "slot")

    before: str
    slot: int
    after: str

    @classmethod
    def made(cls, before: Iterable[str], slot: int, after: Iterable[str]) -> KeyName:
        """Return the name whose keys wait in ``slot``, with the parts before and after them."""
        start = "".join(f"{part}__" for part in before)
        end = "".join(f"__{part}" for part in after)
        new = cls(f"{start}…{end}")
        new.before, new.slot, new.after = start, slot, end
        return new

    def whole(self, values: Sequence[Any]) -> str:
        """Return the name in a query with these values."""
        return f"{self.before}{'__'.join(map(str, values[self.slot]))}{self.after}"

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.before, self.slot, self.after)


def _again(before: str, slot: int, after: str) -> KeyName:
    return KeyName.made(before.split("__")[:-1], slot, after.split("__")[1:])


def whole_names(names: Iterable[str], values: Sequence[object]) -> list[str]:
    """Return the names of a query with these values."""
    return [name.whole(values) if isinstance(name, KeyName) else name for name in names]


def has_keys(names: Iterable[str]) -> bool:
    """Whether the names of a query depend on its values."""
    return any(isinstance(name, KeyName) for name in names)
