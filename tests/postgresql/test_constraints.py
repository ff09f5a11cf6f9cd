"""Exclusion constraints and PostgreSQL's kinds of indexes."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
import pytest

from orm.errors import IntegrityError, ValidationError
from orm.models import Q
from orm.postgresql import BloomIndex, BrinIndex, ExclusionConstraint, GinIndex, OpClass
from tests.postgresql.models import Reservation

pytestmark = pytest.mark.only(backend="postgresql")

NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


async def test_the_database_refuses_what_is_excluded(database: Any) -> None:
    await Reservation.objects.acreate(room=1, during=(NOON, NOON + 2 * HOUR))
    await Reservation.objects.acreate(room=2, during=(NOON, NOON + 2 * HOUR))
    await Reservation.objects.acreate(room=1, during=(NOON, NOON + 2 * HOUR), cancelled=True)
    with pytest.raises(IntegrityError, match="no_double_booking"):
        await Reservation.objects.acreate(room=1, during=(NOON + HOUR, NOON + 3 * HOUR))


async def test_validation_asks_the_database_ahead(database: Any) -> None:
    await Reservation.objects.acreate(room=1, during=(NOON, NOON + 2 * HOUR))
    overlapping = Reservation(room=1, during=(NOON + HOUR, NOON + 3 * HOUR), name="x")
    with pytest.raises(ValidationError, match="no_double_booking"):
        await overlapping.avalidate_constraints()
    await overlapping.avalidate_constraints(exclude={"room"})
    for room, during, cancelled in ((2, overlapping.during, False), (1, None, False), (1, overlapping.during, True)):
        await Reservation(room=room, during=during, cancelled=cancelled).avalidate_constraints()
    saved = await Reservation.objects.aget()
    await saved.avalidate_constraints()


def test_indexes_are_built_as_declared(database: Any) -> None:
    with psycopg.connect(database.url) as session:
        rows = session.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'postgresql_reservation'").fetchall()
    found = "\n".join(row[0] for row in rows)
    assert "USING gist (during) WITH (buffering='on', fillfactor='80')" in found
    assert "by_name ON public.postgresql_reservation USING btree (name varchar_pattern_ops) INCLUDE (room)" in found
    assert "(lower((name)::text) varchar_pattern_ops) WITH (deduplicate_items=" in found
    assert "USING hash (room) WITH (fillfactor='70')" in found
    assert "USING brin (room) WITH (autosummarize='on', pages_per_range='4')" in found
    assert "by_space ON public.postgresql_reservation USING spgist (during) WHERE (cancelled = false)" in found


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: OpClass("name", name="x); DROP TABLE"),
        lambda: GinIndex(fields=["tags"], gin_pending_list_limit="4) --"),
        lambda: BrinIndex(fields=["a"], pages_per_range=0),
        lambda: BloomIndex(fields=["a"], columns=[5000]),
        lambda: ExclusionConstraint(name="x", expressions=[("a", "= ANY")]),
        lambda: ExclusionConstraint(name="x", expressions=[("a", "=")], index_type="gist (x)"),
        lambda: ExclusionConstraint(name="x", expressions=[]),
        lambda: GinIndex(fields=["a"], condition=Q(a=1)),
    ],
)
def test_what_can_not_be_declared_is_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        wrong()
