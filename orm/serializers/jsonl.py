"""Objects in JSON, one a line: what grows line by line can be read and written line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from orm.serializers import json as json_format
from orm.serializers import python
from orm.serializers.errors import DeserializationError
from orm.serializers.objects_blocking import DeserializedObject

__all__ = ["Deserializer", "Serializer"]


class Serializer(json_format.Serializer):
    """Writes one line for each object; ``indent`` is not for lines, and left out."""

    def _encoder(self) -> json.JSONEncoder:
        self.options = {"separators": (",", ": "), **self.options}
        self.options.pop("indent", None)
        return super()._encoder()

    def start_serialization(self) -> None:
        """Begin; a line stands for itself."""
        self._current = {}
        self._encode = self._encoder().encode

    def end_serialization(self) -> None:
        """End; a line stands for itself."""

    def end_object(self, obj: Any) -> None:
        """Write the line."""
        self.stream.write(self._encode(self.get_dump_object(obj)) + "\n")
        self._current = {}


class Deserializer(python.Deserializer):
    """Reads lines of a text, bytes or a stream, one at a time."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        text = stream_or_string
        lines: Iterable[Any] = text.splitlines() if isinstance(text, (str, bytes)) else text
        super().__init__(_objects(lines), **options)

    def __next__(self) -> DeserializedObject:
        return json_format.explained(super().__next__)


def _objects(lines: Iterable[str | bytes]) -> Iterator[object]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DeserializationError(f"Line {number}: {error}") from error
