"""Which formats there are: the library's, those the settings add, and those registered while the program runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

from orm.config import settings
from orm.serializers.errors import SerializerDoesNotExist

BUILTIN_SERIALIZERS = {
    "xml": "orm.serializers.xml_serializer",
    "python": "orm.serializers.python",
    "json": "orm.serializers.json",
    "yaml": "orm.serializers.pyyaml",
    "jsonl": "orm.serializers.jsonl",
}


class BadSerializer:
    """Stands for a format that can't be had here; using it raises the error that says why."""

    internal_use_only: ClassVar[bool] = False

    def __init__(self, exception: Exception) -> None:
        self.exception = exception

    def __call__(self, *args: object, **options: object) -> Any:
        raise self.exception


_registered: dict[str, ModuleType | BadModule] = {}
_withdrawn: set[str] = set()


class BadModule:
    """Stands for a format's module that can't be imported."""

    def __init__(self, exception: Exception) -> None:
        self.Serializer = self.Deserializer = BadSerializer(exception)


def register_serializer(format: str, serializer_module: str, serializers: dict[str, Any] | None = None) -> None:
    """Add a format.

    Parameters: ``serializer_module`` has a ``Serializer`` and a ``Deserializer``; one that can't be imported raises
    where it is used. ``serializers`` takes the entry in place of the common registry.
    """
    module = _imported(serializer_module)
    if serializers is not None:
        serializers[format] = module
        return
    _withdrawn.discard(format)
    _registered[format] = module


def unregister_serializer(format: str) -> None:
    """Take a format away. Raises ``SerializerDoesNotExist`` for one that is not there."""
    _module(format)
    _registered.pop(format, None)
    _withdrawn.add(format)


def get_serializer_formats() -> list[str]:
    """Return every format."""
    return list(_formats())


def get_public_serializer_formats() -> list[str]:
    """Return the formats that are text."""
    return [name for name in _formats() if not _module(name).Serializer.internal_use_only]


def get_serializer(format: str) -> Any:
    """Return the class that writes a format. Raises ``SerializerDoesNotExist``."""
    return _module(format).Serializer


def get_deserializer(format: str) -> Any:
    """Return the class that reads a format. Raises ``SerializerDoesNotExist``."""
    return _module(format).Deserializer


def serialize(format: str, queryset: object, **options: object) -> Any:
    """Write objects in a format; return the text, or None where ``stream=`` takes it.

    Parameters: ``queryset`` is a QuerySet or any iterable of instances; ``options`` are those of
    ``Serializer.serialize`` and of the format (``indent``).

    Raises ``SerializerDoesNotExist`` for an unknown format.
    """
    return get_serializer(format)().serialize(queryset, **options)


def deserialize(format: str, stream_or_string: object, **options: object) -> Iterator[Any]:
    """Read objects in a format, one at a time; each has ``object`` and ``save()``.

    Parameters: ``options`` are ``using``, ``ignorenonexistent``, ``handle_forward_references`` and the format's own.

    Raises ``SerializerDoesNotExist`` for an unknown format, ``DeserializationError`` for what can't be read.
    """
    found: Iterator[Any] = get_deserializer(format)(stream_or_string, **options)
    return found


def _formats() -> Iterator[str]:
    for name in {**BUILTIN_SERIALIZERS, **settings.serialization_modules, **_registered}:
        if name not in _withdrawn:
            yield name


def _module(format: str) -> Any:
    if format not in list(_formats()):
        raise SerializerDoesNotExist(format)
    if format in _registered:
        return _registered[format]
    return _imported({**BUILTIN_SERIALIZERS, **settings.serialization_modules}[format])


def _imported(path: str) -> Any:
    try:
        return importlib.import_module(path)
    except ImportError as error:
        return BadModule(error)
