"""What goes wrong when objects are written as text, or read."""

from __future__ import annotations

from typing import Self

from orm.errors import Error


class SerializerDoesNotExist(KeyError):
    """There is no such format."""


class SerializationError(Error):
    """Something went wrong while objects were written."""


class DeserializationError(Error):
    """A text or an object can't be read; the sentence names the object and the value."""

    @classmethod
    def WithData(cls, original_exc: Exception, model: str, fk: object, field_value: object) -> Self:
        """Return the error for one value of an object, which ``fk``, its key, names."""
        return cls(f"{original_exc}: ({model}:pk={fk}) field_value was '{field_value}'")


class M2MDeserializationError(Exception):
    """A key in the list of a many-to-many relation can't be read."""

    def __init__(self, original_exc: Exception, pk: object) -> None:
        super().__init__(str(original_exc))
        self.original_exc = original_exc
        self.pk = pk
