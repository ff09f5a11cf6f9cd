"""``django.db.migrations``: which Duotone modules its modules come from."""

from __future__ import annotations

from orm.compat.django.names import Surface, of, own

MIGRATIONS: dict[str, Surface] = {
    "django.db.migrations": Surface("Migrations.", ("orm.migrations",)),
    "django.db.migrations.autodetector": Surface(
        "What changed.",
        ("orm.migrations.autodetector",),
        own("dependencies", "OperationDependency"),
    ),
    "django.db.migrations.exceptions": Surface("What can be wrong.", ("orm.migrations.exceptions",)),
    "django.db.migrations.executor": Surface("Applying migrations.", ("orm.migrations.executor_blocking",)),
    "django.db.migrations.graph": Surface("What depends on what.", ("orm.migrations.graph",)),
    "django.db.migrations.loader": Surface(
        "Reading migrations.",
        ("orm.migrations.loader_blocking",),
        of("orm.migrations.exceptions", "AmbiguityError", "BadMigrationError", "NodeNotFoundError"),
    ),
    "django.db.migrations.migration": Surface(
        "One migration.",
        ("orm.migrations.migration_blocking",),
        {name: f"orm.migrations.migration:{name}" for name in ("SwappableTuple", "swappable_dependency")},
    ),
    "django.db.migrations.operations": Surface("Operations.", ("orm.migrations.operations",)),
    "django.db.migrations.operations.base": Surface(
        "What operations share.",
        ("orm.migrations.operation_blocking",),
        {"OperationCategory": "orm.migrations.operation:OperationCategory"},
    ),
    "django.db.migrations.operations.fields": Surface("Operations on fields.", ("orm.migrations.operations.fields",)),
    "django.db.migrations.operations.models": Surface(
        "Operations on models.",
        (
            "orm.migrations.operations.models",
            "orm.migrations.operations.model_base",
            "orm.migrations.operations.indexes",
            "orm.migrations.operations.constraints",
        ),
    ),
    "django.db.migrations.operations.special": Surface("SQL and Python.", ("orm.migrations.operations.special",)),
    "django.db.migrations.optimizer": Surface("Fewer operations.", ("orm.migrations.optimizer",)),
    "django.db.migrations.questioner": Surface("What is asked.", ("orm.migrations.questioner",)),
    "django.db.migrations.recorder": Surface("What has been applied.", ("orm.migrations.recorder_blocking",)),
    "django.db.migrations.serializer": Surface("Values as source.", ("orm.migrations.serializer",)),
    "django.db.migrations.state": Surface(
        "Models at one point of history.",
        ("orm.migrations.state", "orm.migrations.model_state", "orm.migrations.references"),
    ),
    "django.db.migrations.writer": Surface("Files.", ("orm.migrations.writer",)),
}
