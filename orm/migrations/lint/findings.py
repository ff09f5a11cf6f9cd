"""What can be wrong with a migration on a live database: each kind with its lock, its reason and the safe form.

The locks are those of PostgreSQL ("13.3.1. Table-Level Locks"); a database that builds no index beside writers has none
of these kinds, only those about running code and habits.
"""

from __future__ import annotations

from orm.records import NamedTuple

ACCESS_EXCLUSIVE = "AccessExclusiveLock"
SHARE_ROW_EXCLUSIVE = "ShareRowExclusiveLock"
SHARE = "ShareLock"


class Kind(NamedTuple):
    """One thing that can be wrong. ``lock`` is empty for what locks nothing for long, but breaks or misleads."""

    lock: str
    why: str
    remedy: str


NOBODY = "reads and writes wait"
WRITES = "writes wait"

KINDS: dict[str, Kind] = {
    "index-blocks-writes": Kind(
        SHARE, f"{WRITES} while the index is built over every row",
        "AddIndexConcurrently in a migration of its own with atomic = False",
    ),
    "index-drop-blocks": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} behind whoever uses the table while the index is dropped",
        "RemoveIndexConcurrently in a migration with atomic = False",
    ),
    "unique-blocks": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} while the unique index is built over every row",
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX, in SeparateDatabaseAndState",
    ),
    "check-scans": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} while every row is checked",
        "AddConstraintNotValid, and ValidateConstraint in a later migration",
    ),
    "exclusion-blocks": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} while every row is compared; there is no form that does not",
        "a quiet moment and a lock_timeout",
    ),
    "foreign-key-scans": Kind(
        SHARE_ROW_EXCLUSIVE, "writes to both tables wait while every row is checked",
        "db_constraint=False first, then ADD CONSTRAINT ... NOT VALID and VALIDATE CONSTRAINT in a later migration",
    ),
    "not-null-scans": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} while every row is looked at for NULL",
        "AddConstraintNotValid with Q(field__isnull=False), ValidateConstraint later, and then this",
    ),
    "table-rewrite": Kind(
        ACCESS_EXCLUSIVE, f"{NOBODY} while the whole table is written anew",
        "a new column beside the old one, a Backfill, and the switch in a later release",
    ),
    "partition-scans": Kind(
        ACCESS_EXCLUSIVE, "reads and writes of the new partition wait while every row of it is checked",
        "a CHECK that says its bounds first (NOT VALID, validated in a later migration), and then this",
    ),
    "trigger-off": Kind(
        SHARE_ROW_EXCLUSIVE, "what triggers keep true (as foreign keys do) is not kept by the writes to come",
        "leaving them on, or a condition in the trigger's own function",
    ),
    "locks-table": Kind(ACCESS_EXCLUSIVE, f"{NOBODY} until the transaction ends", "a form that locks less"),
    "lock-kept": Kind(
        ACCESS_EXCLUSIVE, "the lock taken by an earlier operation is kept while every row is read or written",
        "a migration of its own for what takes long",
    ),
    "needs-no-transaction": Kind("", "the database refuses it inside a transaction", "atomic = False on the migration"),
    "ends-transaction": Kind(
        "", "it begins or ends a transaction inside the migration's own, which is then no longer whole",
        "without it, or atomic = False on the migration",
    ),
    "newer-server": Kind("", "this server is too old for it", "what this version has, or a newer server first"),
    "index-corrupts": Kind(
        "", "concurrent builds of a server from 14.0 to 14.3 may leave rows out of the index", "an update to 14.4 first"
    ),
    "required-column": Kind(
        "", "code that runs now inserts rows without the new column, and fails",
        "db_default=, or null=True now and NOT NULL after the next release",
    ),
    "column-in-use": Kind(
        "", "code that runs now still asks for the column, and fails",
        "take it out of the state now (SeparateDatabaseAndState), drop it after the next release",
    ),
    "table-in-use": Kind(
        "", "code that runs now still asks for the table, and fails",
        "take the model out of the state now (SeparateDatabaseAndState), drop the table after the next release",
    ),
    "object-in-use": Kind(
        "", "code that runs now, or a column or view that goes with it, still uses it",
        "what stands in its place first; then it without CASCADE, after the next release",
    ),
    "renamed-in-use": Kind(
        "", "code that runs now knows the old name only, and fails",
        "keep the name in the database (db_column=, Meta.db_table), or a new column beside it",
    ),
    "rows-hidden": Kind("", "code that runs now sees no rows until a policy lets it", "the policies first, then this"),
    "rows-shown": Kind("", "code that runs now sees the rows of others", "a policy that lets only those through"),
    "rows-lost": Kind("", "rows are deleted, and taking it back does not bring them", "a copy first, or leaving them"),
    "all-rows-at-once": Kind(
        "", "every row is changed, and locked, in one statement", "migrations.Backfill, which goes in batches"
    ),
    "enum-value": Kind("", "code that runs now may send or meet a value it has not", "another value beside it"),
    "irreversible": Kind("", "it can't be taken back", "the reverse, or noop where nothing is due"),
    "imports-models": Kind(
        "", "it uses a model as it is today, not as it was here", "apps.get_model(...), with the fields of then"
    ),
    "small-key": Kind("", "32 bits of key are used up at two thousand million rows", "BigAutoField"),
    "unindexed-foreign-key": Kind(
        "", "deleting what it refers to reads the whole table", "an index that begins with it"
    ),
    "wide-index": Kind(
        "", "an index of more than three columns is large, and seldom of use beyond its first", "fewer columns"
    ),
    "padded-text": Kind("", "char fills texts with blanks, which are then compared or not", "text, or varchar"),
    "domain-check": Kind(
        "", "changing what a domain allows later reads every table that uses it", "a check on the column"
    ),
    "name-too-long": Kind("", "the server cuts names at 63 bytes, and another may be the same", "a shorter name"),
    "json-text": Kind("", "json has no equality, so DISTINCT and GROUP BY fail", "jsonb"),
    "naive-time": Kind("", "timestamp without time zone means another moment in another session", "timestamptz"),
}  # fmt: skip


class Finding(NamedTuple):
    """Something wrong with one operation of a migration."""

    migration: str
    operation: int
    code: str
    what: str

    @property
    def kind(self) -> Kind:
        """What this kind of finding is about."""
        return KINDS[self.code]

    def __str__(self) -> str:
        lock = f" ({self.kind.lock})" if self.kind.lock else ""
        return (
            f"{self.migration}, operation {self.operation}: {self.what}: {self.kind.why}{lock} [{self.code}]\n"
            f"    Instead: {self.kind.remedy}."
        )
