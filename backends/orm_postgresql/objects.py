"""What stands beside tables in PostgreSQL: views, triggers and their functions, policies, partitions, extensions."""

from __future__ import annotations

from collections.abc import Sequence

from orm.sql.dialect import Dialect
from orm.sql.objects import LockQueries, TriggerText

_LOCKS = LockQueries(
    session="SELECT pg_backend_pid()",
    newest="SELECT max(oid)::bigint FROM pg_class",
    locks=(
        "SELECT one.virtualtransaction, one.relation::bigint, one.relation::regclass::text, one.mode, one.granted "
        "FROM pg_locks AS one JOIN pg_class AS what ON what.oid = one.relation "
        "JOIN pg_database AS here ON here.oid = one.database AND here.datname = current_database() "
        "WHERE one.pid = {session} AND one.locktype = 'relation' AND one.mode <> 'AccessShareLock' "
        "AND what.relkind IN ('r', 'p', 'i', 'I', 'm') AND what.relnamespace NOT IN "
        "('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace) "
        "ORDER BY one.relation, one.mode"
    ),
    waiting="SELECT count(*) FROM pg_locks WHERE pid = {session} AND NOT granted",
    hold="LOCK TABLE {tables} IN ROW EXCLUSIVE MODE",
)


class PostgreSQLObjects(Dialect):
    """The part of the dialect that makes and drops them."""

    def create_view(self, name: str, query: str, materialized: bool) -> str:
        return f"CREATE {'MATERIALIZED ' if materialized else ''}VIEW {name} AS {query}"

    def create_trigger(
        self,
        table: str,
        name: str,
        timing: str,
        events: Sequence[str],
        body: str,
        condition: str | None,
        each_row: bool,
    ) -> list[str]:
        """Return the function in PL/pgSQL that a trigger runs, under the trigger's own name, and the trigger."""
        block = body if body.lstrip().upper().startswith(("BEGIN", "DECLARE")) else f"BEGIN {body}; END"
        when = f" WHEN ({condition})" if condition is not None else ""
        rows = "ROW" if each_row else "STATEMENT"
        code = self.string_literal(block.replace("%%", "%"))
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {code}",
            f"CREATE TRIGGER {name} {timing} {' OR '.join(events)} ON {table} FOR EACH {rows}{when} "
            f"EXECUTE FUNCTION {name}()",
        ]

    def drop_trigger(self, table: str, name: str) -> list[str]:
        return [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]

    def follow(
        self, table: str, key: Sequence[str], source: str, target: str, sql_type: str, *, lenient: bool
    ) -> list[TriggerText]:
        given = f"NEW.{target} := NEW.{source}::{sql_type};"
        if lenient:
            given = f"BEGIN {given} EXCEPTION WHEN data_exception THEN NEW.{target} := NULL; END;"
        return [TriggerText("BEFORE", ("INSERT", "UPDATE"), f"BEGIN {given} RETURN NEW; END")]

    def mirror(self, table: str, key: Sequence[str], old: str, new: str) -> list[TriggerText]:
        """Whoever writes knows one of the two: what an UPDATE changed, and what an INSERT gives, is what counts."""
        to_new, to_old = f"NEW.{new} := NEW.{old};", f"NEW.{old} := NEW.{new};"
        body = (
            f"BEGIN IF TG_OP = 'INSERT' THEN IF NEW.{new} IS NULL THEN {to_new} ELSE {to_old} END IF; "
            f"ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN {to_old} ELSE {to_new} END IF; RETURN NEW; END"
        )
        return [TriggerText("BEFORE", ("INSERT", "UPDATE"), body)]

    def lock_queries(self) -> LockQueries | None:
        return _LOCKS

    def row_security(self, table: str, enabled: bool, force: bool) -> list[str]:
        words = ["ENABLE" if enabled else "DISABLE", *([("" if enabled else "NO ") + "FORCE"] if force else [])]
        return [f"ALTER TABLE {table} {word} ROW LEVEL SECURITY" for word in words]

    def create_policy(
        self,
        table: str,
        name: str,
        command: str,
        roles: Sequence[str],
        using: str | None,
        check: str | None,
        restrictive: bool,
    ) -> str:
        kind = "RESTRICTIVE" if restrictive else "PERMISSIVE"
        whom = ", ".join(roles) or "PUBLIC"
        rows = f" USING ({using})" if using is not None else ""
        rows += f" WITH CHECK ({check})" if check is not None else ""
        return f"CREATE POLICY {name} ON {table} AS {kind} FOR {command} TO {whom}{rows}"

    def partitioned(self, kind: str, columns: str) -> str:
        return f" PARTITION BY {kind} ({columns})"

    def create_partition(self, table: str, name: str, values: str) -> str:
        return f"CREATE TABLE {name} PARTITION OF {table} {values}"

    def drop_partition(self, name: str) -> str:
        return f"DROP TABLE {name}"

    def create_extension(self, name: str) -> str | None:
        return f"CREATE EXTENSION IF NOT EXISTS {name}"

    def drop_extension(self, name: str) -> str | None:
        return f"DROP EXTENSION IF EXISTS {name}"

    def create_collation(self, name: str, locale: str, provider: str, deterministic: bool) -> str | None:
        rule = "" if deterministic else ", deterministic = false"
        return f"CREATE COLLATION {name} (locale = {locale}, provider = {provider}{rule})"

    def drop_collation(self, name: str) -> str | None:
        return f"DROP COLLATION {name}"
