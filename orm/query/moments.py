"""What ``dates()`` and ``datetimes()`` ask: the different moments of a field, cut to a kind."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from orm import errors
from orm.sql import types
from orm.sql.functions.moments import Trunc
from orm.sql.lookups import IsNull
from orm.sql.references import F
from orm.structures.arguments import check_names

if TYPE_CHECKING:
    from orm.query.chain import Chain

DATES = ("year", "month", "week", "day")
KINDS = {types.DATE: DATES, types.DATETIME: (*DATES, "hour", "minute", "second")}


def different_moments(
    queryset: Chain[Any],
    name: str,
    kind: str,
    order: str,
    result: types.SQLType,
    tzinfo: datetime.tzinfo | str | None = None,
) -> Any:
    """Return the queryset of a field's different moments as ``result``, which are cut and told in ``tzinfo``.

    Raises ``ValueError`` for a ``kind`` or an ``order`` that is none, ``TypeError`` for a field that holds no moments.
    """
    if kind not in KINDS[result]:
        *first, last = map(repr, KINDS[result])
        said = f"'kind' must be one of {', '.join(first)}, or {last}"
        raise ValueError(f"{said}, not {kind!r}." if errors.advice_in_errors else f"{said}.")
    if order not in ("ASC", "DESC"):
        raise errors.advised(ValueError, "'order' must be either 'ASC' or 'DESC'.", f" It was {order!r}.")
    queryset._uncut("create distinct fields")
    (name,) = check_names("dates()" if result is types.DATE else "datetimes()", [name])
    names = queryset.model._meta.names
    field = names.get(name)
    if field is not None and (field.is_relation or field.kind not in ("date", "datetime", "time")):
        raise TypeError(f"{name!r} isn't a DateField, TimeField, or DateTimeField.")
    plain, shown = "plain_field", "datefield" if result is types.DATE else "datetimefield"
    while {plain, shown} & {*names, *queryset._shape.select.annotations}:
        plain, shown = f"{plain}_", f"{shown}_"
    cut = queryset.alias(**{plain: F(name)}).annotate(**{shown: Trunc(plain, kind, result, tzinfo)})
    ordered = cut.filter(IsNull(F(plain), False)).order_by(shown if order == "ASC" else f"-{shown}")
    return ordered.values_list(shown, flat=True).distinct()
