"""``django.db.backends``: names code imports for ``isinstance`` and ``except``, and small functions."""

from __future__ import annotations

from orm.compat.django.names import HERE, Surface, of, own

WRAPPER = own("connection", BaseDatabaseWrapper="LegacyConnection", DatabaseWrapper="LegacyConnection")
OF_ONE = {
    "base": WRAPPER | of("orm.errors", "DatabaseError", "IntegrityError"),
    "features": of("orm.sql.features", DatabaseFeatures="Features"),
    "introspection": own("introspection", DatabaseIntrospection="LegacyIntrospection"),
    "operations": own("operations", DatabaseOperations="LegacyOperations"),
    "schema": of("orm.models.schema_editor_blocking", DatabaseSchemaEditor="SchemaEditor"),
}
ENGINES = ("sqlite3", "postgresql", "mysql")

BACKENDS: dict[str, Surface] = {
    "django.db.backends": Surface("What is known of each kind of database."),
    "django.db.backends.base.base": Surface(
        "A connection.", names=own("connection", BaseDatabaseWrapper="LegacyConnection")
    ),
    "django.db.backends.base.features": Surface(
        "Features.", names=of("orm.sql.features", BaseDatabaseFeatures="Features")
    ),
    "django.db.backends.base.introspection": Surface(
        "Introspection.",
        names=own(
            "introspection",
            BaseDatabaseIntrospection="LegacyIntrospection",
            FieldInfo="LegacyColumn",
            TableInfo="LegacyTable",
        ),
    ),
    "django.db.backends.base.operations": Surface(
        "Operations.", names=own("operations", BaseDatabaseOperations="LegacyOperations")
    ),
    "django.db.backends.base.schema": Surface(
        "Tables.", names=of("orm.models.schema_editor_blocking", BaseDatabaseSchemaEditor="SchemaEditor")
    ),
    "django.db.backends.ddl_references": Surface(
        "Statements that follow what is renamed.", (f"{HERE}.ddl_references",)
    ),
    "django.db.backends.postgresql.psycopg_any": Surface(
        "Values of PostgreSQL's own types.",
        names=of("orm.sql.ranges", "DateRange", "DateTimeRange", "DateTimeTZRange", "NumericRange", "Range")
        | own("backend_functions", "is_psycopg3")
        | of("psycopg", "IsolationLevel"),
    ),
    "django.db.backends.signals": Surface(
        "A connection was opened.", names=own("connection_signal", "connection_created")
    ),
    "django.db.backends.utils": Surface(
        "Cursors, and names that fit.",
        (f"{HERE}.backend_functions",),
        own("connection", CursorWrapper="LegacyCursor", CursorDebugWrapper="LegacyCursor"),
    ),
    **{
        f"django.db.backends.{engine}.{part}": Surface(f"{part} of one kind of database.", names=names)
        for engine in ENGINES
        for part, names in OF_ONE.items()
    },
}
