"""``AwaitableModel``: an object that stands for a row. The generated ``Model`` adds the blocking forms.

An instance's values live in its ``__dict__`` under the fields' attnames; what is not there was not loaded. Saving
follows Django's rules: UPDATE then INSERT when there is a key, INSERT alone when there is none or when the key has a
default.
"""

from __future__ import annotations

import copy
from collections.abc import Container, Coroutine, Generator, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.altering import alters_data
from orm.db.routing import routes
from orm.errors import (
    DatabaseError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ObjectNotUpdated,
    advised,
)
from orm.late import late_module
from orm.models.default_manager import NAME, promise_default_manager
from orm.models.fetching import sees_values
from orm.models.metaclass import ModelBase
from orm.models.model_errors import ErrorOfModel
from orm.models.open_batches import batch_of, open_batches
from orm.models.pickling import blank_instance
from orm.models.signals import post_init, post_save, pre_init, pre_save
from orm.models.state import DEFAULT_DB_ALIAS, NO_KEY, PENDING, ModelState, StateDescriptor
from orm.structures.attributes import PREFETCHED, computed_fields
from orm.structures.deprecation import taken_by_position
from orm.structures.pickled import check_versions, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from orm.checks.messages import CheckMessage
    from orm.errors import ValidationError
    from orm.models import deletion, initialiser, neighbours, raw_writing, refreshing, validation, writing
    from orm.models.checks import options as option_checks
    from orm.models.managers import ManagerOf
    from orm.models.options import Options
    from orm.models.write_batch import AwaitableWriteBatch
    from orm.models.writing import WritePlan
    from orm.query import insert_instances, update_instances
    from orm.query.queryset_blocking import QuerySet
    from orm.sql import calls
else:
    option_checks = late_module("orm.models.checks.options")
    raw_writing = late_module("orm.models.raw_writing")
    deletion = late_module("orm.models.deletion")
    initialiser = late_module("orm.models.initialiser")
    neighbours = late_module("orm.models.neighbours")
    refreshing = late_module("orm.models.refreshing")
    validation = late_module("orm.models.validation")
    writing = late_module("orm.models.writing")
    insert_instances = late_module("orm.query.insert_instances")
    update_instances = late_module("orm.query.update_instances")
    calls = late_module("orm.sql.calls")


class AwaitableModel(metaclass=ModelBase):
    """An object that stands for a row; subclass ``orm.models.Model`` to declare a table."""

    if TYPE_CHECKING:
        DoesNotExist: ClassVar[type[ObjectDoesNotExist]]
        MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
        NotUpdated: ClassVar[type[ObjectNotUpdated]]
        _meta: ClassVar[Options]
        _state: ModelState
        id: Any
        objects = ManagerOf()
        _default_manager = ManagerOf()
        _base_manager = ManagerOf()
    else:
        DoesNotExist = ErrorOfModel(ObjectDoesNotExist)
        MultipleObjectsReturned = ErrorOfModel(MultipleObjectsReturned)
        NotUpdated = ErrorOfModel(ObjectNotUpdated, DatabaseError)
        _state = StateDescriptor()

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Make an instance that is not in the database yet.

        Parameters: values in the order of the fields, or by name; relations take an instance under their name, or a raw
        key under ``<name>_id``.

        Raises ``TypeError`` for an unknown name, ``IndexError`` for too many values.
        """
        meta = self._meta
        if pre_init.receivers:
            pre_init.send_now(type(self), args=args, kwargs=kwargs)
        if args and len(args) > len(meta.concrete_fields):
            names = [field.attname for field in meta.concrete_fields]
            raise advised(
                IndexError,
                "Number of args exceeds number of fields",
                f": {meta.object_name}() takes at most {len(names)} values ({', '.join(names)}), but {len(args)} were "
                "given.",
            )
        if args and kwargs:
            initialiser.refuse_twice(meta, len(args), kwargs)
        meta.initialiser(self, *args, **kwargs)
        if args and initialiser.DEFERRED in args:
            for attname, value in list(vars(self).items()):
                if value is initialiser.DEFERRED:
                    del vars(self)[attname]
        if meta.has_further_init:
            super().__init__()
        if post_init.receivers:
            post_init.send_now(type(self), instance=self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        """What pydantic, and so FastAPI, asks a class that stands in an annotation: ``async def view() -> Author``."""
        return import_module("orm.contrib.pydantic").model_core_schema(cls)  # only who has pydantic gets here

    # -- made by the metaclass's machinery -----------------------------------------------------------------------------

    @classmethod
    def _make_initialiser(cls) -> Callable[..., None]:
        if cls._meta.abstract:
            raise TypeError(
                f"Abstract models cannot be instantiated. {cls.__name__} has no rows; make a model that inherits it."
            )
        if not cls._has_own_init() and not cls._further_init():
            cls.__init__ = initialiser.make_constructor(cls, AwaitableModel.__init__)  # type: ignore[method-assign]
        return initialiser.make_initialiser(cls)

    @classmethod
    def _forget_constructor(cls) -> None:
        """Take back the ``__init__`` that was generated for the fields the class had."""
        if hasattr(vars(cls).get("__init__"), "stands_for"):
            del cls.__init__

    @classmethod
    def _has_own_init(cls) -> bool:
        """Whether somebody has written an ``__init__`` for the class; one that was generated is none."""
        found: Any = cls.__init__
        return getattr(found, "stands_for", found) is not AwaitableModel.__init__

    @classmethod
    def _make_write_plan(cls) -> WritePlan:
        return writing.WritePlan(cls)

    @classmethod
    def _builds_itself(cls) -> bool:
        cls_any: Any = cls
        return (
            cls._has_own_init()
            or cls_any.from_db.__func__ is not vars(AwaitableModel)["from_db"].__func__
            or cls_any.__new__ is not object.__new__
            or cls_any.__setattr__ is not object.__setattr__
            or cls._further_init()
            or any(sees_values(cls, field.attname) for field in cls._meta.concrete_fields)
        )

    @classmethod
    def _saves_itself(cls) -> bool:
        cls._complete_pairs()
        return cls.asave is not AwaitableModel.asave

    @classmethod
    def _saves_its_base(cls) -> bool:
        cls._complete_pairs()
        return cls.asave_base is not AwaitableModel.asave_base

    @classmethod
    def _refreshes_itself(cls) -> bool:
        cls._complete_pairs()
        return cls.arefresh_from_db is not AwaitableModel.arefresh_from_db

    @classmethod
    def _further_init(cls) -> bool:
        """Whether a class that is no model, named after the model's own base, has an ``__init__`` to be called."""
        line = cls.__mro__
        return any("__init__" in vars(base) for base in line[line.index(AwaitableModel) + 1 : -1])

    @classmethod
    def _add_default_manager(cls) -> None:
        meta = cls._meta
        if meta.local_managers or meta.inherited_managers:
            return
        fields = meta.own_and_inherited if meta.parents else meta.local_fields + meta.local_many_to_many
        if any(field.name == NAME for field in (*fields, *meta.local_private_fields)):
            raise ValueError(
                f"{cls.__name__} has a field called 'objects', so it must declare a manager under another name."
            )
        promise_default_manager(cls)

    @classmethod
    def check(cls, **options: Any) -> list[CheckMessage]:
        """What is wrong with the model's declaration, its fields, managers, constraints and indexes included.

        Parameters: ``databases`` are aliases of databases that must be able to hold its table.
        """
        return option_checks.model_checks(cls, options.get("databases") or ())

    # -- rows and values -----------------------------------------------------------------------------------------------

    @classmethod
    def from_db(cls, db: str | None, field_names: Sequence[str], values: Sequence[object]) -> Self:
        """Make the instance of a row that was read from the database ``db``.

        Parameters: ``field_names`` are attnames, ``values`` their values; columns left out are deferred.
        """
        fields = cls._meta.concrete_fields
        if len(values) != len(fields):
            values = initialiser.read_values(cls, field_names, values)
        instance = cls(*values)
        vars(instance)["_state"] = ModelState(False, db)
        return instance

    def _rows(self) -> Any:
        """The manager that sees every row of this model."""
        return self._meta.base_manager

    def _get_pk_val(self, meta: Any = None) -> Any:
        """Return the primary key, or that of another model (``meta`` is its ``_meta``): Django's, for packages."""
        return getattr(self, (meta or self._meta).pk.attname)

    @property
    def pk(self) -> Any:
        """The primary key's value."""
        return getattr(self, self._meta.pk.attname)

    @pk.setter
    def pk(self, value: Any) -> None:
        setattr(self, self._meta.pk.attname, value)

    def get_deferred_fields(self) -> set[str]:
        """Attnames of the columns that were not loaded."""
        held = vars(self)
        return {field.attname for field in self._meta.concrete_fields if field.attname not in held}

    def serializable_value(self, field_name: str) -> Any:
        """The raw value of a field: a relation's key rather than the related instance."""
        field = self._meta.fields_map.get(field_name)
        return getattr(self, field.attname if field is not None else field_name)

    # -- identity ------------------------------------------------------------------------------------------------------

    def _is_pk_set(self) -> bool:
        """Whether the key has a value, or all of its values where it is made of several."""
        key = self.pk
        return not (key is None or _lacks_part(key))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AwaitableModel):
            return NotImplemented
        if self._meta.concrete_model is not other._meta.concrete_model:
            return False
        key = self.pk
        return self is other if key is None or _lacks_part(key) else bool(key == other.pk)

    def __hash__(self) -> int:
        key = self.pk
        if key is None or _lacks_part(key):
            raise TypeError("Model instances without primary key value are unhashable")
        return hash(key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        meta = self._meta
        return f"{type(self).__name__} object ({self.pk if meta.pk.is_composite else vars(self).get(meta.pk.attname)})"

    def __await__(self) -> Generator[object, None, Self]:
        """Give the instance itself, so that ``await book.author`` is right whether or not it was loaded."""
        return self
        yield  # never reached; it makes this a generator, which is what ``await`` needs

    def __reduce__(self) -> tuple[object, ...]:
        meta = self._meta
        source: Any = (meta.app_label, meta.object_name) if meta.auto_created else type(self)
        return blank_instance, (source,), {**self.__getstate__(), **versions()}

    def __getstate__(self) -> dict[str, object]:
        held = dict(vars(self))
        if "_state" in held:
            held["_state"] = copy.copy(held["_state"])
        if PREFETCHED in held:  # as lists: a queryset would be pickled with its query; related managers make one again
            held[PREFETCHED] = {
                name: list(rows if isinstance(rows, list) else rows._result_cache)
                for name, rows in held[PREFETCHED].items()
            }
        return held

    def __setstate__(self, held: dict[str, object]) -> None:
        """Take what was pickled. Warns where another version of the library wrote it."""
        check_versions(held, "model instance")
        vars(self).update(held)

    # -- saving --------------------------------------------------------------------------------------------------------

    @alters_data
    async def asave(
        self,
        *args: object,
        force_insert: bool | tuple[type[AwaitableModel], ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the instance to the database.

        Parameters: ``force_insert`` and ``force_update`` forbid the other statement (a tuple of classes forces the
        INSERT into the tables of those, where the model inherits over several); ``update_fields`` limits the columns of
        an UPDATE; ``using`` is the alias of the database, by default the one the instance is from. By position
        (``args``) they are taken with a warning, as Django does.

        Raises ``ValueError`` for an unsaved related instance, or options that contradict each other; ``TypeError`` for
        a class to insert that is no base of the model; ``NotUpdated`` when a forced update meets no row;
        ``IntegrityError`` and the like from the database.
        """
        await self._asave(args, force_insert, force_update, using, update_fields)

    def _asave(
        self,
        args: tuple[object, ...],
        force_insert: bool | tuple[type[AwaitableModel], ...],
        force_update: bool,
        using: str | None,
        update_fields: Iterable[str] | None,
    ) -> Coroutine[object, None, None]:
        if args:
            given = {
                "force_insert": (force_insert, False),
                "force_update": (force_update, False),
                "using": (using, None),
                "update_fields": (update_fields, None),
            }
            values = taken_by_position(args, given)
            force_insert, force_update, using, update_fields = values
        if self._meta.overrides_save_base:
            return self._save_by_base(force_insert, force_update, using, update_fields)
        return self._save(force_insert, force_update, using, update_fields)

    async def _save_by_base(
        self, force_insert: Any, force_update: bool, using: str | None, update_fields: Iterable[str] | None
    ) -> None:
        """Save by way of the class's own ``save_base()``, which is told all that ``save()`` has found out."""
        if force_insert and (force_update or update_fields is not None):
            raise ValueError("Cannot force both insert and updating in model saving.")
        plan, state = self._meta.write_plan, self._state
        alias = await routes.for_writing(using, type(self), {"instance": self}) if routes.active else using or state.db
        chosen: frozenset[str] | None = None
        if update_fields is not None:
            chosen, _ = plan.checked(update_fields)
            if not chosen:
                return
        elif not state.adding and not force_insert and alias == state.db and not plan.holds_all(self.__dict__):
            keys = {field.attname for field in self._meta.pk_fields}
            chosen = plan.attnames.intersection(self.__dict__) - keys
        await self.asave_base(
            using=alias or DEFAULT_DB_ALIAS,
            force_insert=force_insert,
            force_update=force_update,
            update_fields=chosen,
        )

    _save_by_base.__qualname__ = "AwaitableModel.asave"  # by which save() is refused where it would block a loop

    async def _save(
        self, force_insert: Any, force_update: bool, using: str | None, update_fields: Iterable[str] | None
    ) -> None:
        meta, held = self._meta, self.__dict__
        plan = meta.write_plan
        # An instance that was read from the default database has no state before somebody looks at it, and needs none.
        state: ModelState | None = held.get("_state")
        adding, source = (False, DEFAULT_DB_ALIAS) if state is None else (state.adding, state.db)
        alias = using or source or DEFAULT_DB_ALIAS
        if routes.active:
            alias = await routes.for_writing(using, type(self), {"instance": self})
        if force_insert and (force_update or update_fields):
            raise ValueError("Cannot force both insert and updating in model saving.")
        batch = batch_of(alias) if open_batches else None
        if plan.tied:
            if plan.relations:
                self._settle_relations(plan, batch)
            for field in plan.virtual:
                await field.asettle(self, alias)
            if plan.ordered is not None and neighbours.takes_a_place(self, adding, force_insert):
                vars(self)[neighbours.ORDER] = await neighbours.anext_place(self, plan.ordered, alias)
        chosen: frozenset[str] | None = None
        columns = plan.keyless
        if update_fields is not None:
            chosen, columns = plan.checked(update_fields)
            if not chosen:
                return
            if plan.parents or not held.keys() >= columns.attnames:
                await writing.load_named(self, plan, chosen)
        # Of an instance that was read in part, that part is written: the other columns are not known here.
        elif not adding and not force_insert and alias == source and not plan.holds_all(held):
            chosen, columns = writing.loaded_columns(self, plan)
        if pre_save.receivers and not meta.auto_created:
            await pre_save.asend(type(self), instance=self, raw=False, using=alias, update_fields=chosen or None)
        limited = update_fields is not None
        if plan.parents:
            created = await writing.write_tables(self, plan, alias, force_insert, force_update, chosen, limited)
        else:
            forced = force_insert if type(force_insert) is bool else bool(writing.forced_models(self, force_insert))
            if batch is not None and await batch.take_save(self, plan, forced, force_update, chosen, limited):
                return  # what follows is done when the row has been sent
            has_key = held.get(plan.key_attname) is not None
            # The two usual ways through write_row(), without that coroutine, which takes a twentieth of a save().
            if plan.plain and has_key and not forced and columns.fields and not meta.select_on_save:
                met = await update_instances.update_instance(plan.model, self, columns, using=alias)
                created = not met and await writing.insert_unmet(self, plan, alias, force_update, limited)
            elif plan.plain and not has_key and not force_update and not limited:
                await insert_instances.insert(plan.model, self, plan.without_auto, using=alias)
                created = True
            else:
                created = await writing.write_row(self, plan, alias, forced, force_update, chosen, limited)
        state = held.get("_state")  # a receiver may have looked at it
        if state is not None:
            state.adding = False
            state.db = alias
        elif alias != DEFAULT_DB_ALIAS:
            self._state.db = alias
        if post_save.receivers and not meta.auto_created:
            await post_save.asend(
                type(self), instance=self, created=created, raw=False, using=alias, update_fields=chosen or None
            )

    _save.__qualname__ = "AwaitableModel.asave"  # as above

    @alters_data
    async def asave_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[type[AwaitableModel], ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the instance as ``asave`` does, whatever a subclass has made of that.

        With ``raw`` it is written as it is, as fixtures are: its own table only, no value made by a field
        (``auto_now``), a row with the same key replaced; signals are told so.

        Raises ``TypeError`` for ``raw`` together with what narrows it, and what ``asave`` raises.
        """
        if not raw:
            await self._save(force_insert, force_update, using, update_fields)
            return
        if force_insert or force_update or update_fields is not None:
            raise TypeError("save_base(raw=True) writes the whole row; it goes with using= only.")
        await raw_writing.write_raw([self], using or self._state.db or DEFAULT_DB_ALIAS)

    def _settle_relations(
        self,
        plan: WritePlan,
        batch: AwaitableWriteBatch | None = None,
        action: str = "save",
        among: Container[object] | None = None,
    ) -> None:
        """Take the keys of related instances that were saved after they were assigned; refuse those that were not,
        unless the batch has them. ``action`` is what is refused; ``among`` holds the fields that are written, where
        these are not all.
        """
        held = vars(self)
        pending = held.get(PENDING)
        for field in plan.relations:
            related = held.get(field.name)
            if related is None or (among is not None and field not in among):
                continue
            if field.is_unsaved(related):
                if batch is not None and batch.holds(related):
                    continue
                raise advised(
                    ValueError,
                    f"{action}() prohibited to prevent data loss due to unsaved related object '{field.name}'.",
                    f" Save {related!r} first.",
                )
            if pending and field.name in pending and held.get(field.attname) in NO_KEY:
                held[field.attname] = getattr(related, field.target_attname)
        if pending:
            del held[PENDING]

    # -- deleting, refreshing ------------------------------------------------------------------------------------------

    @alters_data
    async def adelete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the row and what its on_delete rules say; return how many rows went, in all and by model's label.

        ``keep_parents`` leaves the rows in the tables of the parents that the model inherits from. In a ``batch()``
        what is returned is this row alone; ``batch.deleted`` counts what went.

        Raises ``ValueError`` without a primary key, ``ProtectedError`` or ``RestrictedError`` where a rule forbids it.
        """
        return await self._adelete(using, keep_parents)

    def _adelete(self, using: str | None, keep_parents: bool) -> Coroutine[object, None, tuple[int, dict[str, int]]]:
        return deletion.adelete_instance(self, using, keep_parents)

    async def arefresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: QuerySet[Any] | None = None,
    ) -> None:
        """Read the row again, and forget related instances that may have changed.

        Parameters: ``fields`` limits what is read (names of prefetched relations in it drop their cache);
        ``from_queryset`` is where to look instead of the base manager, for ``select_for_update`` and the like.

        Raises the model's ``DoesNotExist`` when the row is gone; ``FieldError`` for an unknown name; ``ValueError`` for
        one that goes on beyond a field.
        """
        names = None if fields is None else refreshing.columns_to_read(self, fields)
        if names is not None and not names:
            return
        queryset: Any = self._rows().all() if from_queryset is None else from_queryset
        alias = using or (None if from_queryset is not None or routes.active else self._state.db)
        if alias is not None:
            queryset = queryset.using(alias)
        elif routes.active:
            queryset = queryset._set(_hints={"instance": self})
        deferred = self.get_deferred_fields() - set(self._meta.write_plan.generated) - computed_fields(self)
        if names is None and deferred:
            names = [field.attname for field in self._meta.concrete_fields if field.attname not in deferred]
        if names is not None:
            queryset = queryset.only(*names)
        refreshing.take_over(self, await queryset.aget(pk=self.pk), names, everything=fields is None)

    # -- validation ----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Override it to check what concerns several fields; raise ValidationError."""

    def clean_fields(self, exclude: Iterable[str] | None = None) -> None:
        """Convert and check each field's value by itself.

        Raises ``ValidationError`` with the errors by field.
        """
        validation.clean_fields(self, frozenset(exclude or ()))

    async def afull_clean(
        self, exclude: Iterable[str] | None = None, validate_unique: bool = True, validate_constraints: bool = True
    ) -> None:
        """Run ``clean_fields``, ``clean``, and the checks that ask the database: uniqueness and constraints.

        Raises ``ValidationError`` with the errors by field.
        """
        await validation.full_clean(self, set(exclude or ()), validate_unique, validate_constraints)

    def unique_error_message(self, model_class: type[AwaitableModel], unique_check: Sequence[str]) -> ValidationError:
        """Return the error for values that another row of ``model_class`` has; for models that word it themselves."""
        return validation.unique_error(self, model_class, tuple(unique_check))

    def date_error_message(self, lookup_type: str, field_name: str, unique_for: str) -> ValidationError:
        """Return the error for a value that another row of the same date has.

        Parameters: ``lookup_type`` is date, month or year; ``unique_for`` names the field that holds the date.
        """
        field, date_field = self._meta.get_field(field_name), self._meta.get_field(unique_for)
        return validation.date_error_message(self, field, date_field, lookup_type)

    async def avalidate_unique(self, exclude: Iterable[str] | None = None) -> None:
        """Check unique fields and ``unique_together`` against the database.

        Raises ``ValidationError``.
        """
        await validation.validate_unique(self, frozenset(exclude or ()))

    async def avalidate_constraints(self, exclude: Iterable[str] | None = None) -> None:
        """Check ``Meta.constraints`` that can be checked ahead, against the database where needed.

        Raises ``ValidationError``.
        """
        await validation.validate_constraints(self, frozenset(exclude or ()))


def _lacks_part(key: object) -> bool:
    """Whether a key is made of several values of which one is missing."""
    return type(key) is tuple and None in key
