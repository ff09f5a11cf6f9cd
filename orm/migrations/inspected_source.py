"""Drafts of models as Python source. Whatever the database calls a thing is written as a quoted text or a comment.

What is written is read again before it is given out, and refused where it holds more than models.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from orm.config import settings
from orm.errors import SuspiciousOperation
from orm.migrations.inspecting import FieldDraft, Name, TableDraft
from orm.models.public_names import import_name

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
    ast.Name, ast.Load, ast.Store, ast.Constant, ast.List, ast.Tuple, ast.Dict,
)  # fmt: skip
"""All that a module of models holds."""

CALLED = frozenset({"models", "RawSQL"})


def source(drafts: Iterable[TableDraft], *, managed: bool = False) -> str:
    """Return a module with the models.

    Parameters: ``managed`` leaves out ``managed = False``, so that migrations look after the tables.

    Raises ``SuspiciousOperation`` where a name would have become code.
    """
    drafts = list(drafts)
    lines = [HEAD.format(brand="Django" if import_name("orm") != "orm" else "Duotone").rstrip("\n")]
    lines.append(f"from {import_name('orm')} import models")
    if any(one.generated for draft in drafts for one in draft.fields):
        lines.append(f"from {import_name('orm.sql.handwritten')} import RawSQL")
    for draft in drafts:
        lines += ["", "", *_model(draft, managed)]
    text = "\n".join(lines) + "\n"
    _refuse_code(text)
    return text


def _refuse_code(text: str) -> None:
    """Refuse a module that holds more than models; names are made so that this does not happen."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ALLOWED):
            raise SuspiciousOperation(f"A name of the database became code: {ast.unparse(node)[:80]}")
        if isinstance(node, ast.Call):
            root = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            if not (isinstance(root, ast.Name) and root.id in CALLED):
                raise SuspiciousOperation(f"A name of the database became a call: {ast.unparse(node)[:80]}")


def comment(text: str) -> str:
    """Return a comment of one line, whatever the text holds."""
    plain = re.sub(r"\s+", " ", text)
    return "# " + "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in plain)


def _model(draft: TableDraft, managed: bool) -> Iterator[str]:
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
        yield f"    {one.name} = {_field(one, managed)}{notes}"
    yield ""
    yield "    class Meta:"
    if draft.kind not in ("table", "partition"):
        yield "        managed = False  # Created from a view."
    elif draft.kind == "partition":
        yield "        managed = False  # Created from a partition."
    elif not managed:
        yield "        managed = False"
    yield f"        db_table = {draft.table!r}"
    if draft.unique:
        yield f"        unique_together = ({' '.join(f'{tuple(one)!r},' for one in draft.unique)})"
    if draft.indexes:
        yield "        indexes = ["
        for name, fields, classes in draft.indexes:
            more = f", opclasses={classes!r}" if classes else ""
            yield f"            models.Index(fields={fields!r}, name={name!r}{more}),"
        yield "        ]"
    if draft.comment:
        yield f"        db_table_comment = {draft.comment!r}"
    for note in draft.notes:
        yield f"        {comment(note)}"


def _is_implied(one: FieldDraft) -> bool:
    """Whether a model has the field without being told: a key called id, that the database numbers."""
    legacy = import_name("orm") != "orm"
    implied = "AutoField" if legacy else str(settings.default_auto_field).rpartition(".")[2]
    return one.name == "id" and one.kind == implied and one.options == {"primary_key": True}


def _field(one: FieldDraft, managed: bool) -> str:
    arguments = [_value(value) for value in one.arguments]
    if one.kind in ("ForeignKey", "OneToOneField", "ForeignObject"):
        arguments.append("models.DO_NOTHING")
    arguments += [f"{name}={_value(value)}" for name, value in one.options.items()]
    if managed and one.without_index:
        arguments.append("db_index=False")
    if one.generated is None:
        return f"models.{one.kind}({', '.join(arguments)})"
    # What describes the column stays with it; what describes its values belongs to the inner field.
    written = {name: f"{name}={_value(value)}" for name, value in one.options.items()}
    outside = [written.pop(name) for name in ("db_column", "db_comment") if name in written]
    expression, stored = one.generated
    parts = [
        f"expression=RawSQL({expression.replace('%', '%%')!r}, [])",
        f"output_field=models.{one.kind}({', '.join(written.values())})",
        f"db_persist={stored}",
        *outside,
    ]
    return f"models.GeneratedField({', '.join(parts)})"


def _value(value: object) -> str:
    return str(value) if isinstance(value, Name) else repr(value)
