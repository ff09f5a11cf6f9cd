"""What a migration is cut into when it is written anew."""

from __future__ import annotations

from typing import Any

from orm.records import NamedTuple


class Part(NamedTuple):
    """Operations that are a migration of their own, and whether it is a transaction; ``word`` is for its name."""

    atomic: bool
    operations: list[Any]
    word: str = ""
