"""What is measured, and what is promised: the names of the workloads, their panes and their targets.

A pane is one database in one colour. A target is a ratio to the raw driver of that pane (lower is better), or an
absolute time in microseconds for the one workload that needs no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Pane(NamedTuple):
    """One database in one colour."""

    database: str
    colour: str

    def __str__(self) -> str:
        return f"{self.database} {self.colour}"


SQLITE_BLOCKING: Final = Pane("sqlite", "blocking")
SQLITE_ASYNC: Final = Pane("sqlite", "async")
POSTGRESQL_BLOCKING: Final = Pane("postgresql", "blocking")
POSTGRESQL_ASYNC: Final = Pane("postgresql", "async")
PANES: Final = (SQLITE_BLOCKING, SQLITE_ASYNC, POSTGRESQL_BLOCKING, POSTGRESQL_ASYNC)


@dataclass(frozen=True)
class Workload:
    """One thing to time.

    ``name`` is the method a competitor defines; ``rows`` how many rows one operation yields or touches, checked for
    every competitor (None where it is not counted). ``notes`` says what the scratch table holds beforehand: "empty",
    "full" (as many rows as operations, or ``scratch`` where their number is fixed) or None. ``operations`` fixes their
    number instead of calibrating it, ``rounds`` that of the rounds. ``against`` is whose time a ratio is to.
    """

    name: str
    title: str
    rows: int | None
    targets: Mapping[Pane, float] = field(default_factory=dict)
    panes: tuple[Pane, ...] = PANES
    notes: str | None = None
    operations: int | None = None
    scratch: int = 1_000
    most: int = 20_000
    rounds: int | None = None
    against: str = "raw"
    absolute: bool = False
    stall: bool = False


def four(*targets: float) -> Mapping[Pane, float]:
    """One workload's targets in the order of :data:`PANES`."""
    return dict(zip(PANES, targets, strict=True))


def three(target: float) -> Mapping[Pane, float]:
    """One target where the library's part shows best."""
    return dict.fromkeys((SQLITE_BLOCKING, POSTGRESQL_BLOCKING, POSTGRESQL_ASYNC), target)


POSTGRESQL: Final = (POSTGRESQL_BLOCKING, POSTGRESQL_ASYNC)
ONE_WRITE: Final = {SQLITE_BLOCKING: 5.0, POSTGRESQL_ASYNC: 1.5}
INSERT_ONE: Final = {SQLITE_BLOCKING: 2.0, POSTGRESQL_ASYNC: 1.5}
BULK_ROWS: Final = 5_000
WIDE_ROWS: Final = 1_000
WIDE_COLUMNS: Final = 35
"""Besides the key."""
MANY_ROWS: Final = 5_000
STALL_ROWS: Final = 20_000
PARENTS: Final = 100
CHILDREN: Final = 10
ROOTS: Final = 10
BRANCHES: Final = 100
"""Of each root."""
LEAVES: Final = 100
"""Of each branch."""
CHANGED_ROWS: Final = 10_000
COPIED_ROWS: Final = 1_000_000
GATHERED_ROWS: Final = 1_000
TASKS: Final = 50
TASK_READS: Final = 20
TASK_UPDATES: Final = 4
POOL_SIZE: Final = 10

WORKLOADS: Final = (
    Workload("construct", "an instance, against a dataclass's", 1, {SQLITE_BLOCKING: 3.0}, panes=(SQLITE_BLOCKING,)),
    Workload("get", "get by primary key", 1, four(2, 1.4, 1.8, 1.6)),
    Workload("get_joined", "get with one joined relation", 1, four(2.4, 1.6, 2, 2)),
    Workload("filter_20", "filter, limit 20, objects", 20, four(2.5, 1.8, 1.8, 1.8)),
    Workload("objects", "5,000 objects", MANY_ROWS, four(2, 2, 2, 2)),
    Workload("dicts", "5,000 dicts", MANY_ROWS, four(1.3, 1.3, 1.3, 1.3)),
    Workload("tuples", "5,000 tuples", MANY_ROWS, four(1.15, 1.15, 1.15, 1.15)),
    Workload("stream", "stream of 20,000 objects", STALL_ROWS, four(1.5, 1.5, 1.5, 1.5)),
    Workload("insert_one", "insert one", 1, INSERT_ONE, notes="empty", most=2_000),
    Workload("update_one", "update one", 1, ONE_WRITE, notes="full", most=2_000),
    Workload("delete_one", "delete one", 1, ONE_WRITE, notes="full", most=2_000),
    Workload("insert_each", "insert one, in a transaction", 1, {SQLITE_BLOCKING: 3.0}, notes="empty", most=2_000),
    Workload("save_each", "save one, in a transaction", 1, {SQLITE_BLOCKING: 2.5}, notes="full", most=2_000),
    Workload("save_field", "save one field, in a transaction", 1, {SQLITE_BLOCKING: 3.0}, notes="full", most=2_000),
    Workload("delete_each", "delete one, in a transaction", 1, {SQLITE_BLOCKING: 2.5}, notes="full", most=2_000),
    Workload(
        "delete_related",
        "delete one, which others may refer to",
        1,
        {SQLITE_BLOCKING: 8.0, POSTGRESQL_ASYNC: 2.5},
        notes="empty",
        most=1_000,
    ),
    Workload("bulk_insert", "bulk insert, 5,000 rows", BULK_ROWS, four(2, 1.8, 1, 1), notes="empty", operations=1),
    Workload(
        "wide_insert",
        "bulk insert, 1,000 rows of 36 columns",
        WIDE_ROWS,
        {SQLITE_BLOCKING: 1.3, SQLITE_ASYNC: 1.3},
        notes="empty",
        operations=1,
    ),
    Workload(
        "prefetch",
        "prefetch 10 children of 100 parents",
        PARENTS * CHILDREN,
        {SQLITE_BLOCKING: 3.0, POSTGRESQL_ASYNC: 2.0},
    ),
    Workload(
        "prefetch_deep",
        "prefetch of 100 of each of 100 of each of 10",
        ROOTS * BRANCHES * LEAVES,
        three(2.0),
        panes=tuple(three(2.0)),
        rounds=7,
    ),
    Workload("annotated", "5,000 objects with a count", MANY_ROWS, three(1.8), panes=tuple(three(1.8))),
    Workload("grouped", "5,000 groups with three aggregates", MANY_ROWS, three(1.8), panes=tuple(three(1.8))),
    Workload("windowed", "5,000 objects with a row number", MANY_ROWS, three(1.8), panes=tuple(three(1.8))),
    Workload(
        "bulk_update",
        "bulk update, 10,000 rows, 3 columns",
        CHANGED_ROWS,
        dict.fromkeys(POSTGRESQL, 1.2),
        panes=POSTGRESQL,
        notes="full",
        operations=1,
        scratch=CHANGED_ROWS,
    ),
    Workload(
        "update_conflicts",
        "bulk insert or update, 10,000 rows, 3 columns",
        CHANGED_ROWS,
        dict.fromkeys(POSTGRESQL, 1.2),
        panes=POSTGRESQL,
        notes="full",
        operations=1,
        scratch=CHANGED_ROWS,
    ),
    Workload(
        "copy_in",
        "copy in, 1,000,000 rows",
        COPIED_ROWS,
        dict.fromkeys(POSTGRESQL, 1.3),
        panes=POSTGRESQL,
        notes="empty",
        operations=1,
        rounds=5,
    ),
    Workload(
        "batch",
        "batch of 1,000 saves, against SQLAlchemy's flush",
        GATHERED_ROWS,
        three(0.5),
        panes=tuple(three(0.5)),
        notes="empty",
        operations=1,
        against="sqlalchemy",
    ),
    Workload(
        "pool",
        "1,000 reads, 200 updates, 50 tasks, pool of 10",
        TASKS * (TASK_READS + TASK_UPDATES),
        {POSTGRESQL_ASYNC: 0.8},
        panes=(POSTGRESQL_ASYNC,),
        notes="full",
        operations=1,
    ),
    Workload(
        "stall",
        "longest stall of the loop, 20,000 objects",
        STALL_ROWS,
        {SQLITE_ASYNC: 1.05, POSTGRESQL_ASYNC: 1.05},
        panes=(SQLITE_ASYNC, POSTGRESQL_ASYNC),
        operations=3,
        stall=True,
    ),
    Workload(
        "compile",
        "build and compile a warm query (µs)",
        None,
        {SQLITE_BLOCKING: 12.0, POSTGRESQL_BLOCKING: 12.0},
        panes=(SQLITE_BLOCKING, POSTGRESQL_BLOCKING),
        absolute=True,
    ),
    Workload(
        "compile_ten",
        "the same of ten steps, warm (µs)",
        None,
        {SQLITE_BLOCKING: 15.0, POSTGRESQL_BLOCKING: 15.0},
        panes=(SQLITE_BLOCKING, POSTGRESQL_BLOCKING),
        absolute=True,
    ),
    Workload(
        "compile_cold",
        "the same of ten steps, cold (µs)",
        None,
        {SQLITE_BLOCKING: 2_000.0, POSTGRESQL_BLOCKING: 2_000.0},
        panes=(SQLITE_BLOCKING, POSTGRESQL_BLOCKING),
        absolute=True,
        most=100,
    ),
)

BY_NAME: Final = {workload.name: workload for workload in WORKLOADS}
