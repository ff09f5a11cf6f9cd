"""Names of models and fields for the tables and columns of a database somebody else made.

What a database calls a thing is never trusted: a name here is always an identifier, unlike any keyword, any attribute
of a model and any other name beside it. What the database calls it stands as a quoted text.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection

from orm.models.base_blocking import Model

TAKEN = frozenset(name for name in dir(Model) if not name.startswith("__")) | {"objects", "models", "Meta"}
"""What a model has, and a field must not hide."""


def class_name(table: str, taken: Collection[str]) -> str:
    """Return a model's name for a table: its letters and digits, each word with a capital."""
    words = [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFKC", table)) if word]
    name = "".join(word[0].upper() + word[1:].lower() for word in words)
    if not name.isidentifier():
        name = f"Table{name}"
    if not name.isidentifier() or keyword.iskeyword(name):
        name = "Table"
    return _apart(name, {"model", "rawsql"}.union(map(str.lower, taken)), "")


def field_name(column: str, taken: Collection[str], relation: bool = False) -> tuple[str, list[str]]:
    """Return a field's name for a column, and the notes that say why it differs from the column's.

    ``relation`` takes ``_id`` off the end, which a foreign key adds again.
    """
    notes = []
    name = unicodedata.normalize("NFKC", column)
    if name.lower() != name:
        name = name.lower()
        notes.append("Field name made lowercase.")
    if relation and name.endswith("_id") and len(name) > 3:
        name = name[:-3]
    plain = re.sub(r"\W", "_", name)
    if plain != name:
        name = plain
        notes.append("Field renamed to remove unsuitable characters.")
    if "__" in name:
        name = re.sub("_{2,}", "_", name)
        notes.append("Field renamed because it contained more than one '_' in a row.")
    if name.startswith("_"):
        name = f"field{name}"
        notes.append("Field renamed because it started with '_'.")
    if name.endswith("_"):
        name = f"{name}field"
        notes.append("Field renamed because it ended with '_'.")
    if name[:1].isdigit():
        name = f"number_{name}"
        notes.append("Field renamed because it wasn't a valid Python identifier.")
    if not name.isidentifier():
        name = "field"
        notes.append("Field renamed because it wasn't a valid Python identifier.")
    if keyword.iskeyword(name):
        name = f"{name}_field"
        notes.append("Field renamed because it was a Python reserved word.")
    elif name in TAKEN:
        name = f"{name}_field"
        notes.append("Field renamed because models have an attribute of that name.")
    found = _apart(name, taken, "_")
    if found != name:
        notes.append("Field renamed because of name conflict.")
    return found, notes


def _apart(name: str, taken: Collection[str], between: str) -> str:
    """Return a name with a number after it where another has it; ``taken`` are in small letters."""
    found, number = name, 0
    while found.lower() in taken:
        found, number = f"{name}{between}{number}", number + 1
    return found
