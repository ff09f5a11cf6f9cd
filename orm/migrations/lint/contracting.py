"""Expand and contract: a column that gets another name or type while code reads and writes the old one.

A column comes beside the old one, triggers give it what is written to the other, a backfill gives it the rows there
were, its indexes and constraints are built beside writers, and the old column goes at the end; each step is a
migration of its own. For another name both columns are there until the code that knows the old one is gone. For
another type the columns change their names in one short transaction, and running code sees nothing of it.

What has no such form: keys, columns that others refer to, relations that change their type, columns of a given name
(``db_column``), and columns that checks, conditions, expressions or generated columns speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orm.errors import NotSupportedError
from orm.migrations import operations as ops
from orm.migrations.lint.parts import Part
from orm.migrations.model_state import field_options, remade
from orm.models.constraints import UniqueConstraint
from orm.models.functions import Cast
from orm.models.relations.foreign_key import ForeignKey
from orm.sql import ddl
from orm.sql.conditions import Q
from orm.sql.references import F

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.sql.dialect import Dialect
    from orm.sql.objects import TriggerText

LATER = frozenset(
    {
        "auto_now", "auto_now_add", "blank", "choices", "db_comment", "db_default", "db_index", "default", "editable",
        "error_messages", "help_text", "unique", "validators", "verbose_name",
    }
)  # fmt: skip
"""What a column beside another one does without while it is filled."""
TOGETHER = {"unique_together": ops.AlterUniqueTogether, "index_together": ops.AlterIndexTogether}


def renamed(operation: ops.RenameField, state: ProjectState, app: str, dialects: Sequence[Dialect]) -> list[Part]:
    """Return what to do in place of a rename; nothing where it has no such form.

    Parameters: ``dialects`` are those of the databases whose triggers are written.
    """
    final = state.models[app, operation.model_name_lower].fields[operation.old_name]
    work = Columns(state, app, operation.model_name, operation.old_name, operation.new_name, final)
    try:
        return work.for_another_name(dialects) if work.possible() else []
    except NotSupportedError:  # a database without such triggers
        return []


def retyped(operation: ops.AlterField, state: ProjectState, app: str, dialects: Sequence[Dialect]) -> list[Part]:
    """Return what to do in place of a change of type that makes no column NOT NULL; nothing where it has no such form.

    Parameters: as ``renamed``.
    """
    taken = {name.lower() for name in state.models[app, operation.model_name_lower].fields}
    beside, left = (_free(f"{operation.name}_{word}", taken) for word in ("new", "old"))
    work = Columns(state, app, operation.model_name, operation.name, beside, operation.field)
    try:
        return work.for_another_type(dialects, left, operation.preserve_default) if work.possible() else []
    except NotSupportedError:  # a database without such triggers
        return []


def _free(name: str, taken: set[str]) -> str:
    number = 2
    chosen = name
    while chosen.lower() in taken:
        chosen = f"{name}_{number}"
        number += 1
    return chosen


@dataclass
class Columns:
    """A column, the one beside it, and what they are at each step."""

    state: ProjectState
    app: str
    model_name: str
    name: str
    beside: str
    final: Any
    """The field that there is to be at the end."""

    def __post_init__(self) -> None:
        self.before = self.state.models[self.app, self.model_name.lower()]
        self.old: Any = self.before.fields[self.name]
        self.model: type[AwaitableModel] = self.state.apps.get_model(self.app, self.model_name)
        self.indexes = [one for one in self.before.options["indexes"] if self._mentions(one)]
        self.constraints = [one for one in self.before.options["constraints"] if self._mentions(one)]

    # -- what can be done ------------------------------------------------------------------------------------------

    def possible(self) -> bool:
        """Whether there is such a form for this column."""
        meta, field = self.model._meta, self.model._meta.get_field(self.name)
        plain = (
            field.concrete and not field.primary_key and not field.many_to_many and meta.managed
            and self.old.db_column is None and self.final.db_column is None
            and not getattr(field.remote_field, "parent_link", False)
            and meta.order_with_respect_to is None
            and not any(getattr(one, "generated", False) for one in meta.local_fields)
            and all(one.db_check("x") is None for one in (self.old, self.final))
            and (self.final is self.old or not (field.is_relation or self.final.is_relation))
        )  # fmt: skip
        referred = any(one.field.is_relation and getattr(one.field, "target_field", None) is field
                       for one in meta.all_related_objects)  # fmt: skip
        return bool(plain) and not referred and self._renames_all_it_is_in()

    def _renames_all_it_is_in(self) -> bool:
        """Whether indexes and constraints name the column as one of their fields and nowhere else."""
        of_fields = all(isinstance(one, UniqueConstraint) for one in self.constraints)
        of_fields = of_fields and all("fields" in one.deconstruct()[2] for one in (*self.indexes, *self.constraints))
        return of_fields and not any(
            self._mentions(self._anew(one, one.name)) for one in (*self.indexes, *self.constraints)
        )

    def _mentions(self, one: Any) -> bool:
        _, args, options = one.deconstruct()
        said = repr((args, [value for key, value in options.items() if key != "name"]))
        return re.search(rf"\b{re.escape(self.name)}(?:__|\b)", said) is not None

    # -- the fields and what is on them ----------------------------------------------------------------------------

    def _bare(self) -> Any:
        """The column beside, without what reads the rows there are."""
        options = {key: value for key, value in field_options(self.final).items() if key not in LATER}
        options["null"] = True
        if not self.final.is_relation:
            return remade(self.final, options)
        options.update(db_index=False, db_constraint=False, related_name="+")
        return ForeignKey(**options)

    def _built(self) -> Any:
        """The column beside, with its index, its constraints and its key, while NULL is still let in."""
        options = field_options(self.final)
        for name in ("default", "db_default"):
            options.pop(name, None)
        options["null"] = True
        if self.final.is_relation:
            options["related_name"] = "+"
        return remade(self.final, options)

    def _anew(self, one: Any, name: str, field: str | None = None) -> Any:
        """An index or constraint under another name, on the column beside (or ``field``)."""
        _, args, options = one.deconstruct()
        other = self.beside if field is None else field
        swapped = [f"-{other}" if part == f"-{self.name}" else other if part == self.name else part
                   for part in options["fields"]]  # fmt: skip
        return type(one)(*args, **{**options, "fields": swapped, "name": name})

    @staticmethod
    def _beside_name(one: Any) -> str:
        return f"{one.name[:26]}_new"

    def _groups(self, option: str, *names: str) -> set[tuple[str, ...]]:
        """The groups of ``unique_together`` with each of ``names`` in place of the column's."""
        groups = {tuple(one) for one in self.before.options.get(option) or ()}
        return {tuple(name if part == self.name else part for part in group) for group in groups for name in names}

    def _grouped(self) -> list[str]:
        return [option for option in TOGETHER
                if any(self.name in group for group in self.before.options.get(option) or ())]  # fmt: skip

    # -- operations ------------------------------------------------------------------------------------------------

    def _alter(self, name: str, field: Any) -> ops.AlterField:
        return ops.AlterField(self.model_name, name, field)

    def _relaxed(self) -> list[Any]:
        """The old column, which need not be written any more."""
        if self.old.null:
            return []
        return [ops.BesideWriters(self._alter(self.name, remade(self.old, {**field_options(self.old), "null": True})))]

    def _build(self) -> Part:
        """All that is on the column, on the one beside."""
        built: list[Any] = []
        if self.final.unique or self.final.db_index or self.final.is_relation:
            built.append(ops.BesideWriters(self._alter(self.beside, self._built())))
        for one in self.indexes:
            new = self._anew(one, self._beside_name(one))
            built.append(ops.BesideWriters(ops.AddIndex(self.model_name, new)))
        for one in self.constraints:
            new = self._anew(one, self._beside_name(one))
            built.append(ops.BesideWriters(ops.AddConstraint(self.model_name, new)))
        for option in self._grouped():
            both = self._groups(option, self.name, self.beside)
            built.append(ops.BesideWriters(TOGETHER[option](self.model_name, both)))
        return Part(False, [*built, *self._relaxed()], "build")

    def _unhang(self) -> list[Any]:
        """Take what is on the old column off it."""
        return [
            *(ops.BesideWriters(ops.RemoveIndex(self.model_name, one.name)) for one in self.indexes),
            *(ops.RemoveConstraint(self.model_name, one.name) for one in self.constraints),
        ]

    def _rehang(self, field: str) -> list[Any]:
        """Give what is on the new column (``field``) the names that it had on the old one."""
        given: list[Any] = []
        for one in self.indexes:
            given.append(ops.RenameIndex(self.model_name, new_name=one.name, old_name=self._beside_name(one)))
        for one in self.constraints:
            new = self._anew(one, one.name, field)
            given.append(ops.BesideWriters(ops.AddConstraint(self.model_name, new)))
            given.append(ops.RemoveConstraint(self.model_name, self._beside_name(one)))
        return given

    def _triggers(
        self, dialects: Iterable[Dialect], kind: type[ops.CreateTrigger], texts: Mapping[str, Sequence[TriggerText]],
        suffix: str,
    ) -> list[Any]:  # fmt: skip
        """Operations that make (or drop) the triggers of each database."""
        made = []
        for dialect in dialects:
            base = ddl.name_of(self.model._meta.db_table, [self.name], suffix, dialect)
            for number, one in enumerate(texts[dialect.name], start=1):
                name = base if number == 1 else f"{base}_{number}"
                body = {dialect.name: one.body}
                made.append(
                    kind(self.model_name, name, timing=one.timing, events=one.events, body=body,
                         condition=one.condition)
                )  # fmt: skip
        return made

    def _follow(
        self, dialects: Iterable[Dialect], source: str, target: str, field: Field, *, lenient: bool
    ) -> dict[str, list[TriggerText]]:
        bound = self._bound(field)
        return {
            one.name: one.follow(*self._names(one, source, target), _written(one, bound), lenient=lenient)
            for one in dialects
        }

    def _names(self, dialect: Dialect, source: str, target: str) -> tuple[str, list[str], str, str]:
        key = self.model._meta.pk_fields
        return (
            ddl.finished(dialect.quote(self.model._meta.db_table)),
            [ddl.finished(dialect.quote(one.column)) for one in key],
            ddl.finished(dialect.quote(self._column(source))),
            ddl.finished(dialect.quote(self._column(target))),
        )

    def _column(self, name: str) -> str:
        return f"{name}_id" if self.final.is_relation else name

    def _bound(self, field: Field) -> Any:
        """A field that knows its type."""
        state = self.state.clone()
        state.alter_field(self.app, self.model_name.lower(), self.name, field, True)
        return state.apps.get_model(self.app, self.model_name)._meta.get_field(self.name)

    # -- the steps -------------------------------------------------------------------------------------------------

    def for_another_name(self, dialects: Iterable[Dialect]) -> list[Part]:
        """The steps of a rename. The code that knows the new name only may come after the third."""
        texts = {one.name: one.mirror(*self._names(one, self.name, self.beside)) for one in dialects}
        add = ops.AddField(self.model_name, self.beside, self._bare())
        empty = Q((f"{self.beside}__isnull", True))
        fill = ops.Backfill(self.model_name, {self.beside: F(self.name)}, where=empty)
        refill = ops.Backfill(self.model_name, {}, reverse={self.name: F(self.beside)})
        kept = field_options(self.final)
        kept.pop("db_default", None)
        kept |= {"related_name": "+"} if self.final.is_relation else {}
        settled = [] if self.final.null else [ops.BesideWriters(self._alter(self.beside, remade(self.final, kept)))]
        grouped = [TOGETHER[option](self.model_name, self._groups(option, self.beside)) for option in self._grouped()]
        drop = [
            *self._triggers(dialects, ops.RemoveTrigger, texts, "step"), *grouped,
            ops.RemoveField(self.model_name, self.name), self._alter(self.beside, self.final),
        ]  # fmt: skip
        hung = self._unhang()
        last = Part(not hung, [*hung, *drop, *self._rehang(self.beside)])
        return [
            Part(True, [add, *self._triggers(dialects, ops.CreateTrigger, texts, "step")], "expand"),
            Part(False, [fill], "fill"), *_some(self._build()), Part(False, [refill, *settled], "settle"), last,
        ]  # fmt: skip

    def for_another_type(self, dialects: Iterable[Dialect], left: str, preserve_default: bool) -> list[Part]:
        """The steps of a change of type; the old column is called ``left`` after the switch."""
        there = self._follow(dialects, self.name, self.beside, self.final, lenient=False)
        back = self._follow(dialects, self.name, left, self.old, lenient=True)
        add = ops.AddField(self.model_name, self.beside, self._bare())
        empty = Q((f"{self.beside}__isnull", True), (f"{self.name}__isnull", False))
        fill = ops.Backfill(self.model_name, {self.beside: Cast(F(self.name), self._kind(self.final))}, where=empty)
        refill = ops.Backfill(self.model_name, {}, reverse={left: Cast(F(self.name), self._kind(self.old))})
        settled = ops.AlterField(self.model_name, self.name, self.final, preserve_default)
        grouped = [TOGETHER[option](self.model_name, self._groups(option, self.name)) for option in self._grouped()]
        hung = self._unhang()
        return [
            Part(True, [add, *self._triggers(dialects, ops.CreateTrigger, there, "step")], "expand"),
            Part(False, [fill], "fill"), *_some(self._build()),
            Part(True, self._switch(dialects, there, back, left), "switch"),
            Part(False, [ops.BesideWriters(settled), refill], "settle"),
            Part(not hung, [
                *self._triggers(dialects, ops.RemoveTrigger, back, "back"), *hung, *grouped,
                ops.RemoveField(self.model_name, left), *self._rehang(self.name),
            ]),
        ]  # fmt: skip

    def _switch(
        self,
        dialects: Iterable[Dialect],
        there: Mapping[str, Sequence[TriggerText]],
        back: Mapping[str, Sequence[TriggerText]],
        left: str,
    ) -> list[Any]:
        """Let the columns change their names; what the state has on them goes with them, as it does in the database."""
        off: list[Any] = []
        on: list[Any] = []
        for one in self.indexes:
            name = self._beside_name(one)
            off += [ops.RemoveIndex(self.model_name, one.name), ops.RemoveIndex(self.model_name, name)]
            on += [ops.AddIndex(self.model_name, self._anew(one, one.name, left)),
                   ops.AddIndex(self.model_name, self._anew(one, name, self.name))]  # fmt: skip
        for one in self.constraints:
            name = self._beside_name(one)
            off += [ops.RemoveConstraint(self.model_name, one.name), ops.RemoveConstraint(self.model_name, name)]
            on += [ops.AddConstraint(self.model_name, self._anew(one, one.name, left)),
                   ops.AddConstraint(self.model_name, self._anew(one, name, self.name))]  # fmt: skip
        state_only = [ops.SeparateDatabaseAndState(state_operations=some) for some in (off, on) if some]
        defaulted = []
        if self.final.has_db_default:
            options = {**field_options(self._built()), "db_default": field_options(self.final)["db_default"]}
            defaulted.append(self._alter(self.name, remade(self.final, options)))
        return [
            *self._triggers(dialects, ops.RemoveTrigger, there, "step"), *state_only[:1],
            ops.RenameField(self.model_name, self.name, left), ops.RenameField(self.model_name, self.beside, self.name),
            *state_only[1:], *defaulted, *self._triggers(dialects, ops.CreateTrigger, back, "back"),
        ]  # fmt: skip

    @staticmethod
    def _kind(field: Field) -> Any:
        """A field of a type, for a cast."""
        sized = ("max_length", "max_digits", "decimal_places", "db_collation", "base_field", "srid", "dim")
        return remade(field, {key: value for key, value in field_options(field).items() if key in sized})


def _written(dialect: Dialect, field: Any) -> str:
    """A field's type in the words of a cast."""
    return ddl.finished(field.db_type(dialect))


def _some(part: Part) -> list[Part]:
    return [part] if part.operations else []
