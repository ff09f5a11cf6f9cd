"""``connection.ops`` of ``django.db``: what expressions may ask, and the texts of savepoints and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from orm.compat.django.query_log import filled
from orm.db.transactions.public import atomic
from orm.late import late_module, sqlparse
from orm.sql.operations import Operations
from orm.sql.types import INTEGER_RANGES

if TYPE_CHECKING:
    from orm.compat.django.connection import LegacyConnection
    from orm.models import Model
    from orm.serializers import loading
else:
    loading = late_module("orm.serializers.loading")


class LegacyOperations(Operations):
    """Answers of one database. What is not here raises AttributeError: SQL is the dialect's to write."""

    integer_field_ranges: ClassVar[dict[str, tuple[int, int]]] = {
        f"{prefix}{width}{kind}Field": (0 if prefix else INTEGER_RANGES[size][0], INTEGER_RANGES[size][1])
        for width, size in (("Small", "smallint"), ("", "integer"), ("Big", "bigint"))
        for prefix, kind in (("", "Integer"), ("Positive", "Integer"), ("", "Auto"))
    }
    """The least and the greatest value of each kind of field."""

    def __init__(self, connection: LegacyConnection) -> None:
        super().__init__(connection.database.dialect)
        self.connection = connection

    def last_executed_query(self, cursor: object, sql: str, params: object) -> str:
        """Return a statement with its parameters in it, for people."""
        return filled(sql, params)

    # -- tables as a whole -------------------------------------------------------------------------------------------

    def sequence_reset_sql(self, style: object, model_list: Iterable[type[Model]]) -> list[str]:
        """Return the statements after which the database numbers new rows on from the greatest keys there are.

        Parameters: ``style`` colours nothing: statements are for a database.
        """
        return [f"{sql};" for sql in loading.numbering(model_list, self._dialect)]

    def sequence_reset_by_name_sql(self, style: object, sequences: Iterable[Mapping[str, str]]) -> list[str]:
        """Return the same for tables and columns, as ``introspection.sequence_list()`` gives them."""
        quote = self._dialect.quote
        found = [self._dialect.number_on(quote(one["table"]), quote(one["column"])) for one in sequences]
        return [f"{sql};".replace("%%", "%") for statements in found for sql in statements]

    def sql_flush(
        self, style: object, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        """Return the statements that empty tables, and with ``reset_sequences`` start their keys again.

        ``allow_cascade`` empties the tables that refer to them, and to these, as well.
        """
        emptied = self._with_referring(tables) if allow_cascade else tables
        named = [self._dialect.quote(table) for table in emptied]
        statements = self._dialect.empty_tables(named, named if reset_sequences else ())
        return [f"{sql};".replace("%%", "%") for sql in statements]

    def _with_referring(self, tables: Sequence[str]) -> list[str]:
        introspection = self.connection.introspection
        referred = {
            name: {table for _, table in introspection.get_relations(None, name).values()}
            for name in introspection.table_names()
        }
        found = list(dict.fromkeys(tables))
        for table in found:  # which grows meanwhile
            found += [name for name, others in referred.items() if table in others and name not in found]
        return found

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        """Run the statements of ``sql_flush``, all or none."""
        with atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            for sql in sql_list:
                cursor.execute(sql)

    def prepare_sql_script(self, sql: str) -> list[str]:
        """Return the statements of a script, without its comments."""
        return [found for one in sqlparse.split(sql) if (found := sqlparse.format(one, strip_comments=True))]

    # -- transactions ------------------------------------------------------------------------------------------------

    def start_transaction_sql(self) -> str:
        """Return the statement that begins a transaction."""
        return "BEGIN;"

    def end_transaction_sql(self, success: bool = True) -> str:
        """Return the statement that commits a transaction, or rolls it back."""
        return "COMMIT;" if success else "ROLLBACK;"

    def savepoint_create_sql(self, sid: str) -> str:
        """Return the statement that begins a savepoint."""
        return f"SAVEPOINT {self.quote_name(sid)}"

    def savepoint_commit_sql(self, sid: str) -> str:
        """Return the statement that ends a savepoint."""
        return f"RELEASE SAVEPOINT {self.quote_name(sid)}"

    def savepoint_rollback_sql(self, sid: str) -> str:
        """Return the statement that goes back to a savepoint."""
        return f"ROLLBACK TO SAVEPOINT {self.quote_name(sid)}"
