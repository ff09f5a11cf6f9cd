"""Values as Python source: what is written into a migration's file, and the imports it needs."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import math
import os
import pathlib
import re
import types
import uuid
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, ClassVar

from orm.migrations.describing import declared
from orm.migrations.operation import AwaitableOperation
from orm.models.fields.choices import Choices
from orm.models.fields.not_provided import NotProvided
from orm.models.managers import BaseManager
from orm.models.on_delete import OnDelete
from orm.structures.lazy import LazyObject, Promise, stands_for
from orm.structures.public_names import import_name, imported_from, offering_module

Serialized = tuple[str, set[str]]
CachedFunction = type(functools.lru_cache(len))
"""What ``functools.cache`` makes of a function: it is found where the function is declared."""


def offered_name(offered: Any) -> Serialized | None:
    """How a file names one of the library's own classes or functions; None for what is not offered."""
    module, name = offering_module(offered), offered.__name__
    if module is None:
        return None
    room = {"orm.models": "models", "orm.migrations": "migrations"}.get(module)
    if room is not None:
        return f"{room}.{name}", {f"from {import_name('orm')} import {room}"}
    path, name = imported_from(module, name)
    return f"{path}.{name}", {f"import {path}"}


def setting_value(name: str) -> Serialized:
    """How a file names the setting that puts one model in the place of another."""
    module = import_name("orm.config")
    text = f'settings.swapped_models["{name}"]' if module == "orm.config" else f"settings.{name}"
    return text, {f"from {module} import settings"}


class BaseSerializer:
    """Writes one value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def serialize(self) -> Serialized:
        """The source, and the import statements it needs."""
        raise NotImplementedError("Subclasses of BaseSerializer must implement the serialize() method.")


class SimpleSerializer(BaseSerializer):
    """What ``repr`` writes."""

    def serialize(self) -> Serialized:
        return repr(self.value), set()


class FloatSerializer(BaseSerializer):
    """Numbers, the infinite ones too."""

    def serialize(self) -> Serialized:
        if math.isnan(self.value) or math.isinf(self.value):
            return f'float("{self.value}")', set()
        return repr(self.value), set()


class SequenceSerializer(BaseSerializer):
    """Items in brackets."""

    brackets: ClassVar[tuple[str, str]] = ("[", "]")

    def items(self) -> Iterable[Any]:
        """The items, in the order they are written."""
        found: Iterable[Any] = self.value
        return found

    def serialize(self) -> Serialized:
        imports: set[str] = set()
        strings = []
        for item in self.items():
            text, needed = serializer_factory(item).serialize()
            imports |= needed
            strings.append(text)
        return self.put_together(strings), imports

    def put_together(self, strings: list[str]) -> str:
        """The items, joined."""
        return f"{self.brackets[0]}{', '.join(strings)}{self.brackets[1]}"


class ListSerializer(SequenceSerializer):
    """Lists."""


class TupleSerializer(SequenceSerializer):
    """Tuples, and anything iterable that is nothing else."""

    def put_together(self, strings: list[str]) -> str:
        return f"({strings[0]},)" if len(strings) == 1 else f"({', '.join(strings)})"


class SetSerializer(SequenceSerializer):
    """Sets, in an order that does not change."""

    def items(self) -> Iterable[Any]:
        try:
            return sorted(self.value)
        except TypeError:
            return sorted(self.value, key=repr)

    def put_together(self, strings: list[str]) -> str:
        return f"{{{', '.join(strings)}}}" if strings else "set()"


class FrozensetSerializer(SetSerializer):
    """Frozen sets."""

    def put_together(self, strings: list[str]) -> str:
        return f"frozenset([{', '.join(strings)}])"


class DictionarySerializer(BaseSerializer):
    """Dictionaries, by key."""

    def serialize(self) -> Serialized:
        imports: set[str] = set()
        pairs = []
        try:
            items = sorted(self.value.items())
        except TypeError:
            items = list(self.value.items())
        for key, value in items:
            key_text, key_imports = serializer_factory(key).serialize()
            text, needed = serializer_factory(value).serialize()
            imports |= key_imports | needed
            pairs.append(f"{key_text}: {text}")
        return f"{{{', '.join(pairs)}}}", imports


class ChoicesSerializer(BaseSerializer):
    """A member of choices, as its value."""

    def serialize(self) -> Serialized:
        return serializer_factory(self.value.value).serialize()


class EnumSerializer(BaseSerializer):
    """A member of an enum, by name; of flags, each by name."""

    def serialize(self) -> Serialized:
        cls = type(self.value)
        module = cls.__module__
        if issubclass(cls, str) and module.startswith("orm."):
            return repr(self.value.value), set()  # a text that the library has a name for
        members = list(self.value) if isinstance(self.value, enum.Flag) and self.value.name is None else [self.value]
        if isinstance(self.value, enum.Flag) and "|" in (self.value.name or ""):
            members = list(self.value)
        path, imports = offered_name(cls) or (f"{module}.{cls.__qualname__}", {f"import {module}"})
        return " | ".join(f"{path}[{one.name!r}]" for one in members), imports


class DateTimeSerializer(BaseSerializer):
    """Dates, times and lengths of time."""

    def serialize(self) -> Serialized:
        return repr(self.value), {"import datetime"}


class DatetimeDatetimeSerializer(BaseSerializer):
    """Moments; those with a zone in UTC."""

    def serialize(self) -> Serialized:
        value = self.value
        if value.tzinfo is not None and value.tzinfo is not datetime.UTC:
            value = value.astimezone(datetime.UTC)
        return repr(value).replace("datetime.UTC", "datetime.timezone.utc"), {"import datetime"}


class DecimalSerializer(BaseSerializer):
    """Decimals."""

    def serialize(self) -> Serialized:
        return repr(self.value), {"from decimal import Decimal"}


class UUIDSerializer(BaseSerializer):
    """UUIDs."""

    def serialize(self) -> Serialized:
        return f"uuid.{self.value!r}", {"import uuid"}


class PathSerializer(BaseSerializer):
    """Paths, in the form that any system reads."""

    def serialize(self) -> Serialized:
        pure = pathlib.PurePath(self.value) if not isinstance(self.value, pathlib.PurePath) else self.value
        if isinstance(pure, pathlib.Path):
            pure = pathlib.PurePosixPath(pure) if os.name == "posix" else pathlib.PureWindowsPath(pure)
        return f"pathlib.{pure!r}", {"import pathlib"}


class PathLikeSerializer(BaseSerializer):
    """What gives a path."""

    def serialize(self) -> Serialized:
        return repr(os.fspath(self.value)), set()


class RegexSerializer(BaseSerializer):
    """Compiled regular expressions; flags as a number where the default ones do not say it."""

    def serialize(self) -> Serialized:
        pattern, imports = serializer_factory(self.value.pattern).serialize()
        flags = self.value.flags ^ re.compile(self.value.pattern).flags
        arguments = f"{pattern}, {int(flags)}" if flags else pattern
        return f"re.compile({arguments})", {"import re", *imports}


class FunctionTypeSerializer(BaseSerializer):
    """Functions, by where they are.

    Raises ``ValueError`` for a lambda, and for a function inside another.
    """

    def serialize(self) -> Serialized:
        value = self.value
        owner = getattr(value, "__self__", None)
        outer = _class_around(value)
        if outer is not None:
            name, imports = serializer_factory(outer).serialize()
            return f"{name}.{value.__name__}", imports
        if isinstance(owner, type):
            return f"{owner.__module__}.{owner.__qualname__}.{value.__name__}", {f"import {owner.__module__}"}
        if value.__name__ == "<lambda>":
            raise ValueError("Cannot serialize function: lambda")
        if value.__module__ is None:
            raise ValueError(f"Cannot serialize function {value!r}: No module")
        offered = offered_name(value)
        if offered is not None:
            return offered
        if "<" in value.__qualname__:
            raise ValueError(f"Could not find function {value.__name__} in {value.__module__}.\n")
        return f"{value.__module__}.{value.__qualname__}", {f"import {value.__module__}"}


def _class_around(function: object) -> type[Any] | None:
    """The class of the library that offers a function as its own; None for any other function."""
    name, dot, _ = getattr(function, "__qualname__", "").partition(".")
    if not dot or not (function.__module__ or "").startswith("orm."):
        return None
    found = getattr(import_module(function.__module__), name, None)
    return found if isinstance(found, type) else None


class FunctoolsPartialSerializer(BaseSerializer):
    """Partial functions and methods."""

    def serialize(self) -> Serialized:
        function, imports = serializer_factory(self.value.func).serialize()
        args, needed = serializer_factory(self.value.args).serialize()
        options, more = serializer_factory(self.value.keywords).serialize()
        kind = type(self.value).__name__
        return f"functools.{kind}({function}, *{args}, **{options})", {
            "import functools", *imports, *needed, *more,
        }  # fmt: skip


class TypeSerializer(BaseSerializer):
    """Classes, by where they are."""

    def serialize(self) -> Serialized:
        offered = offered_name(self.value)
        if offered is not None:
            return offered
        if self.value is type(None):
            return "types.NoneType", {"import types"}
        module = self.value.__module__
        if module == "builtins":
            return self.value.__name__, set()
        return f"{module}.{self.value.__qualname__}", {f"import {module}"}


class DeconstructibleSerializer(BaseSerializer):
    """What says itself how it is made."""

    def serialize(self) -> Serialized:
        path, args, options = self.value.deconstruct()
        return self.call(path, args, options, type(self.value))

    @staticmethod
    def call(path: str, args: Iterable[object], options: dict[str, object], cls: object) -> Serialized:
        """A call of the class at ``path``."""
        name, imports = named(path, cls)
        strings = []
        for arg in args:
            text, needed = serializer_factory(arg).serialize()
            imports |= needed
            strings.append(text)
        for option, arg in sorted(options.items()):
            text, needed = serializer_factory(arg).serialize()
            imports |= needed
            strings.append(f"{option}={text}")
        return f"{name}({', '.join(strings)})", imports


def named(path: str, cls: object) -> Serialized:
    """How a file names what is at ``path``: as the library offers it, if ``cls`` is one of its own."""
    if path.startswith("django.db.models.") and path.count(".") == 3:
        return f"models.{path.rpartition('.')[2]}", {"from django.db import models"}
    if cls is not None and str(getattr(cls, "__module__", "")).startswith("orm."):
        offered = offered_name(cls)
        if offered is not None:
            return offered
    module = path.rpartition(".")[0]
    return path, {f"import {module}"} if module else set()


class DeclaredSerializer(BaseSerializer):
    """The library's own conditions, expressions and validators."""

    def serialize(self) -> Serialized:
        found = declared(self.value)
        if found is None:
            raise ValueError(f"Cannot serialize: {self.value!r}")
        cls, args, options = found
        return DeconstructibleSerializer.call(f"{cls.__module__}.{cls.__qualname__}", args, options, cls)


class OnDeleteSerializer(BaseSerializer):
    """Rules for deletion, by their names."""

    def serialize(self) -> Serialized:
        imports = {f"from {import_name('orm')} import models"}
        if self.value.name != "SET":
            return f"models.{self.value.name}", imports
        text, needed = serializer_factory(self.value.value).serialize()
        return f"models.SET({text})", imports | needed


class NotProvidedSerializer(BaseSerializer):
    """What an option is that nobody gave: there is one, asked for by identity, so it is named and not made."""

    def serialize(self) -> Serialized:
        module = import_name("orm.models.fields")
        return f"{module}.NOT_PROVIDED", {f"import {module}"}


class ModelFieldSerializer(DeconstructibleSerializer):
    """Fields."""

    def serialize(self) -> Serialized:
        _, path, args, options = self.value.deconstruct()
        return self.call(path, args, options, type(self.value))


class ModelManagerSerializer(DeconstructibleSerializer):
    """Managers."""

    def serialize(self) -> Serialized:
        as_manager, manager_path, queryset_path, args, options = self.value.deconstruct()
        if as_manager:
            name, imports = named(queryset_path, self.value._queryset_class)
            return f"{name}.as_manager()", imports
        return self.call(manager_path, args, options, type(self.value))


class OperationSerializer(BaseSerializer):
    """Operations inside others."""

    operation_writer: ClassVar[Callable[..., Any]]

    def serialize(self) -> Serialized:
        text, imports = type(self).operation_writer(self.value, indentation=0).serialize()
        return text.rstrip(","), imports


class SettingsReferenceSerializer(BaseSerializer):
    """A setting, by its name."""

    def serialize(self) -> Serialized:
        return setting_value(self.value.setting_name)


class IterableSerializer(TupleSerializer):
    """Generators and other iterables, as a tuple of what they give."""


class Serializer:
    """Which class writes what: the first that fits, registered ones of users first."""

    _registry: ClassVar[dict[Any, type[BaseSerializer]]] = {
        frozenset: FrozensetSerializer,
        list: ListSerializer,
        set: SetSerializer,
        tuple: TupleSerializer,
        dict: DictionarySerializer,
        enum.Enum: EnumSerializer,
        datetime.datetime: DatetimeDatetimeSerializer,
        (datetime.date, datetime.timedelta, datetime.time): DateTimeSerializer,
        float: FloatSerializer,
        (bool, int, types.NoneType, bytes, str, range): SimpleSerializer,
        decimal.Decimal: DecimalSerializer,
        (functools.partial, functools.partialmethod): FunctoolsPartialSerializer,
        (types.FunctionType, types.BuiltinFunctionType, types.MethodType, CachedFunction): FunctionTypeSerializer,
        uuid.UUID: UUIDSerializer,
        pathlib.PurePath: PathSerializer,
        os.PathLike: PathLikeSerializer,
        re.Pattern: RegexSerializer,
    }

    @classmethod
    def register(cls, type_: object, serializer: type[BaseSerializer]) -> None:
        """Have instances of a type written by a class.

        Raises ``ValueError`` for what is no serializer.
        """
        if not (isinstance(serializer, type) and issubclass(serializer, BaseSerializer)):
            raise ValueError(f"'{serializer.__name__}' must inherit from 'BaseSerializer'.")
        cls._registry = {type_: serializer, **cls._registry}

    @classmethod
    def unregister(cls, type_: object) -> None:
        """Undo ``register``."""
        cls._registry = {known: one for known, one in cls._registry.items() if known != type_}


def serializer_factory(value: object) -> BaseSerializer:
    """The serializer for a value.

    Raises ``ValueError`` where there is none.
    """
    if isinstance(value, Promise):
        value = str(value)
    elif isinstance(value, LazyObject):
        value = stands_for(value)
    if hasattr(value, "setting_name") and isinstance(value, str):
        return SettingsReferenceSerializer(value)
    if isinstance(value, Choices):
        return ChoicesSerializer(value)
    if isinstance(value, AwaitableOperation):
        return OperationSerializer(value)
    if isinstance(value, type):
        return TypeSerializer(value)
    if isinstance(value, BaseManager):
        return ModelManagerSerializer(value)
    if hasattr(value, "contribute_to_class") and hasattr(value, "deconstruct"):
        return ModelFieldSerializer(value)
    if hasattr(value, "deconstruct"):
        return DeconstructibleSerializer(value)
    if isinstance(value, OnDelete):
        return OnDeleteSerializer(value)
    if isinstance(value, NotProvided):
        return NotProvidedSerializer(value)
    if type(value).__module__.startswith("orm.") and not isinstance(value, enum.Enum) and declared(value) is not None:
        return DeclaredSerializer(value)
    for known, serializer in Serializer._registry.items():
        if isinstance(value, known):
            return serializer(value)
    if isinstance(value, Iterable):
        return IterableSerializer(value)
    raise ValueError(
        f"Cannot serialize: {value!r}\nThere are some values that can't be written into a migration file. See "
        "docs/migrations.md: give the class a deconstruct() method, or register a serializer for it."
    )
