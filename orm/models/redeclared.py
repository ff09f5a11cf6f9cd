"""A model that an interactive session declares again, in a cell that is run twice: who referred to the old class.

Relations of other models are made anew, from their declarations, so that they lead to the new class. What this module
leaves: the old class's children by inheritance, and instances that exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.epoch import Reason, epoch

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


INTERACTIVE = "__main__"
"""The module of what is typed at a prompt or run in a notebook."""


def of_a_former_class(value: object, model: type[AwaitableModel]) -> str:
    """Return the end of a sentence about an instance whose class is called like ``model`` and is another; else nothing.

    It was declared again since, or the instance is another ORM's.
    """
    cls = type(value)
    meta = getattr(cls, "_meta", None)
    if meta is None or cls is model or meta.label != model._meta.label:
        return ""
    if type(meta) is not type(model._meta):
        return f" It is an instance of another ORM's {cls.__module__}.{cls.__qualname__}: give its key."
    return f" {model.__name__} was declared again after this instance was made: get the instance anew."


def follow(old: type[AwaitableModel], new: type[AwaitableModel]) -> None:
    """Make every relation to ``old`` one to ``new``."""
    for model in new._meta.apps.get_models(include_auto_created=True):
        if model is new or model is old:
            continue
        meta = model._meta
        for fields in (meta.local_fields, meta.local_many_to_many):
            for field in list(fields):
                rel = field.remote_field
                if rel is None or rel.model is not old or field.primary_key or meta.auto_created:
                    continue
                fields.remove(field)
                again = field.clone()
                again.remote_field.model = new
                again.contribute_to_class(model, field.name)
    epoch.advance(Reason.FIELDS)
