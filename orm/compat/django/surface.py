"""What is importable below ``django``, and which Duotone modules it comes from: the ORM itself, and all other parts."""

from __future__ import annotations

from orm.compat.django.names import HERE, Surface, of, own
from orm.compat.django.surface_backends import BACKENDS
from orm.compat.django.surface_contrib import CONTRIB
from orm.compat.django.surface_core import CORE
from orm.compat.django.surface_migrations import MIGRATIONS
from orm.compat.django.surface_utils import UTILS
from orm.compat.django.web_names import NAMES

DESCRIPTORS: dict[str, str] = {
    "ForwardManyToOneDescriptor": "orm.models.relations.forward:ForwardOneDescriptor",
    "ForwardOneToOneDescriptor": "orm.models.relations.forward:ForwardOneToOneDescriptor",
    "ManyToManyDescriptor": "orm.models.relations.many_to_many_descriptor:ManyToManyDescriptor",
    "ReverseManyToOneDescriptor": "orm.models.relations.reverse_many:ReverseManyDescriptor",
    "ReverseOneToOneDescriptor": "orm.models.relations.reverse_one:ReverseOneDescriptor",
}
"""What stands on a model's class for each kind of relation."""

CITEXT = of("orm.postgresql.removed", "CICharField", "CIEmailField", "CITextField")
"""Fields that old migrations name."""

FUNCTIONS = (
    ("comparison", "comparison", "any value"),
    ("datetime", "moments", "moments"),
    ("json", "json", "JSON"),
    ("math", "numbers", "numbers"),
    ("text", "text", "texts"),
    ("window", "windows", "windows"),
)
"""The modules that functions are named by in migrations, and those they are in."""

DB: dict[str, Surface] = {
    "django": Surface(
        "The ORM's part of Django's names, provided by Duotone.",
        names=own("version", "VERSION", "__version__", "get_version") | own("apps", "setup"),
    ),
    "django.contrib": Surface("Applications that come with Django."),
    "django.contrib.contenttypes": Surface("Rows that refer to rows of any model."),
    "django.contrib.contenttypes.checks": Surface(
        "Checks of generic keys, relations and models' names.", ("orm.contrib.contenttypes.checks",)
    ),
    "django.contrib.contenttypes.fields": Surface(
        "Generic keys and relations.", ("orm.contrib.contenttypes.foreign_key", "orm.contrib.contenttypes.relation")
    ),
    "django.contrib.contenttypes.models": Surface(
        "The table of models.",
        ("orm.contrib.contenttypes.models", "orm.contrib.contenttypes.manager_blocking"),
        loads=True,
    ),
    "django.contrib.contenttypes.prefetch": Surface("Loading them.", ("orm.contrib.contenttypes.prefetch",)),
    "django.contrib.postgres": Surface("What PostgreSQL alone has."),
    "django.contrib.postgres.aggregates": Surface("Aggregates.", ("orm.postgresql.aggregates",)),
    "django.contrib.postgres.aggregates.general": Surface("Aggregates.", ("orm.postgresql.aggregates",)),
    "django.contrib.postgres.aggregates.statistics": Surface("Regression.", ("orm.postgresql.aggregates",)),
    "django.contrib.postgres.constraints": Surface("Exclusion constraints.", ("orm.postgresql.constraints",)),
    "django.contrib.postgres.expressions": Surface(
        "Subqueries as arrays.", names={"ArraySubquery": "orm.postgresql.arrays:ArraySubquery"}
    ),
    "django.contrib.postgres.fields": Surface(
        "Arrays, hstore and ranges.",
        ("orm.postgresql.arrays", "orm.postgresql.hstore", "orm.postgresql.ranges"),
        CITEXT | {"JSONField": "orm.postgresql.removed:PostgresJSONField"},
    ),
    "django.contrib.postgres.fields.array": Surface("Arrays.", ("orm.postgresql.arrays",)),
    "django.contrib.postgres.fields.citext": Surface("Texts that know no case.", names=CITEXT),
    "django.contrib.postgres.fields.hstore": Surface("Texts by key.", ("orm.postgresql.hstore",)),
    "django.contrib.postgres.fields.jsonb": Surface(
        "JSON.", names={"JSONField": "orm.postgresql.removed:PostgresJSONField"}
    ),
    "django.contrib.postgres.fields.ranges": Surface("Ranges.", ("orm.postgresql.ranges",)),
    "django.contrib.postgres.functions": Surface("Functions.", ("orm.postgresql.functions",)),
    "django.contrib.postgres.indexes": Surface("Kinds of indexes.", ("orm.postgresql.indexes",)),
    "django.contrib.postgres.lookups": Surface("Lookups of texts.", ("orm.postgresql.lookups",)),
    "django.contrib.postgres.operations": Surface("Operations of migrations.", ("orm.postgresql.operations",)),
    "django.contrib.postgres.search": Surface("Full-text search and trigrams.", ("orm.postgresql.search",)),
    "django.contrib.postgres.validators": Surface("Validators.", ("orm.postgresql.validators",)),
    "django.db": Surface(
        "Connections, transactions, models, and a database's exceptions.",
        ("orm.errors",),
        own("connections", "ConnectionHandler", "close_old_connections", "connection", "connections", "reset_queries")
        | own("router", "ConnectionRouter", "router")
        | own("version", "DJANGO_VERSION_PICKLE_KEY")
        | of("orm.db.registry", "DEFAULT_DB_ALIAS")
        | of("orm.errors", Error="DatabaseAPIError"),
    ),
    "django.db.utils": Surface(
        "A database's exceptions.",
        ("orm.errors",),
        own("connections", "ConnectionHandler", "load_backend")
        | own("router", "ConnectionRouter")
        | own("version", "DJANGO_VERSION_PICKLE_KEY")
        | of("orm.db.registry", "DEFAULT_DB_ALIAS")
        | of("orm.errors", Error="DatabaseAPIError"),
    ),
    "django.db.transaction": Surface(
        "Transactions.", (f"{HERE}.transaction",), of("orm.db.transactions.atomic_blocking", "Atomic")
    ),
    "django.db.models": Surface(
        "Models, fields, queries and expressions.",
        ("orm.models", "orm.models.fields.removed"),
        of("orm.models.initialiser", "DEFERRED"),
    ),
    "django.db.models.aggregates": Surface("Aggregates.", ("orm.sql.aggregates",)),
    "django.db.models.base": Surface(
        "Models.",
        ("orm.models.base_blocking", "orm.models.base", "orm.models.state"),
        of("orm.models.initialiser", "DEFERRED"),
    ),
    "django.db.models.constants": Surface("Constants of queries.", names={"LOOKUP_SEP": f"{HERE}.version:LOOKUP_SEP"}),
    "django.db.models.constraints": Surface("Constraints.", ("orm.models.constraints",)),
    "django.db.models.deletion": Surface(
        "What happens to referring rows.",
        ("orm.models.on_delete", "orm.errors"),
        of("orm.models.collector_blocking", "Collector"),
    ),
    "django.db.models.enums": Surface(
        "Choices.", ("orm.models.fields.choices",), of("orm.models.fields.choices", ChoicesMeta="ChoicesType")
    ),
    "django.db.models.expressions": Surface(
        "Expressions.",
        ("orm.sql.expressions", "orm.sql.columns", "orm.sql.handwritten", "orm.models"),
        of("orm.sql.expressions", BaseExpression="Expression")
        | own("expression_lists", "ExpressionList", "OrderByList"),
    ),
    "django.db.models.fields": Surface(
        "Fields.",
        ("orm.models.fields", "orm.models.fields.removed"),
        own("query_constants", "BLANK_CHOICE_DASH") | of("orm.models.fields.deferred", "DeferredAttribute"),
    ),
    "django.db.models.fields.composite": Surface("Keys of several.", names=of("orm.models", "CompositePrimaryKey")),
    "django.db.models.fields.files": Surface(
        "Files and pictures.",
        ("orm.models.fields.field_file_blocking", "orm.models.fields.files", "orm.models.fields.images"),
        of("orm.models.fields", "FileField", "ImageField") | of("orm.models.fields.images", "ImageFile"),
    ),
    "django.db.models.fields.generated": Surface("Computed columns.", names=of("orm.models", "GeneratedField")),
    "django.db.models.fields.json": Surface(
        "JSON, and lookups into it.", ("orm.sql.json",), of("orm.sql.json", "KT") | of("orm.models.fields", "JSONField")
    ),
    "django.db.models.fields.mixins": Surface(
        "What fields keep for an instance.", names=own("field_cache", "FieldCacheMixin")
    ),
    "django.db.models.fields.proxy": Surface("Columns that the model itself adds.", ("orm.models.neighbour_methods",)),
    "django.db.models.fields.related": Surface(
        "Relations.",
        ("orm.models.relations",),
        DESCRIPTORS
        | of("orm.models.relations.resolve", "lazy_related_operation", RECURSIVE_RELATIONSHIP_CONSTANT="SELF"),
    ),
    "django.db.models.fields.related_descriptors": Surface(
        "Relations as attributes.",
        names=DESCRIPTORS
        | of("orm.models.fields.deferred", "DeferredAttribute")
        | of("orm.models.relations.reverse_many", "create_reverse_many_to_one_manager"),
    ),
    "django.db.models.fields.reverse_related": Surface(
        "Relations from the other side.", ("orm.models.relations.rels",)
    ),
    "django.db.models.functions": Surface("Database functions.", ("orm.sql.functions",)),
    **{
        f"django.db.models.functions.{name}": Surface(f"Functions of {about}.", (f"orm.sql.functions.{source}",))
        for name, source, about in FUNCTIONS
    },
    "django.db.models.indexes": Surface("Indexes.", ("orm.models.indexes",)),
    "django.db.models.fields.tuple_lookups": Surface("Comparisons of rows.", ("orm.sql.tuples",)),
    "django.db.models.lookups": Surface(
        "Lookups and transforms.",
        ("orm.sql.lookups", "orm.sql.transforms"),
        of("orm.postgresql.lookups", "PostgresOperatorLookup")
        | of("orm.sql.registration", RegisterLookupMixin="LookupOwner"),
    ),
    "django.db.models.manager": Surface("Managers.", ("orm.models.managers",), own("empty_manager", "EmptyManager")),
    "django.db.models.query": Surface(
        "QuerySets.",
        ("orm.query.queryset_blocking", "orm.query.prefetch", "orm.query.prefetch_blocking", "orm.query.empty"),
        own("query_constants", "MAX_GET_RESULTS", "REPR_OUTPUT_SIZE")
        | of("orm.query.iterables", "BaseIterable", "ModelIterable")
        | of("orm.query.raw_blocking", "RawQuerySet")
        | of("orm.sql.conditions", "Q"),
    ),
    "django.db.models.query_utils": Surface(
        "Conditions.",
        ("orm.sql.conditions",),
        of("orm.models.relations.path_info", "PathInfo") | of("orm.models.fields.deferred", "DeferredAttribute"),
    ),
    "django.db.models.signals": Surface(
        "Signals of models.", ("orm.models.signals",), of("orm.models.signals", ModelSignal="Signal")
    ),
    "django.db.models.options": Surface("``_meta``.", ("orm.models.options",), of("orm.models.meta", "DEFAULT_NAMES")),
    "django.db.models.sql": Surface(
        "Statements.", (f"{HERE}.query_constants",), of("orm.query.query", "Query") | of("orm.errors", "EmptyResultSet")
    ),
    "django.db.models.sql.constants": Surface("Constants of statements.", (f"{HERE}.query_constants",)),
    "django.db.models.sql.datastructures": Surface(
        "Tables of statements.", names=of("orm.query.joined", "BaseTable", "Join")
    ),
    "django.db.models.sql.query": Surface("Statements.", names=of("orm.query.query", "Query")),
    "django.db.models.sql.where": Surface(
        "How conditions are joined.",
        names=own("query_constants", "AND", "OR", "XOR") | of("orm.sql.conditions", "NothingNode"),
    ),
    "django.db.models.utils": Surface("Rows with names, models in text.", (f"{HERE}.named_rows",)),
}


def with_parents(surfaces: dict[str, Surface]) -> dict[str, Surface]:
    """Return the surfaces with an empty one for each package that is only a way to others."""
    found = dict(surfaces)
    for name in list(surfaces):
        parent = name.rpartition(".")[0]
        while parent and parent not in found:
            found[parent] = Surface(f"A package of Django's names: {parent}.")
            parent = parent.rpartition(".")[0]
    return found


def named_only() -> dict[str, Surface]:
    """Return the surfaces of modules that have nothing but names of the web."""
    return {name: Surface("Names of the web, to be imported and not used.") for name in NAMES}


SURFACES: dict[str, Surface] = with_parents(
    {
        name: surface._replace(web=name if name in NAMES else "")
        for name, surface in (named_only() | UTILS | CORE | BACKENDS | CONTRIB | DB | MIGRATIONS).items()
    }
)
