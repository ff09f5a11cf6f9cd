"""Objects as one JSON array."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from orm.errors import FieldDoesNotExist
from orm.serializers import base, python
from orm.serializers.errors import DeserializationError
from orm.serializers.objects_blocking import DeserializedObject
from orm.text.json import DjangoJSONEncoder

__all__ = ["Deserializer", "DjangoJSONEncoder", "Serializer"]


class Serializer(python.Serializer):
    """Writes an array, an object as soon as it is known; ``indent=`` and ``json.dumps``' options shape it."""

    internal_use_only = False

    def _encoder(self) -> json.JSONEncoder:
        options = {"ensure_ascii": False, **self.options}
        if options.get("indent"):
            options["separators"] = (",", ": ")  # no blank at the end of a line
        encoder: json.JSONEncoder = options.pop("cls", DjangoJSONEncoder)(**options)
        return encoder

    def start_serialization(self) -> None:
        """Open the array."""
        self._current = {}
        self._encode = self._encoder().encode
        self.stream.write("[")

    def end_serialization(self) -> None:
        """Close the array."""
        if self.options.get("indent"):
            self.stream.write("\n")
        self.stream.write("]")
        if self.options.get("indent"):
            self.stream.write("\n")

    def end_object(self, obj: Any) -> None:
        """Write the object."""
        indent = self.options.get("indent")
        if not self.first:
            self.stream.write("," if indent else ", ")
        if indent:
            self.stream.write("\n")
        self.stream.write(self._encode(self.get_dump_object(obj)))
        self._current = {}

    def getvalue(self) -> Any:
        """Return the text."""
        return base.Serializer.getvalue(self)


class Deserializer(python.Deserializer):
    """Reads an array, as text, bytes or a stream."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        text = stream_or_string if isinstance(stream_or_string, (str, bytes)) else stream_or_string.read()
        try:
            objects = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DeserializationError(str(error)) from error
        if not isinstance(objects, list):
            raise DeserializationError(f"A fixture in JSON is an array of objects, not {type(objects).__name__}.")
        super().__init__(objects, **options)

    def __next__(self) -> DeserializedObject:
        return explained(super().__next__)


def explained(read: Callable[[], DeserializedObject]) -> DeserializedObject:
    """Read an object; a field that does not exist is an error of the text, like any other."""
    try:
        return read()
    except FieldDoesNotExist as error:
        raise DeserializationError(f"Error deserializing object: {error}") from error
