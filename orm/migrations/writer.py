"""Writes migrations as files that read as if by hand, with the imports they need and no others."""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as known_operations
from orm.migrations import sources
from orm.migrations.migration import AwaitableMigration, timestamp
from orm.migrations.serializer import (
    BaseSerializer,
    OperationSerializer,
    Serializer,
    serializer_factory,
    setting_value,
)
from orm.structures.public_names import import_name

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation

INDENT = "    "
BRACKETS = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}


class OperationWriter:
    """Writes one operation, each argument on a line of its own.

    Parameters: ``indentation`` is how deep it stands.
    """

    def __init__(self, operation: AwaitableOperation, indentation: int = 2) -> None:
        self.operation = operation
        self.indentation = indentation
        self.lines: list[str] = []
        self.imports: set[str] = set()

    def serialize(self) -> tuple[str, set[str]]:
        """The source, and its imports."""
        self.lines, self.imports = [], set()
        name, args, options = self.operation.deconstruct()
        names = argument_names(type(self.operation))
        if getattr(known_operations, name, None) is type(self.operation):
            self._feed(f"migrations.{name}(")
            self.imports.add(f"from {package()} import migrations")
        else:
            path, imports = serializer_factory(type(self.operation)).serialize()
            self.imports |= imports
            self._feed(f"{path}(")
        self.indentation += 1
        given = dict(zip(names, args, strict=False))
        for argument in names:
            if argument in given:
                self._argument(argument, given[argument])
        for argument in [*names, *(one for one in options if one not in names)]:
            if argument in options and argument not in given:
                self._argument(argument, options[argument])
        self.indentation -= 1
        self._feed("),")
        return self.render(), self.imports

    def _argument(self, name: str, value: object) -> None:
        if name in self.operation.serialization_expand_args and isinstance(value, (list, tuple, dict)):
            opening, closing = BRACKETS[type(value)]
            self._feed(f"{name}={opening}")
            self.indentation += 1
            for item in value.items() if isinstance(value, dict) else value:
                if isinstance(value, dict):
                    key_text, needed = serializer_factory(item[0]).serialize()
                    self.imports |= needed
                    self._value(item[1], f"{key_text}: ")
                else:
                    self._value(item, "")
            self.indentation -= 1
            self._feed(f"{closing},")
            return
        self._value(value, f"{name}=")

    def _value(self, value: object, before: str) -> None:
        if isinstance(value, known_operations.Operation):
            text, imports = OperationWriter(value, indentation=0).serialize()
            text = text.rstrip(",")
        else:
            text, imports = serializer_factory(value).serialize()
        self.imports |= imports
        lines = f"{before}{text},".split("\n")
        for line in lines:
            self._feed(line)

    def _feed(self, line: str) -> None:
        self.lines.append(INDENT * self.indentation + line)

    def render(self) -> str:
        """The lines so far."""
        return "\n".join(self.lines)


def argument_names(operation_class: type[Any]) -> list[str]:
    """The names of an operation's arguments, in order."""
    code = operation_class.__init__.__code__
    return list(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])


OperationSerializer.operation_writer = OperationWriter


def package() -> str:
    """The package that a file imports ``migrations`` and ``models`` from."""
    return import_name("orm")


class MigrationWriter:
    """Writes one migration.

    Parameters: ``include_header`` writes when and by what it was made.
    """

    def __init__(self, migration: AwaitableMigration, include_header: bool = True) -> None:
        self.migration = migration
        self.include_header = include_header
        self.needs_manual_porting = False

    def as_string(self) -> str:
        """The file."""
        imports: set[str] = set()
        operations = []
        for operation in self.migration.operations:
            text, needed = OperationWriter(operation).serialize()
            imports |= needed
            operations.append(text + "\n")
        dependencies = []
        for dependency in self.migration.dependencies:
            if dependency[0] == "__setting__":
                text, needed = setting_value(dependency[1])
                dependencies.append(f"        migrations.swappable_dependency({text}),")
                imports |= needed
            else:
                dependencies.append(f"        {serializer_factory(tuple(dependency)).serialize()[0]},")
        imports.add(f"from {package()} import migrations")
        ported = sorted(
            module
            for module in (one.removeprefix("import ") for one in imports if one.startswith("import "))
            if re.match(r".*\.\d+_\w+$|^\d", module) or re.search(r"\.\d", module)
        )
        imports = {one for one in imports if one.removeprefix("import ") not in ported}
        self.needs_manual_porting = bool(ported)
        parts = []
        if self.include_header:
            parts.append(f"# {self.header}\n\n")
        parts.append("\n".join(sorted_imports(imports)) + "\n")
        if ported:
            told = "\n".join(f"# {one}" for one in ported)
            parts.append(
                "\n# Functions from the following migrations need manual copying.\n# Move them and any dependencies "
                f"into this file, then update the\n# RunPython operations to refer to the local versions:\n{told}\n"
            )
        parts.append("\n\nclass Migration(migrations.Migration):\n")
        if self.migration.replaces:
            pairs = "".join(f"        {tuple(one)!r},\n" for one in self.migration.replaces)
            parts.append(f"\n    replaces = [\n{pairs}    ]\n" if len(self.migration.replaces) > 1 else
                         f"\n    replaces = {[tuple(one) for one in self.migration.replaces]!r}\n")  # fmt: skip
        if self.migration.initial:
            parts.append("\n    initial = True\n")
        if not self.migration.atomic:
            parts.append("\n    atomic = False\n")
        ignored = getattr(self.migration, "lint_ignore", None)
        if ignored:
            parts.append(f"\n    lint_ignore = {dict(ignored)!r}\n")
        listed = "\n".join(sorted(dependencies))
        parts.append(f"\n    dependencies = [\n{listed}\n    ]\n" if listed else "\n    dependencies = [\n    ]\n")
        body = "".join(operations)
        parts.append(f"\n    operations = [\n{body}    ]\n")
        return "".join(parts)

    @property
    def header(self) -> str:
        """When the file was made."""
        moment = timestamp()
        return f"Generated by Duotone on {moment[:4]}-{moment[4:6]}-{moment[6:8]} {moment[9:11]}:{moment[11:]}"

    @property
    def basedir(self) -> str:
        """The folder that an app's migrations are in, or will be.

        Raises ``ValueError`` where it can't be told, or the settings leave the app without migrations.
        """
        name, _ = sources.migrations_module(self.migration.app_label)
        if name is None:
            raise ValueError(
                f"Django can't create migrations for app '{self.migration.app_label}' because migrations have been "
                "disabled via the MIGRATION_MODULES setting."
            )
        try:
            module = import_module(name)
        except ImportError:
            return self._to_be_made(name)
        folders = list(getattr(module, "__path__", ()))
        if not folders:
            raise ValueError(f"{name} is a module, not a package that migrations can be written into.")
        return str(folders[0])

    @staticmethod
    def _to_be_made(name: str) -> str:
        parent, _, last = name.rpartition(".")
        missing = [last]
        while parent:
            try:
                base = import_module(parent)
            except ImportError:
                parent, _, last = parent.rpartition(".")
                missing.insert(0, last)
                continue
            folders = list(getattr(base, "__path__", ()))
            if not folders:
                break
            return os.path.join(folders[0], *missing)
        raise ValueError(
            f"Could not locate an appropriate location to create migrations package {name}. Make sure the toplevel "
            "package exists and can be imported."
        )

    @property
    def filename(self) -> str:
        """The file's name."""
        return f"{self.migration.name}.py"

    @property
    def path(self) -> str:
        """The file's whole path."""
        return os.path.join(self.basedir, self.filename)

    @classmethod
    def serialize(cls, value: object) -> tuple[str, set[str]]:
        """A value as source, and its imports."""
        return serializer_factory(value).serialize()

    @classmethod
    def register_serializer(cls, type_: object, serializer: type[BaseSerializer]) -> None:
        """Have instances of a type written by a class."""
        Serializer.register(type_, serializer)

    @classmethod
    def unregister_serializer(cls, type_: object) -> None:
        """Undo ``register_serializer``."""
        Serializer.unregister(type_)


def sorted_imports(imports: set[str]) -> list[str]:
    """Import statements in order; those of ``migrations`` and ``models`` together."""
    base = package()
    both = {f"from {base} import models", f"from {base} import migrations"}
    if both <= imports:
        imports = (imports - both) | {f"from {base} import migrations, models"}
    return sorted(imports, key=lambda one: (not one.startswith("import "), one.split()[1], one))
