"""What a relation's field and its far side have in common: the instance they keep, and the rows that may be chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.late import late_module
from orm.models.fields.base import BLANK_CHOICE
from orm.models.fields.not_provided import NOT_PROVIDED

if TYPE_CHECKING:
    from orm.models.relations import choices, choices_blocking
else:
    choices = late_module("orm.models.relations.choices")
    choices_blocking = late_module("orm.models.relations.choices_blocking")


class KeptInstance:
    """What fields and far sides say about the instance they lead to, under Django's names.

    An instance keeps it in its ``__dict__`` under ``cache_name``.
    """

    @property
    def cache_name(self) -> str:
        """The attribute the related instance is kept as."""
        raise NotImplementedError(f"{type(self).__name__} does not say where related instances are kept.")

    def is_cached(self, instance: Any) -> bool:
        """Whether an instance has loaded what it is related to."""
        return self.cache_name in instance.__dict__

    def get_cached_value(self, instance: object, default: object = NOT_PROVIDED) -> Any:
        """Return what an instance has loaded. Raises ``KeyError`` where it has not, unless there is a ``default``."""
        if self.is_cached(instance):
            return instance.__dict__[self.cache_name]
        if default is NOT_PROVIDED:
            raise KeyError(self.cache_name)
        return default

    def set_cached_value(self, instance: object, value: object) -> None:
        """Let an instance have loaded ``value``."""
        instance.__dict__[self.cache_name] = value

    def delete_cached_value(self, instance: object) -> None:
        """Let an instance forget what it has loaded. Raises ``KeyError`` where it has not."""
        del instance.__dict__[self.cache_name]


class RowChoices:
    """What a relation's field and its far side share: the rows of ``related_model`` as pairs of key and text."""

    if TYPE_CHECKING:

        @property
        def related_model(self) -> Any: ...

    @property
    def chosen_attname(self) -> str:
        """The attribute of a row that a choice of it gives."""
        return "pk"

    def _condition_on_choices(self) -> Any:
        """The condition on rows that may be chosen, a Q or a mapping."""
        raise NotImplementedError(f"{type(self).__name__} must define _condition_on_choices()")

    def get_choices(
        self,
        include_blank: bool = True,
        blank_choice: Iterable[tuple[object, object]] = BLANK_CHOICE,
        limit_choices_to: object = None,
        ordering: Iterable[object] = (),
    ) -> list[tuple[Any, Any]]:
        """Rows that may be chosen, as pairs of key and text, below ``blank_choice`` if that is wanted.

        Parameters: ``limit_choices_to`` is a condition in place of the relation's own, ``ordering`` an order in place
        of the model's. The awaitable form is ``aget_choices``.
        """
        limit = self._condition_on_choices() if limit_choices_to is None else limit_choices_to
        pairs = choices_blocking.choices_among(self.related_model, self.chosen_attname, limit, ordering)
        return [*blank_choice, *pairs] if include_blank else pairs

    async def aget_choices(
        self,
        include_blank: bool = True,
        blank_choice: Iterable[tuple[object, object]] = BLANK_CHOICE,
        limit_choices_to: object = None,
        ordering: Iterable[object] = (),
    ) -> list[tuple[Any, Any]]:
        """``get_choices``, to be awaited."""
        limit = self._condition_on_choices() if limit_choices_to is None else limit_choices_to
        pairs = await choices.achoices_among(self.related_model, self.chosen_attname, limit, ordering)
        return [*blank_choice, *pairs] if include_blank else pairs
