"""``Model._meta``: everything known about a model that is not a row.

Facts asked for on hot paths are cached tuples and mappings; adding a field or a relation from another model drops the
caches. What a ``class Meta`` may say is in ``meta``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.config import settings
from orm.epoch import Reason, epoch
from orm.errors import FieldDoesNotExist, FieldError, ImproperlyConfigured, advised
from orm.late import late_module, late_pattern
from orm.models.apps import Apps
from orm.models.apps import apps as default_apps
from orm.models.default_manager import make_default_manager, plain_manager
from orm.models.lineage import Lineage
from orm.models.meta import META_DEFAULTS, normalise_together
from orm.models.signals import post_init, pre_init
from orm.models.state import ModelState
from orm.models.table_names import table_name
from orm.text.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from orm.models import deletion
    from orm.models import unseen as unseen_rows
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.relations.rels import ForeignObjectRel
    from orm.models.writing import WritePlan
else:
    deletion = late_module("orm.models.deletion")
    unseen_rows = late_module("orm.models.unseen")

_CAMEL = late_pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def unknown_name(meta: Options, name: str) -> FieldDoesNotExist:
    """The error for a name the model does not have, with the nearest ones it has."""
    known = sorted(known for known in meta.names if not known.endswith("+"))
    hint = did_you_mean(name, known) or f" It has {', '.join(known)}."
    return advised(FieldDoesNotExist, f"{meta.object_name} has no field named {name!r}", f".{hint}")


class Options(Lineage):
    """What ``Meta`` said and what the fields add up to."""

    abstract: bool
    apps: Apps
    base_manager_name: str | None
    constraints: list[Any]
    db_table: str
    db_table_comment: str
    default_manager_name: str | None
    default_permissions: tuple[str, ...]
    db_tablespace: str
    default_related_name: str | None
    get_latest_by: str | tuple[str, ...] | None
    indexes: list[Any]
    managed: bool
    order_with_respect_to: Any
    """The foreign key whose target orders these rows; declared by name."""
    _ordering: list[Any] | tuple[Any, ...]
    permissions: tuple[Any, ...]
    proxy: bool
    required_db_features: tuple[str, ...]
    required_db_vendor: str | None
    select_on_save: bool
    swappable: str | None
    unique_together: tuple[tuple[str, ...], ...]
    verbose_name: str
    verbose_name_plural: str

    index_together: tuple[tuple[str, ...], ...] = ()
    """Groups of fields with an index, in the history of models from before ``Meta.indexes``."""
    default_apps: ClassVar[Apps] = default_apps
    """The registry of models whose Meta names none; tests that declare models put another here for a while."""
    state_class = ModelState
    """What hydration gives instances of other databases and fetch modes."""
    auto_created: Any = False
    """The model whose many-to-many field made this join model, or False."""

    def __init__(self, model: type[AwaitableModel], declared: Mapping[str, Any], app_label: str) -> None:
        self.model = model
        self.app_label: str = declared.get("app_label") or app_label
        self.object_name = model.__name__
        self.model_name = self.object_name.lower()
        self.label = f"{self.app_label}.{self.object_name}"
        self.label_lower = f"{self.app_label}.{self.model_name}"
        self.original_attrs = dict(declared)
        self.__dict__.update(_DEFAULTS)
        for name, value in declared.items():
            if name in _DEFAULTS or name not in META_DEFAULTS:
                self.__dict__[name] = value
        self.ordering = declared.get("ordering", META_DEFAULTS["ordering"])
        self.apps = declared.get("apps") or self.default_apps
        if not isinstance(self.apps, Apps):
            raise TypeError(f"{self.label}: Meta.apps is a registry of models (Apps), not {self.apps!r}.")
        self.proxy_for_model: type[AwaitableModel] | None = None
        self.concrete_model: type[AwaitableModel] | None = None if self.abstract else model
        self.local_fields: list[Field[Any]] = []
        self.local_many_to_many: list[Any] = []
        self.local_private_fields: list[Any] = []
        self.local_managers: list[Any] = []
        self.inherited_managers: list[Any] = []
        self.lacks_manager = False
        """Whether the model declares none, and ``objects`` was not asked for yet."""
        self.local_related: list[Any] = []
        self.errors: dict[str, type[Exception]] = {}
        """The model's own exceptions that were asked for."""
        self.parents: dict[type[AwaitableModel], Any] = {}
        """Models this one inherits from, each with the field that links to its table; None where they share one."""
        self.children: list[Options] = []
        """Options of the models that inherit from this one, proxies too."""
        self.pk: Field[Any] = None  # type: ignore[assignment]  # set before the class is handed out, if not abstract
        self.auto_field: Field[Any] | None = None
        self._normalise()
        self._declared_size = 0  # there before it is counted, as one of the attributes
        self._declared_size = len(self.__dict__)

    def _normalise(self) -> None:
        self.db_table = self.db_table or table_name(f"{self.app_label}_{self.model_name}")
        self.db_tablespace = self.db_tablespace or settings.default_tablespace
        self.verbose_name = self.verbose_name or _CAMEL.sub(" ", self.object_name).lower()
        self.verbose_name_plural = self.verbose_name_plural or f"{self.verbose_name}s"
        if isinstance(self.ordering, str) and settings.strict_models:
            raise TypeError(
                f"{self.label}: Meta.ordering must be a list, like [{self.ordering!r}], not the string itself."
            )
        if not isinstance(self.ordering, (list, tuple)):
            self.ordering = []
        self.unique_together = normalise_together(self.unique_together, self.label)
        placeholders = {"app_label": self.app_label.lower(), "class": self.model_name}
        for option in ("indexes", "constraints"):
            given = getattr(self, option)
            for part in given:
                if not hasattr(part, "for_model"):
                    raise TypeError(f"{self.label}: Meta.{option} is a list of them, and {part!r} is none.")
            setattr(self, option, [part.for_model(placeholders) for part in given])

    def __repr__(self) -> str:
        return f"<Options of {self.label}>"

    def __str__(self) -> str:
        return self.label_lower

    @staticmethod
    async def deleter(queryset: object) -> tuple[int, dict[str, int]]:
        """What ``QuerySet.adelete`` calls, which may not know about models' rules itself."""
        return await deletion.adelete_queryset(queryset)

    # -- taking in -----------------------------------------------------------------------------------------------------

    def add_field(self, field: Field) -> None:
        """Take in a field, keeping the order of declaration; an implicit key comes first.

        Raises ``FieldError`` for a proxy, which has no table; ``ImproperlyConfigured`` when there is a primary key
        already.
        """
        if self.proxy and settings.strict_models:
            raise FieldError(
                f"Proxy model '{self.object_name}' contains model fields: it has no table, so it can't have "
                f"{field.name!r}."
            )
        fields = self.local_many_to_many if field.many_to_many else self.local_fields
        place = len(fields)
        if getattr(field, "auto_created", False):
            place = 0
        else:
            while place and _follows(fields[place - 1], field):
                place -= 1
        fields.insert(place, field)
        if getattr(field, "primary_key", False):
            if self.pk is not None and settings.strict_models:
                raise ImproperlyConfigured(
                    f"{self.label} has two primary keys, {self.pk.name!r} and {field.name!r}; "
                    "keep primary_key=True on one."
                )
            self.make_key(field)
        if getattr(field, "auto", False):
            if self.auto_field is not None and settings.strict_models:
                raise ImproperlyConfigured(
                    f"{self.label} has two fields whose value the database makes, {self.auto_field.name!r} and "
                    f"{field.name!r}; a table can have one."
                )
            self.auto_field = field
        self.expire()

    def add_private_field(self, field: Field) -> None:
        """Take in a field without a column, whose rows it finds itself."""
        self.local_private_fields.append(field)
        epoch.advance(Reason.FIELDS)
        self.expire()

    def make_key(self, field: Field) -> None:
        """Make one of the fields the primary key."""
        field.primary_key = True
        field.serialize = False  # fixtures hold the key beside the fields, not among them
        self.pk = field
        self.expire()

    def add_related(self, rel: ForeignObjectRel) -> None:
        """Take in the far side of another model's relation to this one; a proxy shares those of its model."""
        self.local_related.append(rel)
        epoch.advance(Reason.FIELDS)
        (self.concrete_model or self.model)._meta.expire()

    def add_manager(self, manager: Any, inherited: bool = False) -> None:
        """Take in a manager; one of the same name is replaced. Those of parents come after the model's own."""
        own, others = self.local_managers, self.inherited_managers
        self.local_managers = [known for known in own if known.name != manager.name]
        self.inherited_managers = [known for known in others if known.name != manager.name]
        (self.inherited_managers if inherited else self.local_managers).append(manager)
        known = [self.__dict__.pop(name, None) for name in _OF_MANAGERS]
        if any(item is not None for item in known):
            epoch.advance(Reason.FIELDS)

    def add_parent(self, parent: Any, link: Any) -> None:
        """Take in a model this one inherits from, and the field that links to its table.

        ``link`` is None for the model of a proxy, whose table, key and relations it shares.
        """
        other: Options = parent._meta
        self.parents[parent] = link
        other.children.append(self)
        if link is None:
            self.local_related = other.local_related
            self.pk, self.auto_field = other.pk, other.auto_field
            self.proxy_for_model = parent
            self.concrete_model = other.concrete_model
            self.db_table = other.db_table
        self.expire()

    def expire(self) -> None:
        """Forget what was derived from the fields."""
        # While the class is being made, which expires it with each field, nothing was derived: then the number of
        # attributes is what it was, and that is all that is looked at.
        if len(self.__dict__) != self._declared_size:
            if "initialiser" in self.__dict__:
                self.model._forget_constructor()
            known = [self.__dict__.pop(name) for name in _DERIVED.intersection(self.__dict__)]
            if any(item is not None for item in known):
                epoch.advance(Reason.FIELDS)
        for child in self.children:
            child.expire()

    def _expire_cache(self, forward: bool = True, reverse: bool = True) -> None:
        """``expire`` under Django's name; both directions are forgotten together."""
        self.expire()

    @property
    def ordering(self) -> list[Any] | tuple[Any, ...]:
        """The order of rows where a query asks for none."""
        return self._ordering

    @ordering.setter
    def ordering(self, ordering: list[Any] | tuple[Any, ...]) -> None:
        if hasattr(self, "_ordering"):  # plans were compiled with the old one
            epoch.advance(Reason.FIELDS)
        self._ordering = ordering

    @property
    def swapped(self) -> str | None:
        """The model that the settings put in this one's place, as "app.Model"; None while this one is meant."""
        if not self.swappable:
            return None
        label = settings.swapped_models.get(self.swappable)
        if not label:
            return None
        app_label, _, name = label.partition(".")
        return None if f"{app_label}.{name.lower()}" == self.label_lower else label

    @property
    def swapped_out(self) -> bool:
        """Whether the settings put another model in this one's place, or in that of the model it joins to others."""
        owner = self.auto_created
        return bool(self.swapped or (owner and owner._meta.swapped))

    @property
    def has_no_rows(self) -> str | None:
        """Why managers of this model can't be used: it is abstract, or swapped for another. None where they can be."""
        if self.abstract:
            name = self.object_name
            return f"Manager isn't available; {name} is abstract: it has no rows. Ask a model that inherits it."
        swapped = self.swapped
        return f"Manager isn't available; {self.label!r} has been swapped for {swapped!r}" if swapped else None

    # -- fields --------------------------------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> tuple[Field[Any], ...]:
        """Forward fields other than many-to-many, parents' first, in order."""
        found: dict[Field[Any], None] = {}
        for parent in self.parents:
            found.update(dict.fromkeys(parent._meta.fields))
        found.update(dict.fromkeys(self.local_fields))
        return tuple(found)

    @cached_property
    def concrete_fields(self) -> tuple[Field[Any], ...]:
        """Fields with a column, parents' first, in order."""
        return tuple(field for field in self.fields if field.concrete)

    @cached_property
    def local_concrete_fields(self) -> tuple[Field[Any], ...]:
        """Fields with a column in the table that is this model's own."""
        return tuple(field for field in self.local_fields if field.concrete)

    @cached_property
    def table_fields(self) -> tuple[Field[Any], ...]:
        """Fields with a column in this model's table; a proxy's table is that of its model."""
        concrete = self.concrete_model
        return concrete._meta.local_concrete_fields if concrete is not None else self.local_concrete_fields

    @cached_property
    def many_to_many(self) -> tuple[Any, ...]:
        """Many-to-many fields, parents' first."""
        found: dict[Any, None] = {}
        for parent in self.parents:
            found.update(dict.fromkeys(parent._meta.many_to_many))
        found.update(dict.fromkeys(self.local_many_to_many))
        return tuple(found)

    @property
    def own_and_inherited(self) -> tuple[Any, ...]:
        """Every forward field: with a column, many-to-many or private."""
        return (*self.fields, *self.many_to_many, *self.private_fields)

    @cached_property
    def private_fields(self) -> tuple[Any, ...]:
        """Fields without a column that find their rows themselves; a model has its own of those of its parents."""
        return tuple(self.local_private_fields)

    @cached_property
    def virtual_names(self) -> frozenset[str]:
        """Names of fields without a column that an instance can be given for: they set the columns they stand on."""
        virtual = [field for field in self.fields if not field.concrete and field.is_relation]
        return frozenset(field.name for field in (*virtual, *self.private_fields))

    @cached_property
    def related_objects(self) -> tuple[Any, ...]:
        """Far sides of other models' relations to this one, hidden ones left out."""
        return tuple(rel for rel in self.all_related_objects if not rel.hidden or rel.field.many_to_many)

    @cached_property
    def all_related_objects(self) -> tuple[Any, ...]:
        """Far sides of other models' relations to this one and its parents, hidden ones too.

        The links of a parent to its children are relations of the parent alone.
        """
        found: dict[Any, None] = {}
        for parent in self.parents:
            rels = parent._meta.all_related_objects
            same_table = parent._meta.concrete_model is self.concrete_model
            found.update((rel, None) for rel in rels if same_table or not rel.parent_link)
        found.update(dict.fromkeys(self.local_related))
        return tuple(found)

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """Everything a query may name on this model: fields, raw columns of relations, ``pk``, reverse names."""
        names: dict[str, Any] = {rel.name: rel for rel in self.all_related_objects}
        names.update(self.fields_map)
        if self.pk is not None:
            names["pk"] = self.pk
        return names

    @cached_property
    def fields_map(self) -> Mapping[str, Any]:
        """Forward fields by name and by attname."""
        found: dict[str, Any] = {}
        for field in self.own_and_inherited:
            found[getattr(field, "attname", None) or field.name] = field
            found[field.name] = field
        return found

    def get_field(self, field_name: str) -> Any:
        """The field or relation of that name, in either direction.

        Raises ``FieldDoesNotExist`` with the nearest names.
        """
        # A field may be called "pk" where checks have still to refuse it; in queries the word means the key.
        found = (self.fields_map if field_name == "pk" else self.names).get(field_name)
        if found is not None and found.auto_created and not found.concrete and not self.apps.are_models_known:
            raise FieldDoesNotExist(
                f"{self.object_name} has no field named {field_name!r}. The app cache isn't ready yet, so if this is "
                "an auto-created related field, it won't be available yet."
            )
        if found is None:
            raise unknown_name(self, field_name)
        return found

    def get_fields(self, include_parents: bool = True, include_hidden: bool = False) -> tuple[Any, ...]:
        """Every field and relation, in both directions; ``include_parents=False`` leaves out what is inherited.

        ``include_hidden`` adds relations that have no name on this side.
        """
        related = tuple(rel for rel in self.all_related_objects if include_hidden or not rel.hidden)
        if include_parents:
            known = (*related, *self.fields, *self.many_to_many)
            tables = {meta: place for place, meta in enumerate(self._parents_first())}
            of_a_table = sorted(known, key=lambda field: tables.get(field.model._meta.concrete_model, len(tables)))
            return (*of_a_table, *self.private_fields)
        own = tuple(rel for rel in related if rel.model._meta.concrete_model is self.concrete_model)
        table: Any = self.concrete_model if self.proxy else self.model  # a proxy's fields are those of its table
        meta = table._meta
        return (*own, *meta.local_fields, *meta.local_many_to_many, *self.local_private_fields)

    def _parents_first(self) -> list[Any]:
        """The models with a table that rows of this one lie in, in the order in which their fields are told."""
        above = [model for parent in self.parents for model in parent._meta._parents_first()]
        return list(dict.fromkeys((*above, self.concrete_model)))

    @property
    def total_unique_constraints(self) -> list[Any]:
        """The unique constraints on fields that hold for every row."""
        return [one for one in self.constraints if one.is_total_unique]

    @property
    def db_returning_fields(self) -> list[Any]:
        """The model's own fields whose values the database makes, and gives back when a row is written."""
        return [field for field in self.local_fields if field.auto or field.generated or field.has_db_default]

    @cached_property
    def pk_fields(self) -> tuple[Any, ...]:
        """The fields the primary key is made of: itself, unless it is a composite one."""
        key: Any = self.pk
        return tuple(key.fields) if key.is_composite else (key,)

    @cached_property
    def relation_fields(self) -> tuple[Any, ...]:
        """Forward fields with a column that point at another model."""
        return tuple(field for field in self.concrete_fields if field.is_relation)

    @property
    def app_config(self) -> Any:
        """The installed application this model belongs to; None where applications are not listed."""
        return self.apps.app_configs.get(self.app_label)

    @property
    def verbose_name_raw(self) -> str:
        """The untranslated ``verbose_name``; texts are not translated here, so it is the same."""
        return str(self.verbose_name)

    # -- managers ------------------------------------------------------------------------------------------------------

    @cached_property
    def managers(self) -> tuple[Any, ...]:
        """Managers: the model's own in order of declaration, then those of its parents, the nearest first."""
        if self.lacks_manager:
            make_default_manager(self.model)
        own = sorted(self.local_managers, key=lambda manager: manager.creation_counter)
        return (*own, *self.inherited_managers)

    @cached_property
    def managers_map(self) -> Mapping[str, Any]:
        """Managers by name."""
        return {manager.name: manager for manager in self.managers}

    @cached_property
    def default_manager(self) -> Any:
        """The manager the library uses where users' rows are meant: the named one, or the first."""
        name, managers = self.default_manager_name, self.managers
        if not name and not self.local_managers and (nearest := self._nearest_parent()) is not None:
            name = nearest.default_manager_name
        if name:
            return self._named_manager("default_manager_name", name)
        return managers[0] if managers else None

    @cached_property
    def base_manager(self) -> Any:
        """The manager that sees every row, for refreshing and for following relations."""
        name = self._base_manager_named()
        return self._named_manager("base_manager_name", name) if name else plain_manager(self.model)

    def _nearest_parent(self) -> Options | None:
        """The Meta of the first model that this one inherits; None where there is none."""
        return next((base._meta for base in self.model.__mro__[1:] if hasattr(base, "_meta")), None)

    def _base_manager_named(self) -> str | None:
        """What the model's Meta calls its base manager; where it does not say, what the nearest parent's does."""
        nearest = self._nearest_parent()
        return self.base_manager_name or (nearest._base_manager_named() if nearest is not None else None)

    def _named_manager(self, option: str, name: str) -> Any:
        try:
            return self.managers_map[name]
        except KeyError:
            raise ImproperlyConfigured(
                f"{self.label}: Meta.{option} names {name!r}, but its managers are "
                f"{', '.join(self.managers_map) or 'none'}."
            ) from None

    # -- instances -----------------------------------------------------------------------------------------------------

    @cached_property
    def overrides_init(self) -> bool:
        """Whether the class builds its instances itself (``__init__`` or ``from_db`` of its own)."""
        return bool(self.model._builds_itself())

    @cached_property
    def overrides_save(self) -> bool:
        """Whether the class, or a mixin of it, has a ``save()`` or ``asave()`` of its own."""
        return bool(self.model._saves_itself())

    @cached_property
    def overrides_save_base(self) -> bool:
        """Whether the class, or a mixin of it, has a ``save_base()`` or ``asave_base()`` of its own."""
        return bool(self.model._saves_its_base())

    @cached_property
    def overrides_refresh(self) -> bool:
        """Whether the class loads deferred values by a ``refresh_from_db()`` or ``arefresh_from_db()`` of its own."""
        return bool(self.model._refreshes_itself())

    @cached_property
    def has_further_init(self) -> bool:
        """Whether the constructor goes on to that of another base class, a mixin."""
        return bool(self.model._further_init())

    @property
    def has_custom_init(self) -> bool:
        """Whether rows must become objects through ``from_db``: the class overrides it, or somebody listens to init."""
        if not (pre_init.receivers or post_init.receivers):  # nearly always, and create() asks for every row
            return self.overrides_init
        return self.overrides_init or pre_init.has_listeners(self.model) or post_init.has_listeners(self.model)

    @cached_property
    def write_plan(self) -> WritePlan:
        """What saving needs to know; a proxy's rows are its model's."""
        if self.proxy and self.concrete_model is not None:
            return self.concrete_model._meta.write_plan
        return self.model._make_write_plan()

    @property
    def goes_alone(self) -> bool:
        """Whether one statement deletes rows of this model: nobody listens, and nothing refers to them."""
        plan = unseen_rows.unseen(self.model)
        return plan is not None and not plan.watched and plan.statements == 1

    @cached_property
    def initialiser(self) -> Callable[..., None]:
        """The generated function that fills a new instance from constructor arguments."""
        initialiser: Callable[..., None] = self.model._make_initialiser()
        return initialiser

    @cached_property
    def property_names(self) -> frozenset[str]:
        """Names of the class's properties, which constructor arguments may also set."""
        found: dict[str, object] = {}
        for cls in self.model.__mro__:  # what stands nearer hides what stands farther
            found = {**vars(cls), **found}
        return frozenset(name for name, value in found.items() if isinstance(value, property))


_DEFAULTS = {name: default for name, default in META_DEFAULTS.items() if name not in ("app_label", "ordering")}
_OF_MANAGERS = ("managers", "managers_map", "default_manager", "base_manager")
_DERIVED = frozenset(
    name for cls in Options.__mro__ for name, value in vars(cls).items() if isinstance(value, cached_property)
)


def _follows(known: Any, new: Field) -> bool:
    return not getattr(known, "auto_created", False) and bool(known.creation_counter > new.creation_counter)
