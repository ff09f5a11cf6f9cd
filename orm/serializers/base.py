"""What every format shares: how objects are walked, the errors, and the bar that shows how far a dump is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.serializers.errors import (
    DeserializationError,
    M2MDeserializationError,
    SerializationError,
    SerializerDoesNotExist,
)
from orm.serializers.objects_blocking import DeserializedObject

if TYPE_CHECKING:
    from orm.models.fields.base import Field

__all__ = [
    "DeserializationError",
    "DeserializedObject",
    "Deserializer",
    "M2MDeserializationError",
    "ProgressBar",
    "SerializationError",
    "Serializer",
    "SerializerDoesNotExist",
]


class ProgressBar:
    """A bar of dots; without an output it does nothing."""

    progress_width = 75

    def __init__(self, output: Any, total_count: int) -> None:
        self.output = output
        self.total_count = total_count
        self.prev_done = 0

    def update(self, count: int) -> None:
        """Show that so many objects are done."""
        if not self.output or not self.total_count:
            return
        done = count * self.progress_width // self.total_count
        if done <= self.prev_done:
            return
        self.prev_done = done
        again = "" if self.total_count == 1 else "\r"
        self.output.write(f"{again}[{'.' * done}{' ' * (self.progress_width - done)}]")
        if done == self.progress_width:
            self.output.write("\n")
        self.output.flush()


class Serializer:
    """Writes objects. A format subclasses it, and says what becomes of an object, a field and a relation."""

    internal_use_only: ClassVar[bool] = False
    progress_class: ClassVar[type[ProgressBar]] = ProgressBar
    stream_class: ClassVar[type[Any]] = io.StringIO

    def serialize(
        self,
        queryset: Iterable[object],
        *,
        stream: Any = None,
        fields: Iterable[str] | None = None,
        use_natural_foreign_keys: bool = False,
        use_natural_primary_keys: bool = False,
        progress_output: object = None,
        object_count: int = 0,
        **options: Any,
    ) -> Any:
        """Write objects, and return what was written where no ``stream`` is given.

        Parameters: ``fields`` are the only ones wanted; with ``use_natural_foreign_keys`` a row is referred to by its
        natural key, with ``use_natural_primary_keys`` one that has a natural key is written without its own;
        ``progress_output`` shows a bar, for which ``object_count`` says how many objects there will be; further
        options are the format's.
        """
        self.options = options
        self.stream = stream if stream is not None else self.stream_class()
        self.selected_fields = None if fields is None else frozenset(fields)
        self.use_natural_foreign_keys = use_natural_foreign_keys
        self.use_natural_primary_keys = use_natural_primary_keys
        progress = self.progress_class(progress_output, object_count)
        self.start_serialization()
        self.first = True
        fields_of: dict[Any, list[tuple[Any, Any]]] = {}
        for count, obj in enumerate(queryset, start=1):
            model = type(obj)
            written = fields_of.get(model)
            if written is None:
                if not hasattr(obj, "_meta"):
                    raise SerializationError(f"Non-model object ({model}) encountered during serialization")
                written = fields_of[model] = list(self._fields(obj))
            self.start_object(obj)
            for field, write in written:
                write(obj, field)
            self.end_object(obj)
            progress.update(count)
            self.first = False
        self.end_serialization()
        return self.getvalue()

    def _fields(self, obj: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the fields that are written, each with the method that does."""
        meta = obj._meta.concrete_model._meta
        wanted = self.selected_fields
        link = meta.pk if self.use_natural_primary_keys and meta.pk in meta.parents.values() else None
        for field in meta.local_fields:
            if (not field.serialize or (field.primary_key and field is not link)) and field is not link:
                continue
            if field.concrete and (wanted is None or field.name in wanted):
                yield field, self.handle_fk_field if field.is_relation else self.handle_field
        for field in meta.local_many_to_many:
            if field.serialize and (wanted is None or field.name in wanted):
                yield field, self.handle_m2m_field

    def start_serialization(self) -> None:
        """Begin; for subclasses."""

    def end_serialization(self) -> None:
        """End; for subclasses."""

    def start_object(self, obj: Any) -> None:
        """Begin an object; for subclasses."""
        raise NotImplementedError("subclasses of Serializer must provide a start_object() method")

    def end_object(self, obj: Any) -> None:
        """End an object; for subclasses."""

    def handle_field(self, obj: Any, field: Field) -> None:
        """Write a field; for subclasses."""
        raise NotImplementedError("subclasses of Serializer must provide a handle_field() method")

    def handle_fk_field(self, obj: Any, field: Field) -> None:
        """Write a foreign key; for subclasses."""
        raise NotImplementedError("subclasses of Serializer must provide a handle_fk_field() method")

    def handle_m2m_field(self, obj: Any, field: Field) -> None:
        """Write a many-to-many relation; for subclasses."""
        raise NotImplementedError("subclasses of Serializer must provide a handle_m2m_field() method")

    def getvalue(self) -> Any:
        """Return what was written; None where a stream took it that can't say."""
        read = getattr(self.stream, "getvalue", None)
        return read() if callable(read) else None


class Deserializer(Iterator[DeserializedObject]):
    """Reads objects from a stream or a text, one at a time."""

    def __init__(self, stream_or_string: object, **options: Any) -> None:
        self.options = options
        self.stream: Any = io.StringIO(stream_or_string) if isinstance(stream_or_string, str) else stream_or_string

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DeserializedObject:
        raise NotImplementedError("subclasses of Deserializer must provide a __next__() method")
