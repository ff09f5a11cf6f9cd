"""Settings of one transaction (``SET LOCAL``): put by a block, and as they were before once it is left.

PostgreSQL keeps what a nested block has set until the whole transaction ends, unless the block is rolled back; here the
block that sets something puts back what was set around it, however it ends. Names and values are bound, never text.

What this module refuses: names that no setting can have, values that are not text, numbers or booleans, and databases
whose transactions have no settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orm.db.limits import within_limit
from orm.db.transactions.savepoints import roll_back_to_savepoint
from orm.errors import DatabaseError, InterfaceError, NotSupportedError
from orm.late import late_pattern

if TYPE_CHECKING:
    from orm.db.transactions.block import Block
    from orm.sql.dialect import Dialect

Setting = str | int | float | bool

_NAME = late_pattern(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*", re.ASCII)


def checked_settings(given: Mapping[str, Setting] | None) -> dict[str, str]:
    """Return what ``atomic(settings=…)`` was given, as the text the server takes.

    Raises ``ValueError`` for a name that is none, ``TypeError`` for a value of another type.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"settings are names and values, like {{'app.tenant': 5}}, not {given!r}.")
    return {_checked_name(name): _as_text(name, value) for name, value in given.items()}


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a setting: that is a word, or words with dots, as 'app.tenant'.")
    return name


def _as_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"the setting {name!r} is text, a number, True or False, not {value!r}.")
    if "\0" in value:
        raise ValueError(f"the setting {name!r} can't hold a NUL character.")
    return value


def refuse_settings_on(dialect: Dialect) -> None:
    """Raise ``NotSupportedError`` where a transaction can have no settings."""
    if not dialect.capabilities.transaction_settings:
        raise NotSupportedError(
            "atomic(settings=...) needs a database whose transactions have settings of their own; "
            f"{dialect.display_name}'s have none."
        )


async def put_settings(block: Block, settings: Mapping[str, str], limit: float | None) -> None:
    """Set something for the rest of a block; ``limit`` is how many seconds each statement may take."""
    dialect, connection = block.database.dialect, block.lease.connection
    if block.parent is not None and block.parent.transaction:
        read = connection.fetch(dialect.read_settings(len(settings)), tuple(settings))
        (before,) = await block.lease.cross(within_limit(limit, connection, read))
        block.settings_around = dict(zip(settings, (value or "" for value in before), strict=True))
    await _set(block, settings, limit)


async def put_settings_back(block: Block) -> None:
    """Set what was set around a nested block; where that fails, the block is undone and the error raised."""
    try:
        await _set(block, block.settings_around, block.limit)
    except (DatabaseError, InterfaceError) as error:
        if block.savepoint is not None:
            await roll_back_to_savepoint(block, block.savepoint)
        elif block.parent is not None:
            block.parent.doom(cause=error)
        raise


async def _set(block: Block, settings: Mapping[str, str], limit: float | None) -> None:
    connection = block.lease.connection
    params = tuple(part for pair in settings.items() for part in pair)
    statement = connection.fetch(block.database.dialect.set_settings(len(settings)), params)
    await block.lease.cross(within_limit(limit, connection, statement))
