"""The object through which rows were found: a related manager's, which each of its rows then refers to."""

from __future__ import annotations

from typing import Any

from orm.records import NamedTuple


class KnownRelated(NamedTuple):
    """The object through which the rows of a related manager were found: each gets it as its relation ``name``.

    ``key`` is what their column ``attname`` holds then (where these are several, so are the keys); ``of_all`` is False
    once other rows may be among them.
    """

    name: str
    attname: str | tuple[str, ...]
    key: Any
    instance: Any
    of_all: bool = True
