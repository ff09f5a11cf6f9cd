"""How a class statement becomes a model: fields collected, abstract parents copied in, names checked, registered.

``AwaitableModel`` and the generated ``Model`` are not models themselves; a class one of whose bases is ``Model`` is.
Everything wrong with a declaration is refused here, when the class is created, with a sentence on what to change.
"""

from __future__ import annotations

import keyword
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.bridge.overrides import complete
from orm.config import settings
from orm.errors import (
    FieldDoesNotExist,
    FieldError,
    ImproperlyConfigured,
    advised,
)
from orm.late import late_module
from orm.models import fields as field_classes
from orm.models import inheritance
from orm.models.apps import app_label_of
from orm.models.fields.base import Field
from orm.models.meta import read_meta
from orm.models.options import Options, unknown_name
from orm.models.signals import class_prepared
from orm.models.state import KnowingStateDescriptor

if TYPE_CHECKING:
    from collections.abc import Collection

    from orm.models import neighbour_methods
    from orm.models.base import AwaitableModel
    from orm.models.indexes import Index
    from orm.query import queryset
else:
    neighbour_methods = late_module("orm.models.neighbour_methods")
    queryset = late_module("orm.query.queryset")

DATE_KINDS = ("date", "datetime")


def _asks(name: str) -> bool:
    """Whether a QuerySet has a method of that name, in either colour."""
    return any(hasattr(queryset.AwaitableQuerySet, form) for form in (name, f"a{name}"))


class ModelBase(type):
    """Metaclass of models."""

    _meta: Options

    if not TYPE_CHECKING:  # checkers find these on AwaitableModel, as descriptors that know the model

        @property
        def _default_manager(cls):
            """The manager used where users' rows are meant."""
            return cls._meta.default_manager

        @property
        def _base_manager(cls):
            """The manager that sees every row."""
            return cls._meta.base_manager

        def __getattr__(cls, name: str) -> Any:
            meta = vars(cls).get("_meta")
            refusal = meta.has_no_rows if meta is not None else None
            if refusal and name in meta.managers_map:
                raise AttributeError(refusal, name=name, obj=cls)
            hint = f" ({refusal})" if refusal and name == "objects" else ""
            said = f"type object {cls.__name__!r} has no attribute {name!r}{hint}"
            error = partial(AttributeError, name=name, obj=cls)
            if meta is None or refusal or name.startswith("_") or not _asks(name):
                raise error(said)
            of = "all()" if name == "query" else f"{name}(...)"
            raise advised(error, said, f". A query begins at a manager: {cls.__name__}.objects.{of}.")

    def __new__(metacls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> ModelBase:
        if not any(_below_root(base) for base in bases):
            return super().__new__(metacls, name, bases, namespace, **options)
        own_meta = namespace.pop("Meta", None)
        parts = {key: value for key, value in namespace.items() if _contributes(value)}
        plain = {key: value for key, value in namespace.items() if key not in parts}
        cls = super().__new__(metacls, name, bases, plain, **options)
        try:
            _build(cls, own_meta, parts, plain)
        except BaseException:
            if "_meta" in vars(cls):
                cls._meta.apps.withdraw(cls)
            raise
        return cls

    def _complete_pairs(cls) -> None:
        """Give methods that were replaced after the class was made their other form."""
        complete(cls)

    @property
    def _root_model(cls) -> Any:
        """``Model`` itself, which every model descends from."""
        return next(base for base in cls.__mro__ if isinstance(base, ModelBase) and "_meta" not in vars(base))

    def add_to_class(cls, name: str, value: Any) -> None:
        """Put a field, a manager or anything else on the class after it was created."""
        if _contributes(value):
            value.contribute_to_class(cls, name)
        else:
            setattr(cls, name, value)


def _below_root(base: type) -> bool:
    """Whether ``base`` is ``Model`` or a model: a child of such a class is a model."""
    return isinstance(base, ModelBase) and any(isinstance(parent, ModelBase) for parent in base.__bases__)


def _contributes(value: object) -> bool:
    return not isinstance(value, type) and hasattr(value, "contribute_to_class")


def _app_label(module: str) -> str:
    """The label of the application a module lies in, or what its place suggests where it lies in none."""
    application = Options.default_apps.get_containing_app_config(module)
    return application.label if application is not None else app_label_of(module, tuple(settings.installed_apps))


def _check_is_no_field(cls: Any, name: str, value: object) -> None:
    """Raise ``ImproperlyConfigured`` for what was meant as a field and is none: it would be passed over in silence.

    What a class of fields is kept for, which is rare, is annotated as ``ClassVar``.
    """
    if type(value) is tuple and any(isinstance(part, Field) for part in value):
        what, remedy = "a tuple with a field in it", "take away the comma behind it"
    elif isinstance(value, type) and issubclass(value, Field) and value.__module__ != cls.__module__:
        what, remedy = f"the class {value.__name__}", f"write {value.__name__}(...)"
    else:
        return
    if "ClassVar" not in str(getattr(cls, "__annotations__", {}).get(name)):
        raise ImproperlyConfigured(
            f"{cls.__name__}.{name} is {what}, and no field: {remedy}. An attribute that is to hold this is annotated "
            "as ClassVar."
        )


def _build(cls: Any, own_meta: type | None, parts: dict[str, Any], plain: dict[str, Any]) -> None:
    declared = _declared_options(cls, own_meta)
    given = {**_inherited_options(cls), **declared}
    meta = cls._meta = Options(cls, given, declared.get("app_label") or _app_label(cls.__module__))
    meta.original_attrs = dict(declared)  # what migrations write down: what comes from a parent is the parent's
    if meta.abstract:
        own_meta.abstract = False  # type: ignore[union-attr]  # for models whose Meta inherits from it
        cls.Meta = own_meta
    if meta.proxy:
        meta.add_parent(_model_of_proxy(cls), None)
    inherited, taken = _inherited_names(cls), _names_of(cls._root_model)
    for name, value in plain.items():
        if settings.strict_models:
            _check_is_no_field(cls, name, value)
    for name, value in parts.items():
        if isinstance(value, Field):
            if settings.strict_models and not value.is_composite:
                _check_field_name(cls, name, taken)
            if name in inherited:
                raise FieldError(
                    f"Local field {name!r} in class {cls.__name__!r} clashes with field of the same name from base "
                    f"class {inherited[name].__name__!r}."
                )
        value.contribute_to_class(cls, name)
    _inherit(cls, parts, plain)
    if not meta.proxy:
        inheritance.link_parents(cls)
    if not meta.abstract:
        _add_key(cls)
        if sum(1 for field in meta.local_fields if field.auto) > 1:
            raise ValueError(f"Model {meta.label} can't have more than one auto-generated field.")
        cls._add_default_manager()
        if settings.strict_models and not meta.apps.historical:
            _check_named_fields(meta)
    # After all that could add a method: a model that overrides save() alone gets an asave() which calls it.
    complete(cls)
    if meta.abstract:
        return
    meta.indexes = [_named_index(cls, index) for index in meta.indexes]
    if meta.order_with_respect_to and not meta.proxy:
        neighbour_methods.add_order(cls, meta.order_with_respect_to)
    for field in meta.local_fields:
        if field.concrete and not (field.is_relation or field.null) and field.kind in DATE_KINDS:
            neighbour_methods.add_date_methods(cls, field)
    if cls.__doc__ is None:
        fields = meta.fields if meta.parents else meta.local_fields
        cls.__doc__ = f"{cls.__name__}({', '.join([field.name for field in fields])})"
    if settings.state_in_dict:
        cls._state = KnowingStateDescriptor()
    # Nearly the last step: whoever waits for the model finds it complete.
    meta.apps.register(cls)
    for field in meta.local_many_to_many:
        field.announce()
    if class_prepared.receivers:
        class_prepared.send_now(cls)


def _named_index(cls: type[AwaitableModel], index: Index) -> Index:
    """An index under the name it has in the database, unless it names a field that is not there: checks tell of that.

    One without a name of its own may come from an abstract parent, whose children share it.
    """
    if index.name or not all(name in cls._meta.fields_map or name == "pk" for name in index.field_names):
        return index
    named = index.clone()
    named.set_name_with_model(cls)
    return named


def _declared_options(cls: type[AwaitableModel], own_meta: type | None) -> dict[str, Any]:
    """What Meta says, the class's own or an abstract parent's."""
    return read_meta(own_meta if own_meta is not None else getattr(cls, "Meta", None), cls.__name__)


def _inherited_options(cls: type[AwaitableModel]) -> dict[str, Any]:
    """The ordering that comes down from a parent with a table."""
    nearest = next((vars(base)["_meta"] for base in cls.__mro__[1:] if "_meta" in vars(base)), None)
    if nearest is None or nearest.abstract:
        return {}
    return {option: getattr(nearest, option) for option in ("ordering", "get_latest_by")}


def _model_of_proxy(cls: type[AwaitableModel]) -> object:
    """The model a proxy stands for.

    Raises ``TypeError`` for a proxy of nothing, of several models, or of an abstract one with fields.
    """
    for base in cls.__bases__:
        if hasattr(base, "_meta") and base._meta.abstract and base._meta.local_fields:
            raise TypeError(
                f"Abstract base class containing model fields not permitted for proxy model '{cls.__name__}'."
            )
    parents = [base for base in cls.__bases__ if hasattr(base, "_meta") and not base._meta.abstract]
    if not parents:
        raise TypeError(f"Proxy model '{cls.__name__}' has no non-abstract model base class.")
    if len({base._meta.concrete_model for base in parents}) > 1:
        raise TypeError(f"Proxy model '{cls.__name__}' has more than one non-abstract model base class.")
    return parents[0]


def _inherited_names(cls: type[AwaitableModel]) -> dict[str, type]:
    """The names of the fields that parents with a table have, each with its parent."""
    metas = [vars(base).get("_meta") for base in reversed(cls.__bases__)]
    names: dict[str, type] = {}
    for meta in metas:
        if meta and not meta.abstract:
            # Of more distant parents the checks tell, where a model is not refused at once.
            own = (*meta.local_fields, *meta.local_many_to_many, *meta.private_fields)
            names |= {field.name: meta.model for field in (meta.own_and_inherited if settings.strict_models else own)}
    return names


def _check_field_name(cls: type[AwaitableModel], name: str, taken: Collection[str]) -> None:
    """Refuse names that queries, Python or the model itself need; ``taken`` are those of every model.

    Raises ``ImproperlyConfigured``.
    """
    where = f"{cls.__name__}.{name}"
    if name == "pk":
        raise ImproperlyConfigured(f"{where}: 'pk' always means the primary key, so no field can have that name.")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ImproperlyConfigured(f"{where}: a field's name must be a Python name; use db_column= for the column's.")
    if "__" in name:
        raise ImproperlyConfigured(f"{where}: a field's name can't hold '__', which separates names in queries.")
    if name.endswith("_"):
        raise ImproperlyConfigured(
            f"{where}: a field's name can't end with an underscore; use db_column= for the column's."
        )
    if name in taken:
        raise ImproperlyConfigured(
            f"{where}: every model has something of its own called {name!r}; rename the field "
            f"and keep the column with db_column={name!r}."
        )


@cache
def _names_of(root: type) -> frozenset[str]:
    """What every model and its instances have, which no field may hide."""
    return frozenset((*dir(root), *dir(type(root))))


def _inherit(cls: type[AwaitableModel], parts: dict[str, object], plain: dict[str, object]) -> None:
    """Copy fields and managers of abstract parents, unless the class (or a parent nearer to it) says otherwise."""
    if not any("_meta" in vars(base) for base in cls.__mro__[1:]):  # as most models are
        return
    claimed = {*parts, *plain}
    base: Any
    for base in cls.__mro__[1:]:
        meta = vars(base).get("_meta")
        if meta is not None and meta.abstract:
            for field in (*meta.local_fields, *meta.local_many_to_many):
                if field.name not in claimed:
                    field.clone().contribute_to_class(cls, field.name)
        if meta is not None:
            for virtual in meta.private_fields:  # they find rows by the model that has them, so each has its own
                if virtual.name not in claimed:
                    own = virtual.clone()
                    own.inherited = not meta.abstract
                    own.contribute_to_class(cls, virtual.name)
            for manager in meta.managers:
                if manager.name not in claimed and manager.name not in cls._meta.managers_map:
                    manager.copy_for(cls)
        claimed.update(name for name in vars(base) if not name.startswith("__"))


def _add_key(cls: type[AwaitableModel]) -> None:
    """Give the model its implicit ``id``, if it declares no primary key.

    Raises ``ImproperlyConfigured`` when a field called ``id`` is not the key.
    """
    meta = cls._meta
    if meta.pk is not None:
        return
    fields = meta.fields if meta.parents else meta.local_fields  # nothing is derived that a key makes stale
    if any(field.name == "id" for field in fields) and settings.strict_models:
        raise ImproperlyConfigured(
            f"{cls.__name__}.id is not the primary key; give it primary_key=True or another name."
        )
    application = meta.apps.app_configs.get(meta.app_label)
    if application is not None and application._is_default_auto_field_overridden:
        kind = type(application)
        path, source = application.default_auto_field, f"{kind.__module__}.{kind.__qualname__}.default_auto_field"
    else:
        path, source = settings.default_auto_field, "DEFAULT_AUTO_FIELD"
    key = default_key_class(path, source)(verbose_name="ID", primary_key=True, auto_created=True)
    key.contribute_to_class(cls, "id")


@cache
def default_key_class(path: str | None, source: str) -> type:
    """The field class that a setting names: one of ours by its last name, or any by its dotted path.

    Parameters: ``source`` is what the setting is called, or the application's attribute.

    Raises ``ImproperlyConfigured`` for what names nothing, ``ValueError`` for a field whose value the database does not
    make.
    """
    if not path:
        raise ImproperlyConfigured(f"{source} must not be empty.")
    module, _, name = path.rpartition(".")
    found = getattr(field_classes, name, None) if module in ("", "orm.models", "django.db.models") else None
    if found is None and module:
        try:
            found = getattr(import_module(module), name, None)
        except ModuleNotFoundError:
            found = None
    if found is None:
        raise ImproperlyConfigured(f"{source} refers to the module '{path}' that could not be imported.")
    if not (isinstance(found, type) and getattr(found, "auto", False)):
        raise ValueError(
            f"Primary key '{path}' referred by {source} must subclass AutoField. It may be BigAutoField, AutoField, "
            "SmallAutoField or a subclass."
        )
    return found


def _check_named_fields(meta: Options) -> None:
    """Every field Meta names must exist, and no two fields may share a column.

    Raises ``FieldDoesNotExist``, ``ImproperlyConfigured``.
    """
    groups = [("unique_together", group) for group in meta.unique_together]
    groups += [(f"index {index.name or ''}".strip(), index.field_names) for index in meta.indexes]
    groups += [(f"constraint {one.name}", one.field_names) for one in meta.constraints]
    for what, names in groups:
        for name in names:
            field = meta.fields_map.get(name) or (meta.pk if name == "pk" else None)
            if field is None:
                raise FieldDoesNotExist(f"{meta.label}.Meta, {what}: {unknown_name(meta, name)}")
            if field not in meta.table_fields:
                raise ImproperlyConfigured(f"{meta.label}.Meta, {what}: {name!r} has no column in this table.")
    in_table = [field for field in meta.local_fields if field.concrete] if not meta.proxy else meta.table_fields
    if len({field.column for field in in_table}) == len(in_table):
        return
    columns: dict[str, str] = {}
    for field in in_table:
        other = columns.setdefault(field.column, field.name)
        if other != field.name:
            raise ImproperlyConfigured(
                f"{meta.label}: the fields {other!r} and {field.name!r} share the column {field.column!r}; "
                "give one of them another db_column or name."
            )
