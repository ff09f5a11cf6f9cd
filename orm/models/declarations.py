"""What an index or a constraint says of how it was made: one text for all the ways to say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orm.sql.references import F


def one_form(
    args: tuple[object, ...], options: Mapping[str, Any], fields: type[list[str]] | type[tuple[str, ...]]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments that make the same again: names as ``F``, lists of names alike, and nothing that was left out.

    Parameters: ``fields`` is what the names of fields stand in.
    """
    told = {name: value for name, value in options.items() if value is not None}
    if "fields" in told:
        told["fields"] = fields(told["fields"])
    if "include" in told:
        told["include"] = tuple(told["include"])
    for name in ("include", "opclasses"):
        if name in told and not told[name]:
            del told[name]
    return tuple(F(one) if isinstance(one, str) else one for one in args), told
