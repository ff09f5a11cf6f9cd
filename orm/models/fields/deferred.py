"""``DeferredAttribute``: a field's attribute as a descriptor of its own, for fields that make more of their values.

Here the field itself is the attribute. A field of an application's own may name another class in ``descriptor_class``;
one that has ``__set__`` sees every value an instance gets, those that were read included.
"""

from __future__ import annotations

from typing import Any

from orm.models.fetching import unloaded_value


class DeferredAttribute:
    """Gives the value an instance holds, and loads one that was not read.

    Parameters: ``field`` is the field whose attribute it is.
    """

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__
        attname = self.field.attname
        return held[attname] if attname in held else unloaded_value(instance, self.field)
