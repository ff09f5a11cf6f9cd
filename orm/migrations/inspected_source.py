"""Drafts of models as Python source. Whatever the database calls a thing is written as a quoted text or a comment.

What is written is read again before it is given out, and refused where it holds more than models.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from orm.config import settings
from orm.errors import SuspiciousOperation
from orm.migrations.inspected_columns import Call
from orm.migrations.inspected_names import class_name
from orm.migrations.inspecting import (
    FieldDraft,
    IndexDraft,
    IndexPart,
    Name,
    TableDraft,
    note_of_check,
    note_of_index,
)
from orm.structures.public_names import import_name, imported_from, offering_module

HEAD = """\
# This is an auto-generated {brand} model module.
# You'll have to do the following manually to clean this up:
#   * Rearrange models' order
#   * Make sure each model has one field with primary_key=True
#   * Make sure each ForeignKey and OneToOneField has `on_delete` set to the desired behavior
#   * Remove `managed = False` lines if you wish to allow {brand} to create, modify, and delete the table
# Feel free to rename the models, but don't rename db_table values or field names.
"""

ALLOWED = (
    ast.Module, ast.ImportFrom, ast.alias, ast.ClassDef, ast.Assign, ast.Pass, ast.Call, ast.keyword, ast.Attribute,
    ast.Name, ast.Load, ast.Store, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.USub,
    ast.FunctionDef, ast.arguments, ast.arg, ast.Return,
)  # fmt: skip
"""All that a module of models holds."""

CALLED = frozenset({"models", "RawSQL"})

TypeKey = tuple[str, str]
"""A field class and the type of column that it shall say."""


def source(drafts: Iterable[TableDraft], *, managed: bool = False) -> str:
    """Return a module with the models.

    Parameters: ``managed`` leaves out ``managed = False``, so that migrations look after the tables.

    Raises ``SuspiciousOperation`` where a name would have become code.
    """
    drafts = list(drafts)
    lines = [HEAD.format(brand="Django" if import_name("orm") != "orm" else "Duotone").rstrip("\n")]
    lines.append(f"from {import_name('orm')} import models")
    if any(one.generated for draft in drafts for one in draft.fields) or any(
        _kept(draft, managed) and _says_by_hand(draft) for draft in drafts
    ):
        lines.append(f"from {import_name('orm.sql.handwritten')} import RawSQL")
    fields = [one for draft in drafts for field in draft.fields for one in (field, *field.elements)]
    offered = {one.imported for one in fields if one.imported is not None}
    offered |= {value.function for one in fields for value in one.options.values() if isinstance(value, Call)}
    places = sorted(map(_where, offered))
    for module in dict.fromkeys(module for module, _ in places):
        lines.append(f"from {module} import {', '.join(name for place, name in places if place == module)}")
    classes = _classes_of_types(drafts, fields, {cls.__name__ for cls in offered})
    for (kind, said), name in classes.items():
        base = next(_class(one, {}) for one in fields if (one.kind, one.own_type) == (kind, said))
        lines += ["", "", f"class {name}({base}):", "    def db_type(self, connection):", f"        return {said!r}"]
    for draft in drafts:
        lines += ["", "", *_model(draft, managed, classes)]
    text = "\n".join(lines) + "\n"
    _refuse_code(text, CALLED | {cls.__name__ for cls in offered}.union(classes.values()))
    return text


def _where(offered: type) -> tuple[str, str]:
    return imported_from(offering_module(offered) or offered.__module__, offered.__name__)


def _classes_of_types(
    drafts: Iterable[TableDraft], fields: Iterable[FieldDraft], taken: Collection[str]
) -> dict[TypeKey, str]:
    """Return the names of the classes that say a column's type, by what they say."""
    found: dict[TypeKey, str] = {}
    models = {one.model for one in drafts}
    for one in fields:
        if one.own_type is not None and (one.kind, one.own_type) not in found:
            name = class_name(f"{one.own_type} column", {*models, *taken, *found.values()})
            found[one.kind, one.own_type] = name
    return found


def _refuse_code(text: str, called: Collection[str]) -> None:
    """Refuse a module that holds more than models; names are made so that this does not happen."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ALLOWED) or (isinstance(node, ast.FunctionDef) and not _says_a_type(node)):
            raise SuspiciousOperation(f"A name of the database became code: {ast.unparse(node)[:80]}")
        if isinstance(node, ast.Call):
            root = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            if not (isinstance(root, ast.Name) and root.id in called):
                raise SuspiciousOperation(f"A name of the database became a call: {ast.unparse(node)[:80]}")


def _says_a_type(node: ast.FunctionDef) -> bool:
    """Whether a method is ``db_type()``, and does nothing but return a text."""
    [*before, last] = node.body
    text = last.value if isinstance(last, ast.Return) else None
    return (
        ast.unparse(node).startswith("def db_type(self, connection):")
        and not before
        and isinstance(text, ast.Constant)
        and isinstance(text.value, str)
    )


def comment(text: str) -> str:
    """Return a comment of one line, whatever the text holds."""
    plain = re.sub(r"\s+", " ", text)
    return "# " + "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in plain)


def _model(draft: TableDraft, managed: bool, classes: Mapping[TypeKey, str]) -> Iterator[str]:
    if draft.error:
        yield comment(f"Unable to inspect table {draft.table!r}")
        yield comment(f"The error was: {draft.error}")
        return
    yield f"class {draft.model}(models.Model):"
    if draft.key:
        yield f"    pk = models.CompositePrimaryKey({', '.join(map(repr, draft.key))})"
    for one in [*draft.fields, *draft.foreign]:
        if not managed and _is_implied(one):
            continue
        notes = f"  {comment(' '.join(one.notes))}" if one.notes else ""
        yield f"    {one.name} = {_field(one, managed, classes)}{notes}"
    yield ""
    yield "    class Meta:"
    yield from _meta(draft, managed)


def _meta(draft: TableDraft, managed: bool) -> Iterator[str]:
    if draft.kind not in ("table", "partition"):
        yield "        managed = False  # Created from a view."
    elif draft.kind == "partition":
        yield "        managed = False  # Created from a partition."
    elif not managed:
        yield "        managed = False"
    elif draft.unmanaged:
        yield f"        managed = False  {comment(draft.unmanaged)}"
    yield f"        db_table = {draft.table!r}"
    if draft.unique:
        yield f"        unique_together = ({' '.join(f'{tuple(one)!r},' for one in draft.unique)})"
    indexes = [one for one in draft.indexes if not one.unique and not (one.by_hand and not _kept(draft, managed))]
    if indexes:
        yield "        indexes = ["
        yield from (f"            {_index(one)}," for one in indexes)
        yield "        ]"
    declared = draft.checks if _kept(draft, managed) else []
    unique = [one for one in draft.indexes if one.unique and _kept(draft, managed)]
    if declared or unique:
        yield "        constraints = ["
        for name, condition, _ in declared:
            yield f"            models.CheckConstraint(condition={_condition(condition)}, name={name!r}),"
        yield from (f"            {_index(one)}," for one in unique)
        yield "        ]"
    if draft.comment:
        yield f"        db_table_comment = {draft.comment!r}"
    told = [note_of_check(name, definition) for name, _, definition in draft.checks if not declared]
    told += [note_of_index(one.name, one) for one in draft.indexes if one not in [*indexes, *unique]]
    for note in [*draft.notes, *told]:
        yield f"        {comment(note)}"


def _kept(draft: TableDraft, managed: bool) -> bool:
    """Whether migrations look after the table, so that its model says what the database has in words of its own."""
    return managed and not draft.unmanaged and draft.kind == "table"


def _says_by_hand(draft: TableDraft) -> bool:
    return bool(draft.checks) or any(one.by_hand for one in draft.indexes)


def _index(one: IndexDraft) -> str:
    arguments: list[str] = []
    if any(part.expression for part in one.parts):
        arguments += map(_index_part, one.parts)
    else:
        arguments.append(f"fields={[('-' if part.descending else '') + part.what for part in one.parts]!r}")
    arguments.append(f"name={one.name!r}")
    arguments += [f"opclasses={one.classes!r}"] if one.classes else []
    arguments += [f"include={one.included!r}"] if one.included else []
    arguments += [f"condition={_condition(one.condition)}"] if one.condition else []
    return f"models.{'UniqueConstraint' if one.unique else 'Index'}({', '.join(arguments)})"


def _index_part(part: IndexPart) -> str:
    written = f"{_by_hand(part.what)})" if part.expression else f"models.F({part.what!r})"
    return f"models.OrderBy({written}, descending=True)" if part.descending else written


def _condition(text: str) -> str:
    return f"{_by_hand(text)}, output_field=models.BooleanField())"


def _by_hand(expression: str) -> str:
    """Return the start of a call: an expression of the database, as the text that it is."""
    return f"RawSQL({expression.replace('%', '%%')!r}, []"


def _is_implied(one: FieldDraft) -> bool:
    """Whether a model has the field without being told: a key called id, that the database numbers."""
    legacy = import_name("orm") != "orm"
    implied = "AutoField" if legacy else str(settings.default_auto_field).rpartition(".")[2]
    return one.name == "id" and one.kind == implied and one.options == {"primary_key": True}


def _class(one: FieldDraft, classes: Mapping[TypeKey, str]) -> str:
    """Return what a module calls the class of a field."""
    if one.own_type is not None and (one.kind, one.own_type) in classes:
        return classes[one.kind, one.own_type]
    return f"models.{one.kind}" if one.imported is None else _where(one.imported)[1]


def _field(one: FieldDraft, managed: bool, classes: Mapping[TypeKey, str]) -> str:
    arguments = [_field(element, managed, classes) for element in one.elements]
    arguments += [_value(value) for value in one.arguments]
    if one.kind in ("ForeignKey", "OneToOneField", "ForeignObject"):
        arguments.append("models.DO_NOTHING")
    arguments += [f"{name}={_value(value)}" for name, value in one.options.items()]
    if managed and one.without_index:
        arguments.append("db_index=False")
    if one.generated is None:
        return f"{_class(one, classes)}({', '.join(arguments)})"
    # What describes the column stays with it; what describes its values belongs to the inner field.
    written = {name: f"{name}={_value(value)}" for name, value in one.options.items()}
    outside = [written.pop(name) for name in ("db_column", "db_comment") if name in written]
    expression, stored = one.generated
    inside = [_field(element, managed, classes) for element in one.elements] + [*written.values()]
    parts = [
        f"expression={_by_hand(expression)})",
        f"output_field={_class(one, classes)}({', '.join(inside)})",
        f"db_persist={stored}",
        *outside,
    ]
    return f"models.GeneratedField({', '.join(parts)})"


def _value(value: object) -> str:
    if isinstance(value, Call):
        return f"{_where(value.function)[1]}()"
    return str(value) if isinstance(value, Name) else repr(value)
