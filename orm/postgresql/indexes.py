"""Kinds of indexes that PostgreSQL has, with the parameters of each ("11.2. Index Types", "CREATE INDEX").

Every parameter is a number or a truth value, checked when the index is declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.models.indexes import Index, OpClass

__all__ = [
    "BTreeIndex",
    "BloomIndex",
    "BrinIndex",
    "GinIndex",
    "GistIndex",
    "HashIndex",
    "OpClass",
    "PostgresIndex",
    "SpGistIndex",
]


def _whole(name: str, value: object, least: int | None = None) -> int | None:
    """Return a parameter that is a whole number or None. Raises ``TypeError`` or ``ValueError`` for anything else."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number or None, not {value!r}.")
    if least is not None and value < least:
        raise ValueError(f"{name} must be None or at least {least}, not {value}.")
    return value


def _truth(name: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{name} must be True, False or None, not {value!r}.")
    return value


def _set(**parameters: int | str | bool | None) -> list[str]:
    """Return the parameters that were given, as SQL text."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return [
        f"{name} = {('on' if value else 'off') if isinstance(value, bool) else value}" for name, value in given.items()
    ]


class PostgresIndex(Index):
    """What these indexes share; the names they get by themselves end in their kind."""


class BTreeIndex(PostgresIndex):
    """The usual kind. ``fillfactor`` is how full its pages are made, in percent."""

    suffix = "btree"
    method = "btree"

    def __init__(
        self, *expressions: Any, fillfactor: int | None = None, deduplicate_items: bool | None = None, **options: Any
    ) -> None:
        self.fillfactor = _whole("fillfactor", fillfactor)
        self.deduplicate_items = _truth("deduplicate_items", deduplicate_items)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(fillfactor=self.fillfactor, deduplicate_items=self.deduplicate_items)


class HashIndex(PostgresIndex):
    """Finds equal values only. ``fillfactor`` is how full its pages are made, in percent."""

    suffix = "hash"
    method = "hash"

    def __init__(self, *expressions: Any, fillfactor: int | None = None, **options: Any) -> None:
        self.fillfactor = _whole("fillfactor", fillfactor)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(fillfactor=self.fillfactor)


class GistIndex(PostgresIndex):
    """For ranges, geometry and what is near."""

    suffix = "gist"
    method = "gist"

    def __init__(
        self, *expressions: Any, buffering: bool | None = None, fillfactor: int | None = None, **options: Any
    ) -> None:
        self.buffering = _truth("buffering", buffering)
        self.fillfactor = _whole("fillfactor", fillfactor)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(buffering=self.buffering, fillfactor=self.fillfactor)


class SpGistIndex(PostgresIndex):
    """For values that split into parts that do not overlap. ``fillfactor`` is in percent."""

    suffix = "spgist"
    method = "spgist"

    def __init__(self, *expressions: Any, fillfactor: int | None = None, **options: Any) -> None:
        self.fillfactor = _whole("fillfactor", fillfactor)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(fillfactor=self.fillfactor)


class GinIndex(PostgresIndex):
    """For what is made of parts: arrays, jsonb, hstore, texts to search.

    Parameters: ``fastupdate`` gathers new entries before they are sorted in; ``gin_pending_list_limit`` is how much,
    in kilobytes.
    """

    suffix = "gin"
    method = "gin"

    def __init__(
        self,
        *expressions: Any,
        fastupdate: bool | None = None,
        gin_pending_list_limit: int | None = None,
        **options: Any,
    ) -> None:
        self.fastupdate = _truth("fastupdate", fastupdate)
        self.gin_pending_list_limit = _whole("gin_pending_list_limit", gin_pending_list_limit)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(gin_pending_list_limit=self.gin_pending_list_limit, fastupdate=self.fastupdate)


class BrinIndex(PostgresIndex):
    """Keeps the bounds of whole blocks of pages: tiny, for columns that follow the order of the rows on disk.

    Parameters: ``autosummarize`` counts new blocks in by itself; ``pages_per_range`` is the size of a block.
    """

    suffix = "brin"
    method = "brin"

    def __init__(
        self, *expressions: Any, autosummarize: bool | None = None, pages_per_range: int | None = None, **options: Any
    ) -> None:
        if isinstance(pages_per_range, int) and pages_per_range <= 0:
            raise ValueError("pages_per_range must be None or a positive integer.")
        self.autosummarize = _truth("autosummarize", autosummarize)
        self.pages_per_range = _whole("pages_per_range", pages_per_range)
        super().__init__(*expressions, **options)

    def storage(self) -> list[str]:
        return _set(autosummarize=self.autosummarize, pages_per_range=self.pages_per_range)


class BloomIndex(PostgresIndex):
    """For equality of any of many columns; needs the extension ``bloom``.

    Parameters: ``length`` of a signature in bits, from 1 to 4096; ``columns`` is how many bits each column sets, from
    1 to 4095, for up to 32 columns.
    """

    suffix = "bloom"
    method = "bloom"

    def __init__(
        self, *expressions: Any, length: int | None = None, columns: Sequence[int] = (), **options: Any
    ) -> None:
        super().__init__(*expressions, **options)
        if len(self.fields) > 32:
            raise ValueError("Bloom indexes support a maximum of 32 fields.")
        if not isinstance(columns, (list, tuple)):
            raise ValueError("BloomIndex.columns must be a list or tuple.")
        if len(columns) > len(self.fields):
            raise ValueError("BloomIndex.columns cannot have more values than fields.")
        if not all(isinstance(bits, int) and 0 < bits <= 4095 for bits in columns):
            raise ValueError("BloomIndex.columns must contain integers from 1 to 4095.")
        if length is not None and not (isinstance(length, int) and 0 < length <= 4096):
            raise ValueError("BloomIndex.length must be None or an integer from 1 to 4096.")
        self.length = length
        self.columns = tuple(columns)

    def storage(self) -> list[str]:
        bits = {f"col{number}": bits for number, bits in enumerate(self.columns, 1)}
        return _set(length=self.length, **bits)
