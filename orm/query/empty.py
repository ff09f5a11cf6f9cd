"""``isinstance(queryset, EmptyQuerySet)``: whether ``none()`` made it, so that it asks the database nothing."""

from __future__ import annotations

from orm.query.queryset import AwaitableQuerySet


class _IsEmpty(type):
    """Answers ``isinstance``: whether a queryset was made by ``none()``."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, AwaitableQuerySet) and instance._shape.select.empty


class EmptyQuerySet(metaclass=_IsEmpty):
    """What every queryset that ``none()`` made is an instance of."""

    def __init__(self) -> None:
        raise TypeError("EmptyQuerySet can't be instantiated: it is what isinstance(queryset, EmptyQuerySet) asks for.")
