"""``DjangoJSONEncoder``: dates, times, durations, decimals and UUIDs in JSON, as Django writes them."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import Any

from orm.structures.lazy import Promise
from orm.text.durations import duration_iso_string


class DjangoJSONEncoder(json.JSONEncoder):
    """A JSON encoder for the values of fields; fractions of a second are cut to milliseconds."""

    def default(self, o: object) -> Any:
        """Return a value as one JSON has.

        Raises ``ValueError`` for an aware time, ``TypeError`` for what has no form in JSON.
        """
        if isinstance(o, datetime.datetime):
            text = o.isoformat()
            if o.microsecond:
                text = text[:23] + text[26:]
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        if isinstance(o, datetime.date):
            return o.isoformat()
        if isinstance(o, datetime.time):
            if o.utcoffset() is not None:
                raise ValueError("JSON can't represent timezone-aware times.")
            return o.isoformat()[:12] if o.microsecond else o.isoformat()
        if isinstance(o, datetime.timedelta):
            return duration_iso_string(o)
        if isinstance(o, (decimal.Decimal, uuid.UUID, Promise)):
            return str(o)
        return super().default(o)
