"""Names of parametrized cases that are the same in every process, as pytest-xdist needs them."""

from __future__ import annotations

import re
from types import FunctionType

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def case_name(value: object) -> str:
    """How a value is shown in the name of a test: sets in order, no addresses in memory."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {case_name(item)}" for key, item in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return "" if isinstance(value, FunctionType) else _ADDRESS.sub("", str(value))
