"""The setting ``echo``: each statement on standard error as it ends, with its values, time and colour.

For somebody who looks on, not for a log: values may be secrets. On a terminal, and with rich installed (the extra
``cli``), the SQL is coloured.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orm.db.observing.watched import QueryRecord

TERMINAL = "orm.db.observing.terminal"
"""What writes to a terminal; it needs rich, so nobody imports it but where rich is installed."""

LONGEST = 2_000
"""Characters of the values of one statement that are shown: a bulk insert has megabytes of them."""


def shown_values(record: QueryRecord) -> str:
    """Return the values as text, cut where they are long; nothing where there are none."""
    if not record.params:
        return ""
    text = repr(list(record.params) if not isinstance(record.params, dict) else record.params)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def echo(record: QueryRecord) -> None:
    """Write one statement to standard error."""
    heading = f"[{record.alias} · {record.colour} · {record.seconds * 1000:.2f} ms{' · failed' * record.failed}]"
    values = shown_values(record)
    if sys.stderr.isatty() and find_spec("rich") is not None:
        import_module(TERMINAL).show(heading, record.sql, values)
    else:
        print(heading, record.sql, *([values] if values else []), file=sys.stderr, flush=True)
