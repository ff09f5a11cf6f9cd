"""ManyToManyField: two models joined through a third, which is made here unless ``through`` names one.

The field has no column. Its two foreign keys on the join model (``source_foreign_key`` to the declaring model,
``target_foreign_key`` to the other) are all the query builder and the related managers need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.models.checks.late import relation_checks
from orm.models.relations.join_model import make_join_model
from orm.models.relations.many_blocking import ManyRelatedManager
from orm.models.relations.many_to_many_descriptor import ManyToManyDescriptor
from orm.models.relations.path_info import PathInfo
from orm.models.relations.related_field import TARGET, RelatedField
from orm.models.relations.rels import ManyToManyRel
from orm.models.relations.resolve import (
    SELF,
    check_related_name,
    check_target,
    format_related_name,
    install_reverse,
    named_model,
    resolve_targets,
    target_label,
)

if TYPE_CHECKING:
    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel
    from orm.models.options import Options
    from orm.sql import hop
    from orm.sql.dialect import Dialect
    from orm.sql.hop import Hop
else:
    hop = late_module("orm.sql.hop")

M = TypeVar("M", bound="AwaitableModel")
N = TypeVar("N", bound="AwaitableModel")


class ManyToManyField(RelatedField[ManyRelatedManager[M]]):
    """Many rows of this model go with many of another.

    Parameters: ``to``, ``related_name`` and ``related_query_name`` as for ForeignKey. ``limit_choices_to`` is kept for
    whoever offers choices (forms); as in Django, adding rows does not ask it.
    ``symmetrical`` (a relation to ``"self"`` is, unless told otherwise) makes every pair count both ways. ``through``
    is the join model when it has fields of its own, with ``through_fields=("source", "target")`` where it has several
    foreign keys to one side. ``db_table`` and ``db_constraint`` are the join table's.
    """

    many_to_many = True
    concrete = False
    description = "Many-to-many relationship"
    option_defaults: ClassVar[Mapping[str, Any]] = {
        **TARGET,
        **dict.fromkeys(("symmetrical", "through", "through_fields", "db_table")),
        "db_constraint": True,
    }

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: ManyToManyField[N],
            to: type[N],
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: object = ...,
            symmetrical: bool | None = ...,
            through: type[AwaitableModel] | str | None = ...,
            through_fields: tuple[str, str] | None = ...,
            *,
            db_constraint: bool = ...,
            db_table: str | None = ...,
            **options: object,
        ) -> None: ...
        @overload
        def __init__(
            self: ManyToManyField[Any],
            to: str,
            related_name: str | None = ...,
            related_query_name: str | None = ...,
            limit_choices_to: object = ...,
            symmetrical: bool | None = ...,
            through: type[AwaitableModel] | str | None = ...,
            through_fields: tuple[str, str] | None = ...,
            *,
            db_constraint: bool = ...,
            db_table: str | None = ...,
            **options: object,
        ) -> None: ...

    def __init__(
        self,
        to: Any,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: object = None,
        symmetrical: bool | None = None,
        through: Any = None,
        through_fields: tuple[str, str] | None = None,
        *,
        db_constraint: bool = True,
        db_table: str | None = None,
        **options: Any,
    ) -> None:
        check_target(type(self).__name__, to)
        if through is None and through_fields is not None:
            raise ValueError(
                "Cannot specify through_fields without a through model. "
                f"ManyToManyField({target_label(to)}): through_fields needs through=."
            )
        if through is not None and db_table is not None:
            raise ValueError(
                f"Cannot specify a db_table if an intermediary model is used. ManyToManyField({target_label(to)}): set "
                "db_table in the Meta of that model."
            )
        if symmetrical and to != SELF:
            raise ImproperlyConfigured(
                f'ManyToManyField({target_label(to)}): only a relation to "self" is symmetrical.'
            )
        super().__init__(**options)
        self.db_table = db_table
        self.auto_through = through is None
        self.declared_symmetrical = symmetrical
        self.remote_field = ManyToManyRel(
            self,
            to,
            symmetrical=(to == SELF) if symmetrical is None else symmetrical,
            through=through,
            through_fields=through_fields,
            db_constraint=db_constraint,
            related_name=related_name,
            related_query_name=related_query_name,
            limit_choices_to=limit_choices_to,
        )

    def given_option(self, option: str) -> Any:
        """As any relation's; a join model that was made for the relation goes without saying, and so does symmetry."""
        if option == "through":
            return None if self.auto_through else target_label(self.remote_field.through)
        if option == "symmetrical":
            return self.declared_symmetrical
        if option in ("through_fields", "db_constraint"):
            return getattr(self.remote_field, option)
        return super().given_option(option)

    @property
    def chosen_attname(self) -> str:
        return str(self.target_foreign_key.target_attname)

    def value_from_object(self, instance: Any) -> list[Any]:
        """The related rows, read now; none of an instance that is not saved. For serialising and ``model_to_dict``."""
        return [] if instance.pk is None else list(getattr(instance, self.name).all())

    def db_type(self, connection: Dialect) -> Any:
        """None: the rows of the join model stand for a column."""
        return None

    def db_parameters(self, connection: Dialect) -> dict[str, str | None]:
        return {"type": None, "check": None}

    # -- wiring -----------------------------------------------------------------------------------------------------

    def own_checks(self, aliases: Iterable[str], from_model: Any) -> Iterable[CheckMessage]:
        """What it refers to, by which names, and through which model."""
        yield from relation_checks.relation_checks(self)
        yield from relation_checks.many_to_many_checks(self, from_model)

    def check_declaration(self) -> None:
        super().check_declaration()
        check_related_name(self, self.remote_field.related_name)
        for option in ("unique", "primary_key", "db_index"):
            if getattr(self, option):
                raise ImproperlyConfigured(f"{self}: a many-to-many relation has no column, so {option} can't be set.")

    def contribute_to_class(self, cls: type[Any], name: str, private_only: bool = False, **options: object) -> None:
        """Join the model ``cls`` as its field ``name``; make the join model once ``cls`` and the target exist."""
        super().contribute_to_class(cls, name, private_only, **options)
        setattr(cls, name, ManyToManyDescriptor(self.remote_field, reverse=False))
        if cls._meta.abstract:
            return
        rel: ManyToManyRel = self.remote_field
        rel.related_name = format_related_name(rel.related_name or cls._meta.default_related_name, cls)
        rel.related_query_name = format_related_name(rel.related_query_name, cls)
        if rel.through is not None:
            resolve_targets(self, cls, (rel.model, rel.through), self._both_ready)
        else:
            resolve_targets(self, cls, (cls.__name__,), self._make_through)

    def _make_through(self, declared: type[AwaitableModel]) -> None:
        """Make the join model; that the other model is still to be declared is no hindrance."""
        rel: ManyToManyRel = self.remote_field
        rel.through = make_join_model(self, named_model(declared, rel.model, self))
        resolve_targets(self, declared, (rel.model, rel.through), self._both_ready)

    def _both_ready(self, target: type[AwaitableModel], through: type[AwaitableModel]) -> None:
        rel = self.remote_field
        rel.model, rel.through = target, through
        self.contribute_to_related_class(target, rel)

    def contribute_to_related_class(self, target: type[Any], rel: Any) -> None:
        install_reverse(target, rel, ManyToManyDescriptor(rel, reverse=True))

    # -- the join model ---------------------------------------------------------------------------------------------

    @property
    def through(self) -> Any:
        """The join model.

        Raises ``ImproperlyConfigured`` while it or the target is only a name.
        """
        through = self.remote_field.through
        if through is None or isinstance(through, str):
            raise ImproperlyConfigured(
                f"{self} has no join model yet: {through or self.related_model.__name__} has not been imported; import "
                f"the module that declares it."
            )
        return through

    @cached_property
    def _foreign_keys(self) -> tuple[Any, Any]:
        through, target = self.through, self.related_model
        named = self.remote_field.through_fields
        if named is not None:
            source_key, target_key = (through._meta.get_field(name) for name in named)
            for key, model in ((source_key, self.model), (target_key, target)):
                if key not in keys_to(through, model):
                    raise ImproperlyConfigured(
                        f"{self}: through_fields names {key.name!r}, which is no foreign key from {through.__name__} "
                        f"to {model.__name__}."
                    )
            return source_key, target_key
        to_source, to_target = keys_to(through, self.model), keys_to(through, target)
        if self.model is target and len(to_source) == 2:
            return to_source[0], to_source[1]
        if len(to_source) != 1 or len(to_target) != 1:
            raise ImproperlyConfigured(
                f"{self}: its join model {through.__name__} has {len(to_source)} foreign keys to {self.model.__name__} "
                f"and {len(to_target)} to {target.__name__}; say which two are meant with "
                f'through_fields=("source", "target").'
            )
        return to_source[0], to_target[0]

    @property
    def source_foreign_key(self) -> Any:
        """The join model's foreign key to the declaring model."""
        return self._foreign_keys[0]

    @property
    def target_foreign_key(self) -> Any:
        """The join model's foreign key to the related model."""
        return self._foreign_keys[1]

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the related row's key."""
        return self.target_foreign_key.target_field

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The kind of the related row's key."""
        return str(self.target_field.kind)

    @cached_property
    def hops(self) -> tuple[Hop, ...]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        """The two joins: to the join model, and on to the related model."""
        near, far = self._foreign_keys
        if not (near.concrete and far.concrete):
            return (near.remote_field.hops[0]._replace(many=True), far.hops[0])
        return (
            hop.Hop(self.through, near.target_field, near, True, True),
            hop.Hop(self.related_model, far, far.target_field, False, far.null),
        )

    def get_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the two steps: to the join model, and on to the related model."""
        near, far = self._foreign_keys
        return [*near.get_reverse_path_info(), *far.get_path_info(filtered_relation)]

    def get_reverse_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the two steps from the related model back."""
        near, far = self._foreign_keys
        return [*far.get_reverse_path_info(), *near.get_path_info(filtered_relation)]

    # -- Django's introspection -------------------------------------------------------------------------------------

    def _get_m2m_db_table(self, opts: Options) -> str:
        """Return the join table's name, for the model with these options."""
        return str(self.through._meta.db_table)

    def _get_m2m_attr(self, related: object, attr: str) -> object:
        """Return an attribute of the join model's foreign key to the declaring model."""
        return getattr(self.source_foreign_key, attr)

    def _get_m2m_reverse_attr(self, related: object, attr: str) -> object:
        """Return an attribute of the join model's foreign key to the related model."""
        return getattr(self.target_foreign_key, attr)

    def m2m_db_table(self) -> str:
        """Return the join table's name."""
        return self._get_m2m_db_table(self.model._meta)

    def m2m_field_name(self) -> str:
        """Return the name of the join model's foreign key to the declaring model."""
        return str(self._get_m2m_attr(self.remote_field, "name"))

    def m2m_reverse_field_name(self) -> str:
        """Return the name of the join model's foreign key to the related model."""
        return str(self._get_m2m_reverse_attr(self.remote_field, "name"))

    def m2m_column_name(self) -> str:
        """Return the join table's column that refers to the declaring model."""
        return str(self._get_m2m_attr(self.remote_field, "column"))

    def m2m_reverse_name(self) -> str:
        """Return the join table's column that refers to the related model."""
        return str(self._get_m2m_reverse_attr(self.remote_field, "column"))

    def m2m_target_field_name(self) -> str:
        """Return the name of the declaring model's field that the join table refers to."""
        return str(self.source_foreign_key.target_field.name)

    def m2m_reverse_target_field_name(self) -> str:
        """Return the name of the related model's field that the join table refers to."""
        return str(self.target_foreign_key.target_field.name)

    # -- values -----------------------------------------------------------------------------------------------------

    def get_prep_value(self, value: Any) -> Any:
        """Return the key for an instance of the related model, or for a raw key, as conditions compare it."""
        return self.target_foreign_key.get_prep_value(value)

    def get_default(self) -> None:
        """A relation without a column starts empty."""

    def validate(self, value: Any, instance: Any) -> None:
        """Nothing to check: the rows of the relation are not part of the instance."""


def keys_to(through: type[AwaitableModel], model: type[AwaitableModel]) -> list[Any]:
    """Return the relations of a join model to a model: its foreign keys, or where it has none, those of several
    columns.
    """
    ones = [field for field in through._meta.fields if field.is_relation and (field.many_to_one or field.one_to_one)]
    found = [key for key in ones if issubclass(model, key.related_model)]
    return [key for key in found if key.concrete] or found
