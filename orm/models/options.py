"""``Model._meta``: everything known about a model that is not a row.

Facts asked for on hot paths are cached tuples and mappings; adding a field or a relation from another model drops the
caches. Meta attributes nobody knows are refused at class creation, with the nearest known name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm.errors import FieldDoesNotExist, ImproperlyConfigured
from orm.late import difflib
from orm.models.apps import apps as default_apps
from orm.models.deletion import adelete_queryset
from orm.models.signals import post_init, pre_init
from orm.models.state import ModelState

if TYPE_CHECKING:
    from collections.abc import Callable

    from orm.models.apps import Apps
    from orm.models.base import AwaitableModel, WritePlan
    from orm.models.fields.base import Field

META_DEFAULTS: dict[str, Any] = {
    "abstract": False,
    "app_label": None,
    "apps": None,
    "base_manager_name": None,
    "constraints": (),
    "db_table": None,
    "db_table_comment": "",
    "default_manager_name": None,
    "default_permissions": ("add", "change", "delete", "view"),
    "default_related_name": None,
    "get_latest_by": None,
    "indexes": (),
    "managed": True,
    "ordering": (),
    "permissions": (),
    "proxy": False,
    "unique_together": (),
    "verbose_name": None,
    "verbose_name_plural": None,
}
META_REFUSED = {
    "order_with_respect_to": "order_with_respect_to is not built; keep an integer field and name it in Meta.ordering.",
    "swappable": "Swappable models are not built; make the model abstract and subclass it where it is used.",
    "db_tablespace": "Tablespaces are not built; create the table where it belongs and set managed = False.",
    "index_together": "index_together is gone, as in Django 5.1; use indexes = [Index(fields=[...])].",
    "auto_created": "auto_created is set by the library for join models and can't be declared.",
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def read_meta(declared: type | None, model_name: str) -> dict[str, Any]:
    """The attributes a ``class Meta`` (and its bases) declares.

    Raises: TypeError for an attribute no model has, NotImplementedError for one that is not built.
    """
    found: dict[str, Any] = {}
    for cls in reversed(declared.__mro__ if declared is not None else ()):
        found.update({name: value for name, value in vars(cls).items() if not name.startswith("_")})
    if declared is not None and "abstract" not in vars(declared):
        found.pop("abstract", None)  # a child of an abstract model's Meta is a real model unless it says otherwise
    for name in found:
        if name in META_DEFAULTS:
            continue
        if name in META_REFUSED:
            raise NotImplementedError(f"{model_name}.Meta: {META_REFUSED[name]}")
        near = difflib.get_close_matches(name, META_DEFAULTS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(META_DEFAULTS))}."
        raise TypeError(f"{model_name}.Meta has the unknown attribute {name!r}. {hint}")
    return found


def unknown_name(meta: Options, name: str) -> str:
    """A sentence for a name the model does not have, with the nearest ones it has."""
    known = sorted(known for known in meta.names if not known.endswith("+"))
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"It has {', '.join(known)}."
    return f"{meta.label} has no field {name!r}. {hint}"


class Options:
    """What ``Meta`` said and what the fields add up to."""

    abstract: bool
    apps: Apps
    base_manager_name: str | None
    constraints: list[Any]
    db_table: str
    db_table_comment: str
    default_manager_name: str | None
    default_permissions: tuple[str, ...]
    default_related_name: str | None
    get_latest_by: str | tuple[str, ...] | None
    indexes: list[Any]
    managed: bool
    ordering: tuple[Any, ...]
    permissions: tuple[Any, ...]
    proxy: bool
    unique_together: tuple[tuple[str, ...], ...]
    verbose_name: str
    verbose_name_plural: str

    swapped = None
    deleter = staticmethod(adelete_queryset)
    """What ``QuerySet.adelete`` calls, which may not know about models' rules itself."""
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
        for name, default in META_DEFAULTS.items():
            if name != "app_label":
                setattr(self, name, declared.get(name, default))
        self.apps = declared.get("apps") or default_apps
        self.concrete_model: type[AwaitableModel] | None = None if self.abstract else model
        self.local_fields: list[Field[Any]] = []
        self.local_many_to_many: list[Any] = []
        self.local_managers: list[Any] = []
        self.local_related: list[Any] = []
        self.parents: dict[type[AwaitableModel], Any] = {}
        self.pk: Field[Any] = None  # type: ignore[assignment]  # set before the class is handed out, if not abstract
        self.auto_field: Field[Any] | None = None
        self._normalise()

    def _normalise(self) -> None:
        self.db_table = self.db_table or f"{self.app_label}_{self.model_name}"
        self.verbose_name = self.verbose_name or _CAMEL.sub(" ", self.object_name).lower()
        self.verbose_name_plural = self.verbose_name_plural or f"{self.verbose_name}s"
        if isinstance(self.ordering, str):
            raise TypeError(
                f"{self.label}: Meta.ordering must be a list, like [{self.ordering!r}], not the string itself."
            )
        self.ordering = tuple(self.ordering)
        self.unique_together = normalise_together(self.unique_together, self.label)
        placeholders = {"app_label": self.app_label.lower(), "class": self.model_name}
        self.indexes = [index.for_model(placeholders) for index in self.indexes]
        self.constraints = [constraint.for_model(placeholders) for constraint in self.constraints]

    def __repr__(self) -> str:
        return f"<Options of {self.label}>"

    def __str__(self) -> str:
        return self.label_lower

    # -- taking in -----------------------------------------------------------------------------------------------------

    def add_field(self, field: Any) -> None:
        """Take in a field, keeping the order of declaration; an implicit key comes first.

        Raises: ImproperlyConfigured when there is a primary key already.
        """
        fields = self.local_many_to_many if field.many_to_many else self.local_fields
        place = len(fields)
        if getattr(field, "auto_created", False):
            place = 0
        else:
            while place and _follows(fields[place - 1], field):
                place -= 1
        fields.insert(place, field)
        if getattr(field, "primary_key", False):
            if self.pk is not None:
                raise ImproperlyConfigured(
                    f"{self.label} has two primary keys, {self.pk.name!r} and {field.name!r}; "
                    "keep primary_key=True on one."
                )
            self.pk = field
        if getattr(field, "auto", False):
            if self.auto_field is not None:
                raise ImproperlyConfigured(
                    f"{self.label} has two fields whose value the database makes, {self.auto_field.name!r} and "
                    f"{field.name!r}; a table can have one."
                )
            self.auto_field = field
        self.expire()

    def add_related(self, rel: Any) -> None:
        """Take in the far side of another model's relation to this one."""
        self.local_related.append(rel)
        self.expire()

    def add_manager(self, manager: Any) -> None:
        """Take in a manager; one of the same name is replaced."""
        self.local_managers = [known for known in self.local_managers if known.name != manager.name]
        self.local_managers.append(manager)
        self.expire()

    def share(self, other: Options) -> None:
        """Become the options of a proxy: the same fields, key and relations as ``other``."""
        self.local_fields = other.local_fields
        self.local_many_to_many = other.local_many_to_many
        self.local_related = other.local_related
        self.pk, self.auto_field = other.pk, other.auto_field
        self.concrete_model = other.concrete_model
        self.db_table = other.db_table
        other.proxies.append(self)

    @cached_property
    def proxies(self) -> list[Options]:
        """Options of the proxies that share this model's fields."""
        return []

    def expire(self) -> None:
        """Forget what was derived from the fields."""
        for name in _DERIVED:
            self.__dict__.pop(name, None)
        for proxy in self.__dict__.get("proxies", ()):
            proxy.expire()

    # -- fields --------------------------------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> tuple[Field[Any], ...]:
        """Forward fields other than many-to-many, in order."""
        return tuple(self.local_fields)

    @cached_property
    def concrete_fields(self) -> tuple[Field[Any], ...]:
        """Fields with a column, in order."""
        return tuple(field for field in self.local_fields if field.concrete)

    @property
    def local_concrete_fields(self) -> tuple[Field[Any], ...]:
        """The same: a model has no fields of parents."""
        return self.concrete_fields

    @cached_property
    def many_to_many(self) -> tuple[Any, ...]:
        """Many-to-many fields."""
        return tuple(self.local_many_to_many)

    @cached_property
    def related_objects(self) -> tuple[Any, ...]:
        """Far sides of other models' relations to this one, hidden ones left out."""
        return tuple(rel for rel in self.local_related if not rel.hidden or rel.field.many_to_many)

    @cached_property
    def all_related_objects(self) -> tuple[Any, ...]:
        """Far sides of other models' relations to this one, hidden ones too; what a deletion must look at."""
        return tuple(self.local_related)

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """Everything a query may name on this model: fields, raw columns of relations, ``pk``, reverse names."""
        names: dict[str, Any] = {}
        for rel in self.local_related:
            names[rel.name] = rel
        for field in (*self.local_fields, *self.local_many_to_many):
            names[getattr(field, "attname", None) or field.name] = field
            names[field.name] = field
        if self.pk is not None:
            names["pk"] = self.pk
        return names

    @cached_property
    def fields_map(self) -> Mapping[str, Any]:
        """Forward fields by name and by attname."""
        found: dict[str, Any] = {}
        for field in (*self.local_fields, *self.local_many_to_many):
            found[getattr(field, "attname", None) or field.name] = field
            found[field.name] = field
        return found

    def get_field(self, field_name: str) -> Any:
        """The field or relation of that name, in either direction.

        Raises: FieldDoesNotExist with the nearest names.
        """
        found = self.names.get(field_name)
        if found is None or (field_name == "pk" and "pk" not in self.fields_map):
            raise FieldDoesNotExist(unknown_name(self, field_name))
        return found

    def get_fields(self, include_parents: bool = True, include_hidden: bool = False) -> tuple[Any, ...]:
        """Every field and relation, in both directions; ``include_parents=False`` leaves out a proxy's fields."""
        related = self.local_related if include_hidden else self.related_objects
        own = self.local_fields if include_parents or not self.proxy else []
        return (*related, *own, *self.local_many_to_many)

    @cached_property
    def relation_fields(self) -> tuple[Any, ...]:
        """Forward fields with a column that point at another model."""
        return tuple(field for field in self.concrete_fields if field.is_relation)

    # -- managers ------------------------------------------------------------------------------------------------------

    @cached_property
    def managers(self) -> tuple[Any, ...]:
        """Managers, in order of declaration."""
        return tuple(sorted(self.local_managers, key=lambda manager: manager.creation_counter))

    @cached_property
    def managers_map(self) -> Mapping[str, Any]:
        """Managers by name."""
        return {manager.name: manager for manager in self.managers}

    @cached_property
    def default_manager(self) -> Any:
        """The manager the library uses where users' rows are meant: the named one, or the first."""
        if self.default_manager_name:
            return self._named_manager("default_manager_name", self.default_manager_name)
        return self.managers[0] if self.managers else None

    @cached_property
    def base_manager(self) -> Any:
        """The manager that sees every row, for refreshing and for following relations."""
        if self.base_manager_name:
            return self._named_manager("base_manager_name", self.base_manager_name)
        return self.model._plain_manager()

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

    @property
    def has_custom_init(self) -> bool:
        """Whether rows must become objects through ``from_db``: the class overrides it, or somebody listens to init."""
        return self.overrides_init or bool(pre_init.receivers) or bool(post_init.receivers)

    @cached_property
    def write_plan(self) -> WritePlan:
        """What saving needs to know."""
        return self.model._make_write_plan()

    @cached_property
    def initialiser(self) -> Callable[..., None]:
        """The generated function that fills a new instance from constructor arguments."""
        initialiser: Callable[..., None] = self.model._make_initialiser()
        return initialiser

    @cached_property
    def property_names(self) -> frozenset[str]:
        """Names of the class's properties, which constructor arguments may also set."""
        return frozenset(
            name for cls in self.model.__mro__ for name, value in vars(cls).items() if isinstance(value, property)
        )


_DERIVED = tuple(
    name for name, value in vars(Options).items() if isinstance(value, cached_property) and name != "proxies"
)


def _follows(known: Any, new: Any) -> bool:
    return not getattr(known, "auto_created", False) and bool(known.creation_counter > new.creation_counter)


def normalise_together(value: Any, label: str) -> tuple[tuple[str, ...], ...]:
    """``unique_together`` as a tuple of tuples; one flat list of names is one group.

    Raises: TypeError for anything else.
    """
    if isinstance(value, str):
        raise TypeError(f"{label}: Meta.unique_together must be a list of groups of field names, not {value!r}.")
    groups = list(value)
    if groups and all(isinstance(name, str) for name in groups):
        return (tuple(groups),)
    if any(isinstance(group, str) or not all(isinstance(name, str) for name in group) for group in groups):
        raise TypeError(f"{label}: Meta.unique_together must be a list of groups of field names, not {value!r}.")
    return tuple(tuple(group) for group in groups)
