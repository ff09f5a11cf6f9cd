"""``RelatedField``: what ForeignKey, OneToOneField, ForeignObject and ManyToManyField share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.models.fields.base import BLANK_CHOICE, NOT_PROVIDED, Field
from orm.models.fields.description import KEPT_AS
from orm.models.options import Options
from orm.models.relations.resolve import format_related_name, resolve_targets, target_label, told_target

if TYPE_CHECKING:
    from orm.models.relations import choices, choices_blocking
    from orm.models.relations.rels import ForeignObjectRel
else:
    choices = late_module("orm.models.relations.choices")
    choices_blocking = late_module("orm.models.relations.choices_blocking")

T = TypeVar("T")
FAR_OPTIONS = frozenset({"limit_choices_to", "on_delete", "parent_link"})
"""Options of relations that their far side keeps."""


class RelatedField(Field[T]):
    """What ForeignKey, OneToOneField and ManyToManyField share: a target, perhaps still a name, and its rel."""

    is_relation = True
    remote_field: Any
    swappable: bool = True
    """Whether migrations follow the setting that names the target, where one does."""
    option_defaults: ClassVar[Mapping[str, Any]] = {
        "to": NOT_PROVIDED,
        "swappable": True,
        **dict.fromkeys(("related_name", "related_query_name", "limit_choices_to")),
    }

    @property
    def swappable_setting(self) -> str | None:
        """The name of the setting that says which model is meant; None where none does."""
        target = target_label(self.remote_field.model)
        name = Options.default_apps.get_swappable_settings_name(target) if self.swappable else None
        return name if name in settings.swapped_models else None

    def given_option(self, option: str) -> Any:
        """As any field's; those of the far side as they were before names were made from them."""
        rel = self.remote_field
        if option == "to":
            return told_target(rel.model, self.swappable_setting)
        if option in ("related_name", "related_query_name"):
            return getattr(rel, f"declared_{option}")
        return getattr(rel if option in FAR_OPTIONS else self, KEPT_AS.get(option, option))

    @property
    def field(self) -> Self:
        """The field itself, so that ``Book.author.field`` reads the same for type checkers and at run time."""
        return self

    @property
    def related_model(self) -> Any:
        """The model this field points at.

        Raises ``ImproperlyConfigured`` while the target is a name whose model has not been imported.
        """
        target = self.remote_field.model
        if isinstance(target, str):
            raise ImproperlyConfigured(
                f"{self} refers to {target!r}, and no such model has been imported. Import the module "
                f'that declares it, or correct the name ("Model" in the same app, "app.Model", or "self").'
            )
        return target

    def get_limit_choices_to(self) -> Any:
        """The condition on rows that may be chosen, a Q or a mapping; that of a function as it is now."""
        limit = self.remote_field.limit_choices_to
        return limit() if callable(limit) else limit or {}

    def get_choices(
        self,
        include_blank: bool = True,
        blank_choice: Iterable[tuple[Any, Any]] = BLANK_CHOICE,
        limit_choices_to: Any = None,
        ordering: Iterable[Any] = (),
    ) -> list[tuple[Any, Any]]:
        """Rows that may be referred to, as pairs of key and text, below ``blank_choice`` if that is wanted.

        Parameters: ``limit_choices_to`` is a condition in place of the field's own, ``ordering`` an order in place of
        the model's. The awaitable form is ``aget_choices``.
        """
        limit = self.get_limit_choices_to() if limit_choices_to is None else limit_choices_to
        pairs = choices_blocking.choices_among(self.related_model, self.chosen_attname, limit, ordering)
        return [*blank_choice, *pairs] if include_blank else pairs

    async def aget_choices(
        self,
        include_blank: bool = True,
        blank_choice: Iterable[tuple[Any, Any]] = BLANK_CHOICE,
        limit_choices_to: Any = None,
        ordering: Iterable[Any] = (),
    ) -> list[tuple[Any, Any]]:
        """``get_choices``, to be awaited."""
        limit = self.get_limit_choices_to() if limit_choices_to is None else limit_choices_to
        pairs = await choices.achoices_among(self.related_model, self.chosen_attname, limit, ordering)
        return [*blank_choice, *pairs] if include_blank else pairs

    @property
    def chosen_attname(self) -> str:
        """The attribute of a target's row that stands for it among choices."""
        return "pk"

    def related_query_name(self) -> str:
        """Return the word for the reverse direction in queries on the target."""
        return str(self.remote_field.name)

    def connect(self, cls: type[Any]) -> None:
        """Once the owning class is known: settle the reverse name, and wait for the target to exist."""
        rel: ForeignObjectRel = self.remote_field
        rel.related_name = format_related_name(rel.related_name or cls._meta.default_related_name, cls)
        rel.related_query_name = format_related_name(rel.related_query_name, cls)
        resolve_targets(self, cls, (rel.model,), self._target_ready)

    def _target_ready(self, target: type[Any]) -> None:
        self.remote_field.model = target
        self.contribute_to_related_class(target, self.remote_field)

    def contribute_to_related_class(self, target: type[Any], rel: Any) -> None:
        """Give the target its reverse accessor and reverse query name."""
        raise NotImplementedError(f"{type(self).__name__} has no reverse side.")
