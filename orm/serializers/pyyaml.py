"""Objects as a YAML list, where PyYAML is installed."""

from __future__ import annotations

import decimal
import importlib
from typing import Any

from orm.serializers import base, python
from orm.serializers.errors import DeserializationError

try:
    yaml: Any = importlib.import_module("yaml")
except ImportError as error:
    raise ImportError("Fixtures in YAML need PyYAML: pip install pyyaml") from error


class DjangoSafeDumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes plain values, decimals as text."""

    def represent_decimal(self, data: decimal.Decimal) -> Any:
        """Return a decimal as text."""
        return self.represent_scalar("tag:yaml.org,2002:str", str(data))


DjangoSafeDumper.add_representer(decimal.Decimal, DjangoSafeDumper.represent_decimal)


class Serializer(python.Serializer):
    """Writes a list; options are those of ``yaml.dump``."""

    internal_use_only = False

    def _value(self, obj: object, field: Any) -> Any:
        # YAML would read a time of day as a number of minutes.
        value = super()._value(obj, field)
        return str(value) if field.get_internal_type() == "TimeField" and value is not None else value

    def end_serialization(self) -> None:
        """Write the list."""
        options = {"allow_unicode": True, "sort_keys": False, "default_flow_style": None, **self.options}
        yaml.dump(self.objects, self.stream, Dumper=DjangoSafeDumper, **options)

    def getvalue(self) -> Any:
        """Return the text."""
        return base.Serializer.getvalue(self)


class Deserializer(python.Deserializer):
    """Reads a list of plain values."""

    def __init__(self, stream_or_string: object, **options: Any) -> None:
        text = stream_or_string.decode() if isinstance(stream_or_string, bytes) else stream_or_string
        try:
            objects = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise DeserializationError(str(error)) from error
        super().__init__(objects or [], **options)
