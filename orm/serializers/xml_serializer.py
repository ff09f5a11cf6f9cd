"""XML, which is not offered: the names are there, and using them says what to use in its place."""

from __future__ import annotations

from typing import Any

INSTEAD = "Fixtures in XML are not read or written; json and jsonl are: use --format json, or convert the file."


class Serializer:
    """Not offered."""

    internal_use_only = False

    def __init__(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError(INSTEAD)


class Deserializer:
    """Not offered."""

    def __init__(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError(INSTEAD)
