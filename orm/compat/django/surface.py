"""What is importable below ``django``, and which Duotone modules it comes from.

A surface names sources, not names: every public name of a source is offered. Only what is called otherwise here, or
lives in this package, is written down one by one.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

HERE = "orm.compat.django"
OURS = ("orm", "orm.")


@dataclass(frozen=True)
class Surface:
    """One module below ``django``.

    Parameters: ``sources`` are modules whose public names it offers, the first that has a name winning; ``names`` maps
    further names to ``module:attribute`` (a module alone is ``module:``).
    """

    describes: str
    sources: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> tuple[bool, Any]:
        """Return whether ``name`` is offered, and what it is."""
        if name in self.names:
            module, _, attribute = self.names[name].partition(":")
            found = importlib.import_module(module)
            return True, getattr(found, attribute) if attribute else found
        for source in self.sources:
            if name in public_names(source):
                return True, getattr(importlib.import_module(source), name)
        return False, None

    def offered(self) -> list[str]:
        """Return every name the module offers."""
        return sorted({*self.names, *(name for source in self.sources for name in public_names(source))})


@cache
def public_names(source: str) -> frozenset[str]:
    """Return a module's public names: its ``__all__``, else the library's classes, functions and constants in it."""
    module = importlib.import_module(source)
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return frozenset(declared)
    return frozenset(name for name, value in vars(module).items() if not name.startswith("_") and _is_ours(name, value))


def _is_ours(name: str, value: Any) -> bool:
    if isinstance(value, ModuleType):
        return False
    if inspect.isclass(value) or inspect.isroutine(value):
        return getattr(value, "__module__", "").startswith(OURS)
    return name.isupper() or type(value).__module__.startswith(OURS)


def _own(module: str, *names: str) -> dict[str, str]:
    """Return names that live in a module of this package."""
    return {name: f"{HERE}.{module}:{name}" for name in names}


SURFACES: dict[str, Surface] = {
    "django": Surface(
        "The ORM's part of Django's names, provided by Duotone.",
        names=_own("version", "VERSION", "__version__", "get_version") | _own("apps", "setup"),
    ),
    "django.apps": Surface("Installed applications.", names=_own("apps", "AppConfig", "apps")),
    "django.conf": Surface("Settings.", names=_own("settings", "ENVIRONMENT_VARIABLE", "settings")),
    "django.contrib": Surface("Applications that come with Django."),
    "django.contrib.contenttypes": Surface("Rows that refer to rows of any model."),
    "django.contrib.contenttypes.fields": Surface(
        "Generic keys and relations.", ("orm.contrib.contenttypes.foreign_key", "orm.contrib.contenttypes.relation")
    ),
    "django.contrib.contenttypes.models": Surface(
        "The table of models.", ("orm.contrib.contenttypes.models", "orm.contrib.contenttypes.manager_blocking")
    ),
    "django.contrib.contenttypes.prefetch": Surface("Loading them.", ("orm.contrib.contenttypes.prefetch",)),
    "django.contrib.postgres": Surface("What PostgreSQL alone has."),
    "django.contrib.postgres.aggregates": Surface("Aggregates.", ("orm.postgresql.aggregates",)),
    "django.contrib.postgres.constraints": Surface("Exclusion constraints.", ("orm.postgresql.constraints",)),
    "django.contrib.postgres.expressions": Surface(
        "Subqueries as arrays.", names={"ArraySubquery": "orm.postgresql.arrays:ArraySubquery"}
    ),
    "django.contrib.postgres.fields": Surface(
        "Arrays, hstore and ranges.", ("orm.postgresql.arrays", "orm.postgresql.hstore", "orm.postgresql.ranges")
    ),
    "django.contrib.postgres.fields.array": Surface("Arrays.", ("orm.postgresql.arrays",)),
    "django.contrib.postgres.fields.hstore": Surface("Texts by key.", ("orm.postgresql.hstore",)),
    "django.contrib.postgres.fields.ranges": Surface("Ranges.", ("orm.postgresql.ranges",)),
    "django.contrib.postgres.functions": Surface("Functions.", ("orm.postgresql.functions",)),
    "django.contrib.postgres.indexes": Surface("Kinds of indexes.", ("orm.postgresql.indexes",)),
    "django.contrib.postgres.lookups": Surface("Lookups of texts.", ("orm.postgresql.lookups",)),
    "django.contrib.postgres.search": Surface("Full-text search and trigrams.", ("orm.postgresql.search",)),
    "django.contrib.postgres.validators": Surface("Validators.", ("orm.postgresql.validators",)),
    "django.core": Surface("Exceptions and validators."),
    "django.core.checks": Surface("System checks.", ("orm.checks",)),
    "django.core.checks.messages": Surface("What checks find.", ("orm.checks.messages",)),
    "django.core.checks.model_checks": Surface("Checks of all models.", ("orm.models.checks.everything",)),
    "django.core.checks.registry": Surface("Which checks there are.", ("orm.checks.registry",)),
    "django.core.exceptions": Surface("Exceptions that are not a database's.", ("orm.errors",)),
    "django.core.validators": Surface("Validators of fields.", ("orm.models.fields.validators",)),
    "django.db": Surface(
        "Connections, transactions, models, and a database's exceptions.",
        ("orm.errors",),
        _own("connection", "close_old_connections", "connection", "connections", "reset_queries")
        | {"DEFAULT_DB_ALIAS": "orm.db.registry:DEFAULT_DB_ALIAS"},
    ),
    "django.db.backends": Surface("What is known of each kind of database."),
    "django.db.backends.postgresql": Surface("PostgreSQL."),
    "django.db.backends.postgresql.psycopg_any": Surface(
        "Values of PostgreSQL's own types.",
        names={
            name: f"orm.sql.ranges:{name}"
            for name in ("DateRange", "DateTimeRange", "DateTimeTZRange", "NumericRange", "Range")
        },
    ),
    "django.db.migrations": Surface("Migrations.", ("orm.migrations",)),
    "django.db.migrations.autodetector": Surface("What changed.", ("orm.migrations.autodetector",)),
    "django.db.migrations.exceptions": Surface("What can be wrong.", ("orm.migrations.exceptions",)),
    "django.db.migrations.executor": Surface("Applying migrations.", ("orm.migrations.executor_blocking",)),
    "django.db.migrations.graph": Surface("What depends on what.", ("orm.migrations.graph",)),
    "django.db.migrations.loader": Surface("Reading migrations.", ("orm.migrations.loader_blocking",)),
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
    "django.db.migrations.state": Surface("Models at one point of history.", ("orm.migrations.state",)),
    "django.db.migrations.writer": Surface("Files.", ("orm.migrations.writer",)),
    "django.db.utils": Surface(
        "A database's exceptions.", ("orm.errors",), {"DEFAULT_DB_ALIAS": "orm.db.registry:DEFAULT_DB_ALIAS"}
    ),
    "django.db.transaction": Surface("Transactions.", (f"{HERE}.transaction",)),
    "django.db.models": Surface("Models, fields, queries and expressions.", ("orm.models",)),
    "django.db.models.aggregates": Surface("Aggregates.", ("orm.sql.aggregates",)),
    "django.db.models.base": Surface("Models.", ("orm.models.base_blocking", "orm.models.base", "orm.models.state")),
    "django.db.models.constants": Surface("Constants of queries.", names={"LOOKUP_SEP": f"{HERE}.version:LOOKUP_SEP"}),
    "django.db.models.constraints": Surface("Constraints.", ("orm.models.constraints",)),
    "django.db.models.deletion": Surface("What happens to referring rows.", ("orm.models.on_delete", "orm.errors")),
    "django.db.models.enums": Surface("Choices.", ("orm.models.fields.choices",)),
    "django.db.models.expressions": Surface("Expressions.", ("orm.sql.expressions", "orm.models")),
    "django.db.models.fields": Surface("Fields.", ("orm.models.fields",)),
    "django.db.models.fields.related": Surface("Relations.", ("orm.models.relations",)),
    "django.db.models.functions": Surface("Database functions.", ("orm.sql.functions",)),
    "django.db.models.indexes": Surface("Indexes.", ("orm.models.indexes",)),
    "django.db.models.lookups": Surface("Lookups and transforms.", ("orm.sql.lookups",)),
    "django.db.models.manager": Surface("Managers.", ("orm.models.managers",)),
    "django.db.models.query": Surface("QuerySets.", ("orm.query.queryset_blocking", "orm.query.prefetch")),
    "django.db.models.query_utils": Surface("Conditions.", ("orm.sql.conditions",)),
    "django.db.models.signals": Surface("Signals of models.", ("orm.models.signals",)),
    "django.dispatch": Surface(
        "Signals.", names={name: f"orm.models.signals:{name}" for name in ("Signal", "receiver")}
    ),
    "django.utils": Surface("Time zones, texts and dates."),
    "django.utils.dateparse": Surface(
        "Dates in text.", names=_own("text", "parse_date", "parse_datetime", "parse_time")
    ),
    "django.utils.functional": Surface("Cached properties.", names=_own("text", "cached_property")),
    "django.utils.text": Surface("Slugs.", names=_own("text", "slugify")),
    "django.utils.timezone": Surface(
        "The moment, and its zone.",
        (f"{HERE}.timezone",),
        # Scripts reach for the standard library's classes through this module.
        _own("timezone", "utc")
        | {name: f"datetime:{name}" for name in ("datetime", "timedelta", "timezone", "tzinfo")},
    ),
    "django.utils.translation": Surface(
        "Messages, as they are written.",
        names=_own("text", "gettext", "ngettext", "npgettext", "pgettext")
        | {f"{name}_lazy": f"{HERE}.text:{name}" for name in ("gettext", "ngettext", "npgettext", "pgettext")},
    ),
}
