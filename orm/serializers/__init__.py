"""Rows as text and back: fixtures in Django's form, in JSON, in JSON lines and as plain Python values.

``serialize("json", queryset)`` and ``deserialize("json", text)``; both walk their input, so neither holds all of it.
In async code serialise objects that are at hand (``[book async for book in books]``, their many-to-many relations
prefetched), and write what is read with ``await deserialized.asave()``.
"""

from __future__ import annotations

from orm.serializers import base
from orm.serializers.base import DeserializationError, M2MDeserializationError, SerializerDoesNotExist
from orm.serializers.dependencies import sort_dependencies
from orm.serializers.objects_blocking import DeserializedObject
from orm.serializers.registry import (
    BUILTIN_SERIALIZERS,
    BadSerializer,
    deserialize,
    get_deserializer,
    get_public_serializer_formats,
    get_serializer,
    get_serializer_formats,
    register_serializer,
    serialize,
    unregister_serializer,
)

__all__ = [
    "BUILTIN_SERIALIZERS",
    "BadSerializer",
    "DeserializationError",
    "DeserializedObject",
    "M2MDeserializationError",
    "SerializerDoesNotExist",
    "base",
    "deserialize",
    "get_deserializer",
    "get_public_serializer_formats",
    "get_serializer",
    "get_serializer_formats",
    "register_serializer",
    "serialize",
    "sort_dependencies",
    "unregister_serializer",
]
