"""Objects as plain Python values, ``{"model": …, "pk": …, "fields": {…}}``: what the other formats put into text."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS
from orm.errors import FieldDoesNotExist, ObjectDoesNotExist
from orm.models.apps import apps
from orm.serializers import base
from orm.serializers.errors import DeserializationError, M2MDeserializationError
from orm.serializers.objects_blocking import DeserializedObject
from orm.serializers.references import Reference, has_natural_key, manager_of
from orm.structures.attributes import PREFETCHED

if TYPE_CHECKING:
    from orm.models.fields.base import Field

PROTECTED = (type(None), int, float, decimal.Decimal, datetime.datetime, datetime.date, datetime.time)
"""Values that stay what they are; others become text."""

PLAIN = frozenset(PROTECTED)


class Serializer(base.Serializer):
    """Writes a list of mappings."""

    internal_use_only = True

    def start_serialization(self) -> None:
        """Begin the list."""
        self.objects: list[Any] = []
        self._current: dict[str, Any] = {}

    def start_object(self, obj: Any) -> None:
        """Begin a mapping of fields."""
        self._current = {}

    def end_object(self, obj: Any) -> None:
        """Keep the object."""
        self.objects.append(self.get_dump_object(obj))

    def get_dump_object(self, obj: Any) -> dict[str, Any]:
        """Return the whole object."""
        data: dict[str, Any] = {"model": obj._meta.label_lower}
        if not self.use_natural_primary_keys or not hasattr(obj, "natural_key"):
            data["pk"] = self._key(obj)
        data["fields"] = self._current
        return data

    def _key(self, obj: Any) -> Any:
        key = obj._meta.pk
        if key.is_composite:
            return [self._value(obj, part) for part in key.fields]
        return self._value(obj, key)

    def _value(self, obj: object, field: Any) -> Any:
        value = field.value_from_object(obj)
        if type(value) in PLAIN or isinstance(value, PROTECTED):
            return value
        return field.value_to_string(obj)

    def handle_field(self, obj: Any, field: Field) -> None:
        """Write a value."""
        self._current[field.name] = self._value(obj, field)

    def handle_fk_field(self, obj: Any, field: Field) -> None:
        """Write the key, or natural key, of the row that is referred to."""
        if self.use_natural_foreign_keys and hasattr(field.remote_field.model, "natural_key"):
            related = getattr(obj, field.name)
            self._current[field.name] = related.natural_key() if related else None
        else:
            self._current[field.name] = self._value(obj, field)

    def handle_m2m_field(self, obj: Any, field: Field) -> None:
        """Write the keys of related rows, where the rows of the relation are not objects of their own."""
        if not field.remote_field.through._meta.auto_created:
            return
        manager = getattr(obj, field.name) if obj.pk is not None else ()
        model = field.remote_field.model
        rows: Iterable[Any]
        if self.use_natural_foreign_keys and hasattr(model, "natural_key"):
            rows = manager.all() if manager else ()
            self._current[field.name] = [row.natural_key() for row in rows]
            return
        rows = self._related(obj, field, manager) if manager else ()
        self._current[field.name] = [self._value(row, model._meta.pk) for row in rows]

    def _related(self, obj: object, field: Field, manager: Any) -> Any:
        """Return the related rows: the prefetched ones if there are, else no more of each than its key."""
        prefetched = getattr(obj, PREFETCHED, {})
        if field.name in prefetched:
            return manager.all()
        return manager.select_related(None).only("pk")

    def getvalue(self) -> Any:
        """Return the list."""
        return self.objects


class Deserializer(base.Deserializer):
    """Reads mappings.

    Parameters: ``using`` is the database in which natural keys are looked up; ``ignorenonexistent`` passes over fields
    and models that do not exist; with ``handle_forward_references`` natural keys without a row wait until
    ``save_deferred_fields()``.
    """

    def __init__(
        self,
        object_list: Iterable[object],
        *,
        using: str = DEFAULT_DB_ALIAS,
        ignorenonexistent: bool = False,
        **options: object,
    ) -> None:
        super().__init__(object_list, **options)
        self.using = using
        self.ignorenonexistent = ignorenonexistent
        self.handle_forward_references = options.pop("handle_forward_references", False)
        self._objects = iter(object_list)
        self._readers: dict[str, ModelReader] = {}

    def __next__(self) -> DeserializedObject:
        for data in self._objects:
            found = self._object(data)
            if found is not None:
                return found
        raise StopIteration

    def _object(self, data: Any) -> DeserializedObject | None:
        values = data.get("fields", {}) if isinstance(data, dict) else None
        if not isinstance(values, dict) or "model" not in data:
            raise DeserializationError(
                f"Error deserializing object: it is a mapping with 'model', 'pk' and 'fields', not {data!r}"
            )
        name = data["model"]
        try:
            reader = self._readers.get(name) or self._reader(name)
        except DeserializationError:
            if self.ignorenonexistent:
                return None
            raise
        return reader.read(data, values)

    def _reader(self, name: Any) -> ModelReader:
        reader = self._readers[name] = ModelReader(self._get_model_from_node(name), name, self)
        return reader

    @staticmethod
    def _get_model_from_node(model_identifier: Any) -> object:
        """Return the model that an object names."""
        try:
            return apps.get_model(model_identifier)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise DeserializationError(f"Invalid model identifier: {model_identifier}") from error


DEFERRED = object()


class ModelReader:
    """Reads the objects of one model: what is done with each of its fields is found out once."""

    def __init__(self, model: Any, name: str, owner: Deserializer) -> None:
        self.model = model
        self.name = name
        self.owner = owner
        self.key = model._meta.pk
        self.natural = has_natural_key(model) and hasattr(model, "natural_key")
        self.known = {field.name: field for field in model._meta.get_fields()}
        self.steps: dict[str, tuple[Any, Any]] = {}

    def read(self, data: Any, values: dict[str, Any]) -> DeserializedObject:
        """Return one object. Raises ``DeserializationError`` naming it, and ``FieldDoesNotExist``."""
        key = data.get("pk")
        held: dict[str, Any] = {}
        if "pk" in data:
            try:
                held[self.key.attname] = self.key.to_python(key)
            except Exception as error:
                raise DeserializationError.WithData(error, self.name, key, None) from error
        m2m: dict[str, list[Any]] = {}
        deferred: dict[Any, Any] = {}
        for name, value in values.items():
            step = self.steps.get(name) or self._step(name)
            if step is None:
                continue
            field, convert = step
            try:
                if type(convert) is not Reference:
                    held[field.name] = convert(value)
                elif field.many_to_many:
                    self._many(m2m, deferred, convert, value)
                else:
                    found = self._one(convert, value)
                    if found is DEFERRED:
                        deferred[field] = value
                    else:
                        held[field.attname] = found
            except M2MDeserializationError as error:
                raise DeserializationError.WithData(error.original_exc, self.name, key, error.pk) from error
            except Exception as error:
                raise DeserializationError.WithData(error, self.name, key, value) from error
        return DeserializedObject(self._built(held), m2m, deferred)

    def _step(self, name: str) -> tuple[Any, Any] | None:
        """Return the field of a name and what reads its values; None where it is to be passed over."""
        if name not in self.known and self.owner.ignorenonexistent:
            return None
        field = self.model._meta.get_field(name)
        if field.auto_created and not field.concrete:
            raise FieldDoesNotExist(f"{self.model._meta.object_name} has no field named '{name}' that can be set")
        relation = field.is_relation and field.remote_field is not None and (field.many_to_many or field.concrete)
        step = self.steps[name] = (field, Reference(field, self.owner.using) if relation else field.to_python)
        return step

    def _one(self, reference: Reference, value: Any) -> object:
        """Return the key that a foreign key's value stands for; ``DEFERRED`` where its row is still to come."""
        if value is None:
            return None
        if not reference.is_natural(value):
            return reference.plain(value)
        try:
            return reference.key_of(reference.find(*value))
        except ObjectDoesNotExist:
            if self.owner.handle_forward_references:
                return DEFERRED
            raise

    def _many(
        self, m2m: dict[str, list[object]], deferred: dict[object, object], reference: Reference, values: Any
    ) -> None:
        keys = []
        try:
            each = iter(values)
        except TypeError as error:
            raise M2MDeserializationError(error, values) from error
        for value in each:
            try:
                found = self._one(reference, value)
            except Exception as error:
                raise M2MDeserializationError(error, value) from error
            if found is DEFERRED:
                deferred[reference.field] = values
                return
            keys.append(found)
        m2m[reference.field.name] = keys

    def _built(self, held: dict[str, Any]) -> Any:
        """Return the instance; one without a key that has a natural key is the row that has that, if there is one."""
        model, name = self.model, self.key.attname
        if held.get(name) is None and self.natural:
            try:
                using = self.owner.using
                key = model(**held).natural_key()
                held[name] = self.key.to_python(manager_of(model, using).get_by_natural_key(*key).pk)
            except ObjectDoesNotExist:
                pass  # it is new
        return model(**held)
