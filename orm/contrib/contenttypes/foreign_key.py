"""``GenericForeignKey``: two columns, a content type and a key, read and written as one instance of any model.

Reading it loads the instance, in blocking code at once and in async code by ``await``. Assigning an instance sets the
key and its content type; one that is not known yet is read, in async code when the row is saved. No query can follow
it: ``GenericRelation`` on the other model is for that.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from orm.contrib.contenttypes.late import generic_checks
from orm.contrib.contenttypes.models import ContentType
from orm.contrib.contenttypes.prefetch import GenericForeignKeyLoader
from orm.db.routing import routes
from orm.errors import FieldError, advised
from orm.models.fetching import Unloaded, check_fetch_allowed, fetch
from orm.models.relations.both_sides import KeptInstance
from orm.models.relations.virtual import VirtualField

if TYPE_CHECKING:
    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel


class GenericForeignKey(KeptInstance, VirtualField):
    """A reference to a row of any model.

    Parameters: ``ct_field`` names the foreign key to ContentType, ``fk_field`` the field that holds the row's key,
    ``for_concrete_model`` False keeps proxies apart from the models they stand for.
    """

    many_to_one = True
    one_to_many = False
    related_model = None
    remote_field = None

    def __init__(
        self, ct_field: str = "content_type", fk_field: str = "object_id", for_concrete_model: bool = True
    ) -> None:
        super().__init__()
        self.ct_field = ct_field
        self.fk_field = fk_field
        self.for_concrete_model = for_concrete_model

    def clone(self) -> GenericForeignKey:
        """Return a field declared the same way."""
        return self.like(GenericForeignKey(self.ct_field, self.fk_field, self.for_concrete_model))

    def contribute_to_class(self, cls: type[Any], name: str, **options: object) -> None:
        """Join the model ``cls`` as its attribute ``name``."""
        super().contribute_to_class(cls, name)
        setattr(cls, name, self)

    def check(self, **options: object) -> list[CheckMessage]:
        """What is wrong with the declaration: its name, or the two fields it stands on."""
        return list(generic_checks.generic_key_checks(self))

    @property
    def cache_name(self) -> str:
        return self.name

    # -- what prefetching and queries ask ----------------------------------------------------------------------------

    @property
    def relation(self) -> GenericForeignKey:
        """The relation that this attribute follows: itself."""
        return self

    @property
    def hops(self) -> NoReturn:
        """No join leads to rows of any model. Raises ``FieldError``."""
        raise FieldError(
            f"Field '{self.name}' does not generate an automatic reverse relation and therefore cannot be used for "
            "reverse querying. If it is a GenericForeignKey, consider adding a GenericRelation."
        )

    def prefetch_loader(self, name: str) -> GenericForeignKeyLoader:
        """Return what loads this attribute for many instances."""
        return GenericForeignKeyLoader(self, name)

    # -- the two columns ---------------------------------------------------------------------------------------------

    @property
    def ct_attname(self) -> str:
        """The attribute that holds the content type's key."""
        return str(self.model._meta.get_field(self.ct_field).attname)

    @property
    def fk_attname(self) -> str:
        """The attribute that holds the row's key."""
        return str(self.model._meta.get_field(self.fk_field).attname)

    def get_content_type(
        self, obj: Any = None, id: object = None, using: str | None = None, model: Any = None
    ) -> ContentType:
        """Return the content type of an instance or a model, or the one with a key. Blocking code only."""
        manager = ContentType.objects.db_manager(using or (obj._state.db if obj is not None else None))
        if obj is not None or model is not None:
            return manager.get_for_model(obj if obj is not None else model, for_concrete_model=self.for_concrete_model)
        if not id:
            raise TypeError("Impossible arguments to GFK.get_content_type! Give an instance, a model or a key.")
        return manager.get_for_id(id)

    def siblings_of(self, instance: AwaitableModel) -> dict[str, object]:
        """Return the condition on rows that refer to the same row as an instance."""
        return {name: getattr(instance, name) for name in (self.ct_attname, self.fk_attname)}

    def rows_referring_to(self, related: Any) -> dict[str, object]:
        """Return the condition on rows that refer to an instance."""
        meta = related._meta.concrete_model._meta if self.for_concrete_model else related._meta
        names = {"app_label": meta.app_label, "model": meta.model_name}
        return {**{f"{self.ct_field}__{name}": value for name, value in names.items()}, self.fk_attname: related.pk}

    def is_cached(self, instance: AwaitableModel) -> bool:
        """Whether the instance it refers to is loaded, and still the right one."""
        related = instance.__dict__.get(self.name)
        return related is not None and self.is_of(instance, related)

    def is_of(self, instance: AwaitableModel, related: Any) -> bool:
        """Whether the two columns refer to ``related``, as far as its content type is known."""
        held = instance.__dict__
        key = held.get(self.fk_attname)
        if key is None or related.pk is None or related._meta.pk.to_python(key) != related.pk:
            return key is None and related.pk is None
        known = ContentType.objects.known(related, self.for_concrete_model, related._state.db)
        number = held.get(self.ct_attname)
        return number is None or known is None or known.pk == number

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        if self.is_cached(instance):
            return instance.__dict__[self.name]
        if instance.__dict__.get(self.name, self) is None:  # prefetching found that there is no such row
            return None
        if getattr(instance, self.ct_attname) is None or getattr(instance, self.fk_attname) is None:
            return None
        what = f"{type(instance).__name__}.{self.name}"
        check_fetch_allowed(instance, what)
        return fetch(lambda: self.aload(instance), what)

    async def aload(self, instance: Any) -> Any:
        """Load what the instance refers to, keep it and return it; None where there is no such row any more."""
        if not self.is_cached(instance):
            number, key = getattr(instance, self.ct_attname), getattr(instance, self.fk_attname)
            using = instance._state.db
            kind = await ContentType.objects.db_manager(using).aget_for_id(number)
            model = kind.model_class()
            if model is None:
                return None
            rows = model._base_manager.using(using)
            found = await rows.filter(pk=model._meta.pk.to_python(key)).afirst()
            instance.__dict__[self.name] = found
        return instance.__dict__[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        held = instance.__dict__
        if value is None:
            held.pop(self.name, None)
            setattr(instance, self.ct_attname, None)
            setattr(instance, self.fk_attname, None)
            return
        if routes.apart:
            routes.relate(instance, value)
        known = ContentType.objects.known(value, self.for_concrete_model, value._state.db)
        if known is None:
            manager = ContentType.objects.db_manager(value._state.db)
            load = partial(manager.aget_for_model, value, self.for_concrete_model)
            known = fetch(load, f"{type(instance).__name__}.{self.ct_field}")
        held.pop(self.ct_field, None)
        if type(known) is not Unloaded:  # in async code it waits for the row to be written
            setattr(instance, self.ct_field, known)
        else:
            setattr(instance, self.ct_attname, None)
        setattr(instance, self.fk_attname, value.pk)
        held[self.name] = value

    async def asettle(self, instance: AwaitableModel, using: str, action: str = "save") -> None:
        """Before the row is written by ``action``: take the content type and the key of an instance that was assigned.

        Raises ``ValueError`` for an instance that was not saved.
        """
        held = instance.__dict__
        related = held.get(self.name)
        if related is None:
            return
        if related.pk is None:
            raise advised(
                ValueError,
                f"{action}() prohibited to prevent data loss due to unsaved related object '{self.name}'.",
                f" Save {related!r} first.",
            )
        if held.get(self.fk_attname) is None:
            setattr(instance, self.fk_attname, related.pk)
        if held.get(self.ct_attname) is None and self.is_of(instance, related):
            manager = ContentType.objects.db_manager(using)
            setattr(instance, self.ct_field, await manager.aget_for_model(related, self.for_concrete_model))
