"""The managers behind ``author.book_set`` and ``book.authors``: related rows of one instance, and how to change them.

Each is the related model's own manager narrowed to one instance. Rows already prefetched are used; changing the
relation forgets them. Operations of more than one statement run in a transaction. Twins are generated; import the
public names from ``many_blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from orm.altering import alters_data
from orm.bridge.crossing import call_form
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import advised
from orm.models.managers import BaseManager
from orm.models.redeclared import of_a_former_class
from orm.models.relations.manager_class import JoinedLink, Link, Withheld, manager_class
from orm.models.relations.prefetched_relation import PrefetchQuerysets
from orm.models.signals import m2m_changed
from orm.query.known_related import KnownRelated
from orm.query.prefetch import ChosenRows
from orm.query.queryset_blocking import QuerySet
from orm.sql.conditions import Q
from orm.structures.arguments import listed, mapped
from orm.structures.attributes import PREFETCHED

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.managers import Manager

S = TypeVar("S")
M = TypeVar("M", bound="AwaitableModel")

if TYPE_CHECKING:

    class _Base(Manager[M]):
        """For type checkers the narrowed manager has everything a manager has, and it belongs to instances."""

        def __get__(self: S, instance: Any, owner: Any) -> S: ...  # type: ignore[override]

else:
    _Base = BaseManager


class InstanceManager(PrefetchQuerysets, _Base[M]):
    """What both kinds of related manager share. ``instance`` is the row whose related rows it manages."""

    instance: Any
    link: Link
    operations: type[Any]
    _every: ClassVar[Any] = None
    """All rows of the related model, where its own manager leaves ``get_queryset`` as it is; else None."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name} of {self.instance!r}>"

    def _written(self) -> str:
        return f"{type(self.instance).__name__.lower()}.{self._name}"

    def __call__(self, *, manager: str) -> Any:
        """Return the same rows under another manager of the related model: ``book_set(manager="published")``."""
        managers = self.model._meta.managers_map
        if manager not in managers:
            raise AttributeError(f"{self.model.__name__} has no manager {manager!r}; it has {', '.join(managers)}.")
        cls = manager_class(self.operations, managers[manager], self.link)
        made = object.__new__(cls)
        made.instance = self.instance
        return made

    def __getattr__(self, name: str) -> Any:
        withheld = getattr(type(self), name, None)
        if isinstance(withheld, Withheld):  # Python comes here after the AttributeError that it raised: raise it again
            return withheld.__get__(self)
        return super().__getattr__(name)

    @property
    def _name(self) -> str:
        return self.link.name

    @property
    def _changed(self) -> type[Any]:
        """The model whose rows say what is related."""
        return self.model

    @property
    def _alias(self) -> str:
        """The database that the relation is changed on."""
        if routes.active:
            alias = self._db or routes.to_write(self._changed, {"instance": self.instance})
            routes.wrote(alias)
            return alias
        return self._db or self.instance._state.db or DEFAULT_DB_ALIAS

    def _key_of_instance(self, foreign_key: Any) -> Any:
        """Return the instance's value that ``foreign_key`` refers to; refuse an instance without a key of its own."""
        key = getattr(self.instance, foreign_key.target_attname)
        if key is None or (not foreign_key.target_field.primary_key and not self.instance._is_pk_set()):
            if self.instance._is_pk_set():
                raise ValueError(
                    f'"{self.instance!r}" needs to have a value for field "{foreign_key.target_field.name}" before '
                    "this relationship can be used."
                )
            raise advised(
                ValueError,
                f"{type(self.instance).__name__!r} instance needs to have a primary key value before this relationship "
                "can be used.",
                f" {self.instance!r} has no {self.instance._meta.pk.name} yet, so it has no {self._name}; save it "
                "first.",
            )
        return key

    def get_queryset(self) -> QuerySet[M]:
        """Return the related rows: the prefetched ones, if there are."""
        prefetched = self.instance.__dict__.get(PREFETCHED)
        if prefetched is not None:
            name = self.link.name
            rows = prefetched.get(name)
            if rows is not None:
                if isinstance(rows, list):  # as prefetching leaves them: most are only iterated, many never looked at
                    rows = prefetched[name] = self._queryset_of(rows)
                return rows  # type: ignore[no-any-return]
        return self._narrowed()

    def _queryset_of(self, objects: list[object]) -> QuerySet[M]:
        """Return prefetched objects as a QuerySet; what is chained to it asks for the related rows anew."""
        queryset: Any
        if type(objects) is ChosenRows:
            chosen = objects.queryset
            queryset = self._narrowed(chosen if chosen._using is not None else self._from_here(chosen))
        elif type(self)._every is not None:
            queryset = object.__new__(self._queryset_class)
            queryset.__dict__.update(model=self.model, _narrow=self._narrowed)
        else:
            queryset = self._narrowed()
        queryset._result_cache = objects
        queryset._prefetch_done = True
        return queryset  # type: ignore[no-any-return]

    def _narrowed(self, rows: object = None) -> QuerySet[M]:
        """Return the rows that are related, of those given or else of all."""
        raise NotImplementedError(f"{type(self).__name__} does not say which rows are related.")

    def prefetched_relation(self) -> tuple[type[Any], str]:
        return type(self.instance), self._name

    def _every_row(self) -> QuerySet[M]:
        """Return the related model's rows as its own manager shows them, on the instance's database."""
        every = type(self)._every
        return self._from_here(every if every is not None else super().get_queryset())

    def _from_here(self, queryset: QuerySet[M]) -> QuerySet[M]:
        """Return a queryset that asks where the manager is told to, else the database the instance is from."""
        if routes.active and self._db is None:
            return queryset._set(_hints={"instance": self.instance})
        state = self.instance.__dict__.get("_state")  # not instance._state, which would make one
        alias = self._db or (state and state.db)
        if alias in (None, DEFAULT_DB_ALIAS):
            return queryset
        return queryset.using(alias) if self._db else queryset._set(_using=alias, _follows=True)

    def all(self) -> QuerySet[M]:  # type: ignore[override]
        """Return the related rows."""
        return self.get_queryset()

    def _forget(self) -> None:
        """Drop prefetched rows, which are about to be wrong."""
        prefetched = self.instance.__dict__.get(PREFETCHED)
        if prefetched is not None:
            prefetched.pop(self._name, None)

    def _check_instance(self, obj: object) -> M:
        if not isinstance(obj, self.model):
            raise advised(
                TypeError,
                f"'{self.model.__name__}' instance expected, got {obj!r}",
                f": {self._name} of {type(self.instance).__name__} takes {self.model.__name__} instances."
                f"{of_a_former_class(obj, self.model)}",
            )
        return obj


class AwaitableRelatedManager(InstanceManager[M]):
    """The rows whose foreign key refers to one instance: ``author.book_set``."""

    def _narrowed(self, rows: Any = None) -> QuerySet[M]:
        field = self.link.field
        related: QuerySet[M] = self._every_row() if rows is None else rows
        if getattr(self.instance, field.target_attname) is None and self.instance._is_pk_set():
            return related.none()  # nothing can refer to it by what is null
        key = self._key_of_instance(field)
        queryset = related.filter(**{field.attname: key})
        queryset._known_related = (KnownRelated(field.name, field.attname, key, self.instance),)
        return queryset

    @alters_data
    async def acreate(self, **values: Any) -> M:
        """Create a related row and return it."""
        self._key_of_instance(self.link.field)
        self._forget()
        return await call_form(super().acreate, **{**values, self.link.field.name: self.instance})

    @alters_data
    async def aget_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[M, bool]:
        """Return the related row that matches, created if there is none, and whether it was created."""
        self._key_of_instance(self.link.field)
        self._forget()
        return await call_form(super().aget_or_create, defaults, **{**lookups, self.link.field.name: self.instance})

    @alters_data
    async def aupdate_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Update the related row that matches, or create it; return it and whether it was created."""
        self._key_of_instance(self.link.field)
        self._forget()
        lookups[self.link.field.name] = self.instance
        return await call_form(super().aupdate_or_create, defaults, create_defaults, **lookups)

    @alters_data
    async def aadd(self, *objs: M, bulk: bool = True) -> None:
        """Make rows refer to this instance: one UPDATE, or with ``bulk=False`` a save of each (which sends signals)."""
        self._key_of_instance(self.link.field)
        self._forget()
        for obj in objs:
            self._check_instance(obj)
        if not bulk:
            async with atomic(using=self._alias, savepoint=False):
                for obj in objs:
                    setattr(obj, self.link.field.name, self.instance)
                    await call_form(obj.asave, using=self._alias)
            return
        for obj in objs:
            setattr(obj, self.link.field.name, self.instance)  # first, since an error shows the object
            apart = obj._state.db not in (None, self._alias)
            if obj._state.adding or (apart and not (routes.active and routes.allow_relation(obj, self.instance))):
                raise ValueError(f"{obj!r} instance isn't saved. Use bulk=False or save the object first.")
        if objs:
            rows = self.model._base_manager.using(self._alias).filter(pk__in=[obj.pk for obj in objs])
            await rows.aupdate(**{self.link.field.name: self.instance})

    @alters_data
    async def aremove(self, *objs: M, bulk: bool = True) -> None:
        """Make rows refer to nothing, of those that the manager shows; only where the foreign key may be null."""
        key = self._key_of_instance(self.link.field)
        for obj in objs:
            if getattr(self._check_instance(obj), self.link.field.attname) != key:
                raise self.link.field.related_model.DoesNotExist(f"{obj!r} is not related to {self.instance!r}.")
        self._forget()
        if not bulk:
            await self._save_without(objs)
            return
        if objs:
            await self._without(self._narrowed().filter(pk__in=[obj.pk for obj in objs]))
        for obj in objs:
            setattr(obj, self.link.field.name, None)

    @alters_data
    async def aclear(self, *, bulk: bool = True) -> None:
        """Make every related row that the manager shows refer to nothing; only where the foreign key may be null."""
        self._key_of_instance(self.link.field)
        self._forget()
        if bulk:
            await self._without(self._narrowed())
        else:
            await self._save_without(await self._narrowed().using(self._alias))

    async def _without(self, rows: QuerySet[M]) -> None:
        await rows.using(self._alias).aupdate(**{self.link.field.name: None})

    async def _save_without(self, objs: Iterable[AwaitableModel]) -> None:
        async with atomic(using=self._alias, savepoint=False):
            for obj in objs:
                setattr(obj, self.link.field.name, None)
                await call_form(obj.asave, using=self._alias, update_fields=[self.link.field.name])

    @alters_data
    async def aset(self, objs: Iterable[M], *, bulk: bool = True, clear: bool = False) -> None:
        """Make exactly these rows refer to this instance (where the foreign key may not be null: these as well)."""
        wanted = [self._check_instance(obj) for obj in listed("set()", objs, "a list of instances")]
        if not self.link.field.null:
            await self.aadd(*wanted, bulk=bulk)
            return
        async with atomic(using=self._alias, savepoint=False):
            if clear:
                await self.aclear(bulk=bulk)
                await self.aadd(*wanted, bulk=bulk)
                return
            present = list(await self._narrowed().using(self._alias))
            wanted_keys = {obj.pk for obj in wanted}
            present_keys = {obj.pk for obj in present}
            await self.aremove(*(obj for obj in present if obj.pk not in wanted_keys), bulk=bulk)
            await self.aadd(*(obj for obj in wanted if obj.pk not in present_keys), bulk=bulk)


class AwaitableManyRelatedManager(InstanceManager[M]):
    """The rows on the other side of a many-to-many relation of one instance: ``book.authors``."""

    link: JoinedLink  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def through(self) -> type[Any]:
        """The join model."""
        found: type[Any] = self.link.through
        return found

    @property
    def _changed(self) -> type[Any]:
        changed: type[Any] = self.through
        return changed

    def _narrowed(self, rows: Any = None) -> QuerySet[M]:
        related: QuerySet[M] = self._every_row() if rows is None else rows
        return related._filter_related(self.link.path, self._key_of_instance(self.link.near))

    # -- rows of the join model ---------------------------------------------------------------------------------------

    def _key_of(self, obj: object) -> Any:
        """Return the key of a related row, given as an instance or as its key."""
        if isinstance(obj, self.model):
            if routes.apart and obj._state.db is not None and not routes.allow_relation(obj, self.instance):
                raise ValueError(f"{self._apart(obj)}; a router's allow_relation() may allow that.")
            key = getattr(obj, self.link.far.target_attname)
            if key is None:
                advice = f". It has no {self.link.far.target_attname} yet; save it first."
                raise advised(ValueError, self._apart(obj), advice)
            return key
        if hasattr(obj, "_meta"):
            raise advised(
                TypeError,
                f"'{self.model.__name__}' instance expected, got {obj!r}",
                f": {self._name} of {type(self.instance).__name__} takes {self.model.__name__} instances."
                f"{of_a_former_class(obj, self.model)}",
            )
        if obj is None:
            raise TypeError(f"{self._name} of {type(self.instance).__name__} takes instances or keys, got None.")
        return self.link.far.get_prep_value(obj)

    def _apart(self, obj: M) -> str:
        return (
            f'Cannot add "{obj!r}": instance is on database "{self.instance._state.db}", value is on database '
            f'"{obj._state.db}"'
        )

    def _joins(self) -> QuerySet[Any]:
        return self.through._default_manager.using(self._alias)  # type: ignore[no-any-return]

    def _joins_of_instance(self, keys: Iterable[object] | None = None) -> QuerySet[Any]:
        """Return the join rows of the instance, those to ``keys`` only if given; both directions if symmetrical.

        Where the related model's manager shows a part of its rows, the others keep their join rows.
        """
        near, far, key = self.link.near.attname, self.link.far.attname, self._key_of_instance(self.link.near)
        listed: Any = None if keys is None else list(keys)
        if self._shows_a_part:
            shown = self._every_row()
            if listed is not None:
                shown = shown.filter(**{f"{self._joined_by}__in": listed})
            listed = shown.using(self._alias).order_by().values(self._joined_by)

        def side(this: str, other: str) -> Q:
            return Q(**{this: key}) if listed is None else Q(**{this: key, f"{other}__in": listed})

        condition = side(near, far) | side(far, near) if self.link.symmetrical else side(near, far)
        return self._joins().filter(condition)

    @property
    def _joined_by(self) -> str:
        """The attribute of related rows that join rows refer to them by."""
        return str(self.link.far.target_attname)

    @property
    def _shows_a_part(self) -> bool:
        """Whether the related model's manager leaves out rows."""
        return type(self)._every is None and self._every_row()._shape.select.where is not None

    async def _tell(self, action: str, keys: set[object] | None) -> None:
        await m2m_changed.asend(
            sender=self.through,
            action=action,
            instance=self.instance,
            reverse=self.link.reverse,
            model=self.model,
            pk_set=keys,
            using=self._alias,
        )

    @property
    def _heard(self) -> bool:
        return m2m_changed.has_listeners(self.through)

    def _new_joins(self, keys: Iterable[object], defaults: Mapping[str, object] | None) -> list[object]:
        near, far, key = self.link.near.attname, self.link.far.attname, self._key_of_instance(self.link.near)
        given = mapped("through_defaults", defaults, "a dict of names and values")
        extra = {name: value() if callable(value) else value for name, value in given.items()}
        pairs = [(key, other) for other in keys]
        if self.link.symmetrical:
            pairs += [(other, key) for other in keys if other != key]
        return [self.through(**extra, **{near: one, far: other}) for one, other in pairs]

    async def _join(self, objs: Iterable[AwaitableModel], defaults: Mapping[str, object] | None) -> None:
        keys = list(dict.fromkeys(self._key_of(obj) for obj in objs))
        self._key_of_instance(self.link.near)
        self._forget()
        if not keys:
            return
        ignore = bool(self.through._meta.auto_created) and databases[self._alias].dialect.capabilities.ignore_conflicts
        if ignore and not self._heard:
            await call_form(self._joins().abulk_create, self._new_joins(keys, defaults), ignore_conflicts=True)
            return
        async with atomic(using=self._alias, savepoint=False):
            present = set(await self._present(keys))
            missing = [key for key in keys if key not in present]
            if self._heard:
                await self._tell("pre_add", set(missing))
            rows = self._new_joins(missing, defaults)
            if self.link.symmetrical and not ignore:
                rows = await self._without_present(rows)
            if rows:
                await call_form(self._joins().abulk_create, rows, ignore_conflicts=ignore)
            if self._heard:
                await self._tell("post_add", set(missing))

    async def _present(self, keys: list[object]) -> list[object]:
        rows = self._joins().filter(
            **{self.link.near.attname: self._key_of_instance(self.link.near), f"{self.link.far.attname}__in": keys}
        )
        return list(await rows.values_list(self.link.far.attname, flat=True))

    async def _without_present(self, rows: list[object]) -> list[object]:
        """Leave out mirrored join rows that exist, where the database can't ignore them itself."""
        near, far, key = self.link.near.attname, self.link.far.attname, self._key_of_instance(self.link.near)
        mirrored = self._joins().filter(**{far: key}).values_list(near, flat=True)
        present = set(await mirrored)
        return [row for row in rows if getattr(row, near) == key or getattr(row, near) not in present]

    # -- operations ---------------------------------------------------------------------------------------------------

    @alters_data
    async def aadd(self, *objs: M | Any, through_defaults: Mapping[str, object] | None = None) -> None:
        """Relate rows (instances or keys); those that are related already stay so.

        ``through_defaults`` are values for the join model's own fields; callables are called once.
        """
        await self._join(objs, through_defaults)

    @alters_data
    async def acreate(self, *, through_defaults: Mapping[str, Any] | None = None, **values: Any) -> M:
        """Create a row, relate it and return it."""
        self._key_of_instance(self.link.near)
        async with atomic(using=self._alias, savepoint=False):
            made = await call_form(super().acreate, **values)
            await self._join([made], through_defaults)
        return made

    @alters_data
    async def aget_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        *,
        through_defaults: Mapping[str, Any] | None = None,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Return the related row that matches, created and related if there is none, and whether it was created."""
        async with atomic(using=self._alias, savepoint=False):
            found, created = await call_form(super().aget_or_create, defaults, **lookups)
            if created:
                await self._join([found], through_defaults)
        return found, created

    @alters_data
    async def aupdate_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        *,
        through_defaults: Mapping[str, Any] | None = None,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Update the related row that matches, or create and relate it; return it and whether it was created."""
        async with atomic(using=self._alias, savepoint=False):
            found, created = await call_form(super().aupdate_or_create, defaults, create_defaults, **lookups)
            if created:
                await self._join([found], through_defaults)
        return found, created

    @alters_data
    async def aremove(self, *objs: M | Any) -> None:
        """Unrelate rows (instances or keys); those that are not related are ignored."""
        # What isn't saved has no key, and is related to nothing.
        keys = {
            getattr(obj, self._joined_by) if isinstance(obj, self.model) else self.link.far.get_prep_value(obj)
            for obj in objs
        } - {None}
        self._forget()
        if not keys:
            return
        if not self._heard:
            await self._joins_of_instance(keys).adelete()
            return
        async with atomic(using=self._alias, savepoint=False):
            await self._tell("pre_remove", keys)
            await self._joins_of_instance(keys).adelete()
            await self._tell("post_remove", keys)

    @alters_data
    async def aclear(self) -> None:
        """Unrelate every row."""
        self._forget()
        if not self._heard:
            await self._joins_of_instance().adelete()
            return
        async with atomic(using=self._alias, savepoint=False):
            await self._tell("pre_clear", None)
            await self._joins_of_instance().adelete()
            await self._tell("post_clear", None)

    async def _related_keys(self) -> list[object]:
        """Return by what join rows refer to the related rows that the manager shows."""
        if self._shows_a_part:
            return list(await self._narrowed().using(self._alias).values_list(self._joined_by, flat=True))
        rows = self._joins().filter(**{self.link.near.attname: self._key_of_instance(self.link.near)})
        return list(await rows.values_list(self.link.far.attname, flat=True))

    @alters_data
    async def aset(
        self,
        objs: Iterable[M | Any],
        *,
        clear: bool = False,
        through_defaults: Mapping[str, object] | None = None,
    ) -> None:
        """Relate exactly these rows: remove the others and add the missing, or with ``clear`` start from nothing."""
        wanted = list(dict.fromkeys(map(self._key_of, listed("set()", objs, "a list of instances or keys"))))
        async with atomic(using=self._alias, savepoint=False):
            if clear:
                await self.aclear()
                await self.aadd(*wanted, through_defaults=through_defaults)
                return
            present = set(await self._related_keys())
            await self.aremove(*present.difference(wanted))
            await self.aadd(*(key for key in wanted if key not in present), through_defaults=through_defaults)
