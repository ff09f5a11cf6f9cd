"""ForeignKey and OneToOneField: a column that holds another row's key.

The raw value lives under ``attname`` (``author_id``), the loaded instance under ``name`` (``author``); the descriptors
in ``forward`` and ``reverse_one`` keep the two in step. A field refuses values that are neither an instance of its
target nor something the target's key accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, overload

from orm.config import settings
from orm.errors import FieldDoesNotExist, ImproperlyConfigured, ValidationError, advised
from orm.late import late_module
from orm.models.checks.late import relation_checks
from orm.models.fetching import rows_of
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.on_delete import OnDelete, check_rule, check_rule_fits
from orm.models.redeclared import of_a_former_class
from orm.models.relations.choices import limited
from orm.models.relations.forward import ForwardOneDescriptor, ForwardOneToOneDescriptor
from orm.models.relations.related_field import TARGET, Pair, RelatedField
from orm.models.relations.rels import ManyToOneRel, OneToOneRel
from orm.models.relations.resolve import (
    check_related_name,
    check_target,
    install_reverse,
    target_label,
)
from orm.models.relations.reverse_many import ReverseManyDescriptor
from orm.models.state import NO_KEY, PENDING
from orm.sql import types

if TYPE_CHECKING:
    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.relations import reverse_one
    from orm.sql import calls, hop
    from orm.sql.dialect import Dialect
    from orm.sql.hop import Hop
else:
    calls = late_module("orm.sql.calls")
    reverse_one = late_module("orm.models.relations.reverse_one")
    hop = late_module("orm.sql.hop")

T = TypeVar("T")
M = TypeVar("M", bound="AwaitableModel")


class ForeignKey(RelatedField[T]):
    """Many rows of this model refer to one row of another.

    Parameters: ``to`` is a model class, ``"Model"`` (same app), ``"app.Model"`` or ``"self"``. ``on_delete`` says what
    happens to this row when the other one is deleted. ``related_name`` names the reverse accessor (``"+"``: none),
    ``related_query_name`` the reverse word in queries. ``to_field`` is a unique field of the target other than its
    primary key. ``parent_link`` makes a one-to-one field the link to the table of a parent the model inherits from.
    ``swappable`` says whether migrations follow the setting that names the target. ``db_constraint=False`` leaves the
    constraint out of the database. ``limit_choices_to`` (a Q, a dict, or a function that gives one) restricts what
    ``full_clean()`` accepts.
    """

    many_to_one = True
    rel_class: type[ManyToOneRel] = ManyToOneRel
    end_of: Any = None
    """The ManyToManyField that this is an end of, in a join model that was made for one: users know its name."""
    forward_related_accessor_class: ClassVar[Any] = ForwardOneDescriptor
    """What makes the attribute that gives the related instance."""
    description = "Foreign Key (type determined by related field)"
    option_defaults: ClassVar[Mapping[str, Any]] = {
        **TARGET,
        "on_delete": NOT_PROVIDED,
        "parent_link": False,
        "to_field": None,
        **dict.fromkeys(("db_index", "db_constraint"), True),
    }

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: ForeignKey[M],
            to: type[M],
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: Literal[False] = ...,
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...
        @overload
        def __init__(
            self: ForeignKey[M | None],
            to: type[M],
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: Literal[True],
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...
        @overload
        def __init__(
            self: ForeignKey[Any],
            to: str,
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: bool = ...,
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...

    def __init__(
        self,
        to: Any,
        on_delete: object = None,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: object = None,
        *,
        to_field: str | None = None,
        db_constraint: bool = True,
        parent_link: bool = False,
        swappable: bool = True,
        **options: Any,
    ) -> None:
        check_target(type(self).__name__, to)
        check_rule(f"{type(self).__name__}({target_label(to)})", on_delete)
        options.setdefault("db_index", True)
        super().__init__(**options)
        self.db_constraint = db_constraint
        self.remote_field = self.rel_class(
            self,
            to,
            to_field=to_field,
            related_name=related_name,
            related_query_name=related_query_name,
            limit_choices_to=limit_choices_to,
            on_delete=on_delete,
            parent_link=parent_link,
        )
        self.swappable = swappable

    def given_option(self, option: str) -> Any:
        """As any relation's; ``to_field`` where it is not the target's key anyway, which gives the length."""
        if option == "max_length":
            return None
        if option != "to_field":
            return super().given_option(option)
        name, meta = self.remote_field.field_name, getattr(self.remote_field.model, "_meta", None)
        return None if meta is not None and meta.pk is not None and name == meta.pk.name else name

    # -- naming and wiring ------------------------------------------------------------------------------------------

    def get_attname(self) -> str:
        """Return the attribute that holds the raw value."""
        return f"{self.name}_id"

    def own_checks(self, aliases: Iterable[str], from_model: Any) -> Iterable[CheckMessage]:
        """What it refers to, by which names, and what becomes of it."""
        yield from relation_checks.relation_checks(self)
        yield from relation_checks.foreign_key_checks(self)

    def check_declaration(self) -> None:
        check_related_name(self, self.remote_field.related_name)
        check_rule_fits(
            str(self),
            self.remote_field.on_delete,
            null=self.null,
            has_default=self.has_default(),
            has_db_default=self.has_db_default,
        )

    def contribute_to_class(self, cls: type[Any], name: str, private_only: bool = False, **options: object) -> None:
        """Join the model ``cls`` as its field ``name``."""
        super().contribute_to_class(cls, name, private_only, **options)
        setattr(cls, name, self.forward_related_accessor_class(self))
        if not cls._meta.abstract:
            self.connect(cls)

    def contribute_to_related_class(self, target: type[Any], rel: Any) -> None:
        if rel.field_name is not None and target is not self.model:
            self.target_field  # noqa: B018 (looked up so that a wrong to_field is refused here)
        install_reverse(target, rel, self.related_accessor_class(rel))

    def is_cached(self, instance: Any) -> bool:
        """Whether an instance has loaded the one it refers to, and still refers to it."""
        return bool(getattr(self.model, self.name).is_cached(instance))

    @cached_property
    def related_accessor_class(self) -> Any:
        """What makes the attribute on the other side."""
        return ReverseManyDescriptor if self.remote_field.multiple else reverse_one.ReverseOneDescriptor

    # -- the column -------------------------------------------------------------------------------------------------

    @cached_property
    def target_field(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The field of the target whose value this column holds."""
        meta = self.related_model._meta
        name = self.remote_field.field_name
        if name is None:
            return meta.pk
        try:
            field = meta.get_field(name)
        except FieldDoesNotExist as missing:
            raise ImproperlyConfigured(f"{self}: to_field={name!r}, but {missing}") from missing
        if settings.strict_models and not field.unique and not _unique_by_constraint(field):
            raise ImproperlyConfigured(
                f"{self}: to_field={name!r} must name a unique field, so that it stands for one row; give {field} "
                f"unique=True."
            )
        return field

    @cached_property
    def target_attname(self) -> str:
        """The attribute of a target instance that holds what this column holds."""
        return str(self.target_field.attname)

    @property
    def value_field(self) -> Any:
        """The field at the end of the keys that refer to keys.

        Raises ``ValueError`` where they go round in a circle.
        """
        seen: list[Any] = [self]
        while (field := seen[-1].target_field).is_relation:
            if any(field is known for known in seen):
                raise ValueError("Cannot resolve output_field.")
            seen.append(field)
        return field

    def siblings_of(self, instance: AwaitableModel) -> dict[str, object]:
        """Return the condition on rows that refer to the same row as an instance."""
        return {self.attname: getattr(instance, self.attname)}

    def rows_referring_to(self, related: AwaitableModel) -> dict[str, object]:
        """Return the condition on rows that refer to an instance of the target."""
        return {self.attname: getattr(related, self.target_attname)}

    @property
    def foreign_related_fields(self) -> tuple[Any, ...]:
        """Django's name for the target field, as a tuple."""
        return (self.target_field,)

    @cached_property
    def hops(self) -> tuple[Hop, ...]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        """The join from the declaring model to the target."""
        return (hop.Hop(self.related_model, self, self.target_field, False, self.null),)

    def db_type(self, connection: Dialect) -> str:
        """The type that the target says for columns that refer to it."""
        return str(self.target_field.rel_db_type(connection))

    def own_db_type(self, dialect: Dialect) -> str | None:
        """As any field's; where the class says none, what the target's says."""
        said: str | None = super().own_db_type(dialect) or self.target_field.own_db_type(dialect)
        return said

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The SQL kind: the target's."""
        return str(self.target_field.kind)

    @property
    def max_length(self) -> int | None:
        """The target's length."""
        length: int | None = self.target_field.max_length
        return length

    @max_length.setter
    def max_length(self, value: int | None) -> None:
        if value is not None and settings.strict_models:  # Django takes one, and makes nothing of it
            raise TypeError(f"{type(self).__name__} takes no max_length: its length is that of the key it refers to.")

    @property
    def max_digits(self) -> int | None:  # type: ignore[override]
        """The target's digits."""
        digits: int | None = self.target_field.max_digits
        return digits

    @property
    def decimal_places(self) -> int | None:  # type: ignore[override]
        """The target's decimal places."""
        places: int | None = self.target_field.decimal_places
        return places

    @property
    def from_db_value(self) -> Any:
        """What reads the target's key, where its field has a ``from_db_value`` of its own."""
        return getattr(self.target_field, "from_db_value", None)

    if TYPE_CHECKING:

        async def aload(self, instance: AwaitableModel) -> T:
            """Return the related instance of ``instance``, loaded if need be: ``await Review.customer.aload(review)``.

            Right also where ``await review.customer`` is not: of a column that is NULL it gives None.
            """
            raise NotImplementedError  # what runs is the descriptor's, in ``forward``

    @property
    def related_fields(self) -> tuple[Pair, ...]:
        return ((self, self.target_field),)

    def accessor_class(self, wanted: type[ForwardOneDescriptor]) -> type[ForwardOneDescriptor]:
        """Return the class of the attribute: the one that is wanted."""
        return wanted

    # -- values -----------------------------------------------------------------------------------------------------

    def get_prep_value(self, value: Any) -> Any:
        """Return the canonical key for an instance of the target or a raw key.

        Raises ``ValueError`` for an instance of another model or one that is not saved, and what the target's field
        raises for a raw value it can't accept.
        """
        if value == "" and not types.strict_values and not self.target_field.empty_strings_allowed:
            return None
        return self._key(value)

    @property
    def compared_preparer(self) -> Callable[[Any], Any]:
        """What makes a key canonical that rows are looked for by: written, an empty text may stand for no row."""
        return self._prepare_compared

    def _prepare_compared(self, value: Any) -> Any:
        return self._key(value) if value == "" else self.get_prep_value(value)

    def _key(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if hasattr(value, "_meta"):
            value = self.value_of(value)
        try:
            return self.target_field.get_prep_value(value)
        except (TypeError, ValueError) as problem:
            cause = problem.__cause__  # what the target's field said before it put its own name in front
            cause = cause if isinstance(cause, Exception) else problem
            raise self.target_field.refusal(cause, value, field=self.end_of or self) from problem

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what the column of the target is on one database, of a key or an instance."""
        if not prepared:
            value = self.get_prep_value(value)
        return self.target_field.get_db_prep_value(value, connection, prepared=True)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Return what is stored for a key or an instance: what the target's field stores for it."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return self.target_field.get_db_prep_save(self.get_prep_value(value), connection)

    @property
    def stores_prepared(self) -> bool:
        cls = type(self)
        own = cls.get_db_prep_save, cls.get_db_prep_value
        library = ForeignKey.get_db_prep_save, ForeignKey.get_db_prep_value
        return own == library and bool(self.target_field.stores_prepared)

    @property
    def compares_prepared(self) -> bool:
        own = type(self).get_db_prep_value is not ForeignKey.get_db_prep_value
        return not own and bool(self.target_field.compares_prepared)

    def value_of(self, instance: Any) -> Any:
        """Return the key of a target instance; refuse other models' instances and unsaved ones."""
        target = self.related_model
        if self.primary_key and instance._meta.concrete_model is self.model._meta.concrete_model:
            return getattr(instance, self.attname)  # a row with the same key
        own = isinstance(instance, target._meta.concrete_model)
        if not own and not issubclass(target, instance._meta.concrete_model):  # a parent's key is its child's, too
            raise advised(
                ValueError,
                f'Cannot query "{instance}": Must be "{target.__name__}" instance.',
                f" {self} compares with {target.__name__} instances, got {instance!r}, a {type(instance).__name__}."
                f"{of_a_former_class(instance, target)}",
            )
        value = getattr(instance, self.target_attname) if own else instance.pk
        if (value is None or not self.target_field.primary_key) and not instance._is_pk_set():
            raise advised(
                ValueError,
                "Model instances passed to related filters must be saved.",
                f" Unsaved model instance {instance!r} cannot be used in an ORM query. It has no "
                f"{instance._meta.pk.name} yet, so {self} can't refer to it; save it first.",
            )
        return value

    def is_unsaved(self, related: Any) -> bool:
        """Whether an instance of the target has no key of its own yet, so that nothing can refer to its row."""
        key = getattr(related, self.target_attname) if self.target_field.primary_key else related.pk
        return key is None or type(key) is calls.DatabaseDefault

    @property
    def chosen_attname(self) -> str:
        return self.target_attname

    def to_python(self, value: Any) -> Any:
        """Return the key as the target's field would have it."""
        return self.target_field.to_python(value)

    def get_default(self) -> Any:
        """Return the default key; a default that is an instance gives its key."""
        value = super().get_default()
        return getattr(value, self.target_attname) if isinstance(value, self.related_model) else value

    def pre_save(self, instance: Any, add: bool) -> Any:
        """Return the key to be written, taken from an instance that was assigned before it was saved."""
        held = instance.__dict__
        value = held.get(self.attname)
        pending = held.get(PENDING)
        if not pending or self.name not in pending or self.name not in held:
            return value
        related = held[self.name]
        key = getattr(related, self.target_attname)
        if value not in NO_KEY and (self.target_field.primary_key or value != key):
            return value
        if self.is_unsaved(related):
            action = "bulk_create" if add else "bulk_update"
            raise advised(
                ValueError,
                f"{action}() prohibited to prevent data loss due to unsaved related object '{self.name}'.",
                f" {self} holds {related!r}; save it first.",
            )
        held[self.attname] = key
        held[PENDING].discard(self.name)
        return key

    def validate(self, value: Any, instance: Any) -> None:
        """Check choices, null and blank; not for the link to a parent, which is set when the row is saved.

        Raises ``ValidationError``.
        """
        if not self.remote_field.parent_link:
            super().validate(value, instance)

    async def avalidate_target(self, instance: AwaitableModel) -> None:
        """Check that the row referred to exists and is one that ``limit_choices_to`` admits.

        Raises ``ValidationError``. A loaded instance is taken for a row that exists.
        """
        value = instance.__dict__[self.attname]
        limit = self.remote_field.limit_choices_to
        if value is None or self.remote_field.parent_link or hasattr(value, "resolve_expression"):
            return
        related = instance.__dict__.get(self.name)
        if limit is None and related is not None and not related._state.adding:
            return
        rows = rows_of(self.related_model, instance).filter(**{self.target_attname: value})
        rows = limited(rows, self.get_limit_choices_to())
        if not await rows.aexists():
            name = self.related_model._meta.verbose_name
            raise ValidationError(
                "%(model)s instance with %(field)s %(value)r is not a valid choice.",
                code="invalid",
                params={"model": name, "pk": value, "field": self.target_field.name, "value": value},
            )


class OneToOneField(ForeignKey[T]):
    """A ForeignKey that is unique: one row here for at most one row there; the reverse gives that row, not many."""

    many_to_one = False
    one_to_one = True
    rel_class = OneToOneRel
    forward_related_accessor_class = ForwardOneToOneDescriptor
    description = "One-to-one relationship"
    option_defaults = {"unique": True, "db_index": False}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: OneToOneField[M],
            to: type[M],
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: Literal[False] = ...,
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...
        @overload
        def __init__(
            self: OneToOneField[M | None],
            to: type[M],
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: Literal[True],
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...
        @overload
        def __init__(
            self: OneToOneField[Any],
            to: str,
            on_delete: OnDelete,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: Any = ...,
            *,
            null: bool = ...,
            to_field: str | None = ...,
            db_constraint: bool = ...,
            **options: Any,
        ) -> None: ...

    def __init__(self, to: Any, on_delete: Any = None, *args: Any, **options: Any) -> None:
        options["unique"] = True
        options.setdefault("db_index", False)
        super().__init__(to, on_delete, *args, **options)


def _unique_by_constraint(field: Field) -> bool:
    """Whether Meta of the field's model makes it unique, in every row."""
    return any(relation_checks.is_whole_key(one, (field.name,)) for one in field.model._meta.constraints)
