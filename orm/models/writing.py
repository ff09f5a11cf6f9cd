"""Writing an instance's row, or its rows where the model inherits over tables: what ``save`` does between its signals.

``WritePlan`` is worked out once for a model. A table's row is written by UPDATE where it has a key, and by INSERT where
it has none, the key has a default and the instance is new, or the UPDATE met no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm import errors
from orm.db.transactions.public import atomic, note_failed_write
from orm.errors import DatabaseError, advised
from orm.models import fetching
from orm.models.fields.base import Field
from orm.models.metaclass import ModelBase
from orm.query.insert_instances import insert
from orm.query.instance_rows import Columns, columns_of, give_parent_key
from orm.query.update_instances import update_instance
from orm.sql.generated import define
from orm.structures.arguments import check_names, listed
from orm.text.spelling import did_you_mean

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.options import Options

MOST_KEPT = 256
"""Combinations of fields that are remembered for each model."""


class WritePlan:
    """What saving a model's instances needs to know, worked out once.

    The columns are those of the model's own table. ``parents`` are the plans of the tables it inherits from, each with
    the field that holds the key of the parent's row: they are written first.
    """

    def __init__(self, model: type[AwaitableModel]) -> None:
        meta: Options = model._meta
        fields = [field for field in meta.table_fields if not field.generated]
        self.generated = tuple(field.attname for field in meta.table_fields if field.generated)
        self.files = tuple(field.attname for field in meta.table_fields if field.keeps_files)
        self.model: Any = meta.concrete_model
        self.key: Field[Any] = meta.pk
        self.key_attname = meta.pk.attname
        self.key_attnames = frozenset(field.attname for field in meta.pk_fields)
        self.composite = meta.pk.is_composite
        keys = meta.pk_fields
        self.key_has_default = all(key.has_default() or key.has_db_default for key in keys)
        self.all = Columns(fields)
        self.keyless = Columns([field for field in fields if field not in keys])
        self.without_auto = Columns([field for field in fields if not field.auto])
        self.parents: tuple[tuple[WritePlan, Field[Any]], ...] = tuple(
            (parent._meta.write_plan, link) for parent, link in meta.parents.items()
        )
        self.plain = not (self.files or self.composite or self.key_has_default or self.generated or self.parents)
        """Whether saving is an UPDATE of a row with a key, unless that meets none, or an INSERT of one without."""
        self.attnames = frozenset(field.attname for field in meta.concrete_fields)
        self.holds_all = membership_of(sorted(self.attnames))
        self._checked: dict[tuple[str, ...], tuple[frozenset[str], Columns]] = {}
        self._chosen: dict[frozenset[str], Columns] = {}
        self.relations = meta.relation_fields
        self.virtual = meta.private_fields
        models: list[Any] = [self.model, *meta.all_parents]
        self.ordered: Any = next((one for one in models if one._meta.order_with_respect_to), None)
        """The model, or the parent, whose rows have places; see ``orm.models.neighbours``."""
        self.tied = bool(self.relations or self.virtual or self.ordered is not None)
        """Whether an instance's values may depend on other instances."""

    @cached_property
    def writable_names(self) -> frozenset[str]:
        """Names ``update_fields`` may hold; what the database computes may be named, and is not written."""
        computed = (field for field in self.model._meta.local_concrete_fields if field.generated)
        own = {name for field in (*self.keyless.fields, *computed) for name in (field.name, field.attname)}
        return frozenset(own.union(*(plan.writable_names for plan, _ in self.parents)))

    def checked(self, update_fields: Iterable[str]) -> tuple[frozenset[str], Columns]:
        """Return what ``save(update_fields=…)`` was given, and which columns of this table it names.

        Raises ``ValueError`` for what is no column to be updated. A program saves few combinations of fields, so what
        was found right once is not checked again.
        """
        if isinstance(update_fields, str):
            raise TypeError(f"update_fields must be a list of names, like [{update_fields!r}], not a string.")
        is_list = type(update_fields) is list  # as nearly always, which need not be asked of every save()
        given = tuple(update_fields if is_list else listed("update_fields", update_fields, "a list of names"))
        try:
            found = self._checked.get(given)
        except TypeError:  # one of them is not even hashable
            found = None
        if found is None:
            names = frozenset(check_names("update_fields", given))
            if not names <= self.writable_names:
                raise self._unknown(sorted(names - self.writable_names))
            if len(self._checked) >= MOST_KEPT:
                self._checked.clear()
            found = self._checked[given] = names, self.chosen(names)
        return found

    def _unknown(self, names: Sequence[str]) -> ValueError:
        return advised(
            ValueError,
            "The following fields do not exist in this model, are m2m fields, primary keys, or are non-concrete "
            f"fields: {', '.join(names)}",
            f".{did_you_mean(names[0], self.writable_names, 2)}",
        )

    def chosen(self, names: frozenset[str]) -> Columns:
        """Return the columns of this table, but its key, that are among the names."""
        columns = self._chosen.get(names)
        if columns is None:
            if len(self._chosen) >= MOST_KEPT:
                self._chosen.clear()
            fields = tuple(field for field in self.keyless.fields if field.name in names or field.attname in names)
            columns = self._chosen[names] = columns_of(self.model, fields)
        return columns


def membership_of(names: Sequence[str]) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that tells whether all names are keys of a mapping: in half of the time of comparing sets."""
    tests = " and ".join(f"{name!r} in held" for name in names)
    return define("holds_all", ["def holds_all(held):", f"    return {tests}"], {}, "names of columns")


def loaded_columns(instance: AwaitableModel, plan: WritePlan) -> tuple[frozenset[str], Columns]:
    """Return what save() writes of an instance of which only some attributes were read: those it has.

    Raises ``ValueError`` where the key is not among them.
    """
    held = vars(instance)
    if held.get(plan.key_attname) is None and not instance._is_pk_set():
        raise ValueError("Cannot force an update in save() with no primary key.")
    chosen = plan.attnames.intersection(held).difference(plan.key_attnames)
    return chosen, plan.chosen(chosen)


async def load_named(instance: AwaitableModel, plan: WritePlan, names: frozenset[str]) -> None:
    """Load what an instance was read without and ``update_fields`` names: it is written as it is.

    Raises what reading it does: ``AttributeError`` where it is nowhere, ``FieldFetchBlocked`` where nothing may load.
    """
    held = vars(instance)
    for field in plan.model._meta.concrete_fields:
        named = field.name in names or field.attname in names
        if named and not field.generated and field.attname not in held:
            value = fetching.unloaded_value(instance, field)
            if isinstance(value, fetching.Unloaded):
                await value


async def write_tables(
    instance: AwaitableModel,
    plan: WritePlan,
    alias: str,
    force_insert: bool | tuple[type[AwaitableModel], ...],
    force_update: bool,
    chosen: frozenset[str] | None,
    limited: bool,
) -> bool:
    """Write the rows of a model that lies in several tables, parents first; return whether its own was made."""
    forced = forced_models(instance, force_insert)
    written: dict[Any, bool] = {}
    async with atomic(using=alias, savepoint=False):
        await _write_with_parents(instance, plan, alias, forced, force_update, chosen, limited, written)
    return written[plan.model]


def forced_models(
    instance: AwaitableModel, force_insert: bool | tuple[type[AwaitableModel], ...]
) -> tuple[type[AwaitableModel], ...]:
    """The models into whose tables an INSERT is forced. Raises ``TypeError`` for what is no base of this one."""
    if isinstance(force_insert, bool):
        return (type(instance),) if force_insert else ()
    if not isinstance(force_insert, tuple):
        raise TypeError("force_insert must be a bool or tuple.")
    for member in force_insert:
        if not (isinstance(member, ModelBase) and (hasattr(member, "_meta") or member in type(instance).__mro__)):
            raise TypeError(f"Invalid force_insert member. {member!r} must be a model subclass.")
        if not issubclass(type(instance), member):
            raise TypeError(
                f"Invalid force_insert member. {member.__qualname__} must be a base of {type(instance).__qualname__}."
            )
    return force_insert


async def _write_with_parents(
    instance: AwaitableModel,
    plan: WritePlan,
    alias: str,
    forced: tuple[type[AwaitableModel], ...],
    force_update: bool,
    chosen: frozenset[str] | None,
    limited: bool,
    written: dict[object, bool],
) -> None:
    """Write the rows of the tables a model inherits from, and then its own; each once, however it is reached.

    ``written`` gets whether each table's row was made. The key of each is handed on to the row that refers to it.
    """
    held = vars(instance)
    above = False
    for parent, link in plan.parents:
        if parent.model not in written:
            give_parent_key(parent, link, held)
            await _write_with_parents(instance, parent, alias, forced, force_update, chosen, limited, written)
        above = above or written[parent.model]
        held[link.attname] = held[parent.key_attname]
    insert = above or (bool(forced) and issubclass(plan.model, forced))
    written[plan.model] = await write_row(instance, plan, alias, insert, force_update, chosen, limited)


async def write_row(
    instance: Any,
    plan: WritePlan,
    alias: str,
    force_insert: bool,
    force_update: bool,
    chosen: frozenset[str] | None,
    limited: bool,
) -> bool:
    """Write the row of one table: UPDATE, INSERT, or one after the other; return whether it was made."""
    held = instance.__dict__
    for name in plan.files:
        await getattr(instance, name).acommit()
    key = held.get(plan.key_attname)
    if plan.composite:
        key = instance.pk
        key = None if None in key else key
    elif key is None and plan.key_has_default:
        key = held[plan.key_attname] = plan.key.get_default()
    if key is None:
        if force_update or limited:
            raise ValueError("Cannot force an update in save() with no primary key.")
        await insert(plan.model, instance, plan.without_auto, using=alias)
        return True
    if plan.key_has_default and instance._state.adding and not force_update and not limited:
        force_insert = True
    if not force_insert:
        columns = plan.keyless if chosen is None else plan.chosen(chosen)
        if columns.fields and instance._meta.select_on_save and not (force_update or limited):
            found: Any = await _exists(plan, alias, key)
            if found:
                await update_instance(plan.model, instance, columns, using=alias)
        elif columns.fields:
            found = await update_instance(plan.model, instance, columns, using=alias)
            for name in plan.generated:
                held.pop(name, None)  # computed anew, and read when it is asked for
        else:
            found = force_update or chosen is not None or await _exists(plan, alias, key)
        if found:
            return False
        return await insert_unmet(instance, plan, alias, force_update, limited)
    await insert(plan.model, instance, plan.all, using=alias)
    return True


async def insert_unmet(
    instance: AwaitableModel, plan: WritePlan, alias: str, force_update: bool, limited: bool
) -> bool:
    """Insert the row that an UPDATE did not meet.

    Raises ``NotUpdated`` where it had to be met; without ``advice_in_errors`` a ``DatabaseError`` alone.
    """
    if force_update or limited:
        what = "Forced update" if force_update else "Save with update_fields"
        kind = type(instance).NotUpdated if errors.advice_in_errors else DatabaseError
        error = kind(f"{what} did not affect any rows.")
        note_failed_write(error, alias)
        raise error
    await insert(plan.model, instance, plan.all, using=alias)
    return True


async def _exists(plan: WritePlan, alias: str, key: Field) -> bool:
    """Whether a table that has nothing but keys has this one."""
    return bool(await plan.model._meta.base_manager.using(alias).filter(pk=key).aexists())
