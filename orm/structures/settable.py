"""``settable_property``: a property that is worked out at each look, until somebody sets it on an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    settable_property = property
else:

    class settable_property:
        """A property that an expression of the user's may set: its instance then holds the value."""

        def __init__(self, read):
            self.read = read
            self.__doc__ = read.__doc__

        def __get__(self, instance, owner=None):
            return self if instance is None else self.read(instance)
