"""``django.apps``, ``conf``, ``core`` and ``dispatch``: which Duotone modules they come from."""

from __future__ import annotations

from orm.compat.django.names import HERE, Surface, of, own

OWN_COMMANDS = (
    "check", "createsuperuser", "dbshell", "dumpdata", "flush", "inspectdb", "loaddata", "makemigrations", "migrate",
    "optimizemigration", "shell", "showmigrations", "sqlflush", "sqlmigrate", "sqlsequencereset", "squashmigrations",
    "test",
)  # fmt: skip
FURTHER_COMMANDS = ("createcachetable", "diffsettings", "startapp", "startproject")
"""Commands that only projects in Django's form have."""

COMMANDS = of("orm.commands", "BaseCommand", "CommandError", "CommandParser", "call_command", "get_commands")

FEATURES = of("orm.testing.features", "skipIfDBFeature", "skipUnlessAnyDBFeature", "skipUnlessDBFeature", "tag")

CORE: dict[str, Surface] = {
    "django.apps": Surface("Installed applications.", names=own("apps", "AppConfig", "apps")),
    "django.apps.config": Surface(
        "Installed applications.",
        names=own("apps", "AppConfig") | of("orm.models.applications", MODELS_MODULE_NAME="MODELS_MODULE"),
    ),
    "django.apps.registry": Surface("The registry of models.", names=of("orm.models.apps", "Apps", "apps")),
    "django.conf": Surface(
        "Settings.",
        names=own("settings", "ENVIRONMENT_VARIABLE", "settings", LazySettings="LegacySettings")
        | of("orm.models.relations.resolve", "SettingsReference")
        | of("orm.files.named_storages", DEFAULT_STORAGE_ALIAS="DEFAULT", STATICFILES_STORAGE_ALIAS="STATIC_FILES"),
    ),
    "django.conf.global_settings": Surface("Every setting's default.", (f"{HERE}.global_settings",)),
    "django.core": Surface("Exceptions, validators, checks, commands."),
    "django.core.cache": Surface(
        "Caches that the settings name.",
        names=own("cache", "DEFAULT_CACHE_ALIAS", "cache", "caches", "close_caches")
        | of("orm.caching", CacheHandler="Caches")
        | of("orm.caching", "BaseCache", "CacheKeyWarning", "InvalidCacheBackendError", "InvalidCacheKey"),
    ),
    "django.core.cache.backends.base": Surface("What a cache is.", ("orm.caching.base",)),
    "django.core.cache.backends.db": Surface(
        "Kept in a table.", names=of("orm.contrib.caching.table_blocking", "DatabaseCache")
    ),
    "django.core.cache.backends.dummy": Surface("Nothing is kept.", names=of("orm.caching", "DummyCache")),
    "django.core.cache.backends.filebased": Surface("Kept in files.", names=of("orm.caching", "FileBasedCache")),
    "django.core.cache.backends.locmem": Surface("Kept in memory.", names=of("orm.caching", "LocMemCache")),
    "django.core.cache.utils": Surface("Keys of parts of pages.", ("orm.caching.fragments",)),
    "django.core.checks": Surface("System checks.", ("orm.checks",)),
    "django.core.checks.messages": Surface("What checks find.", ("orm.checks.messages",)),
    "django.core.checks.model_checks": Surface("Checks of all models.", ("orm.models.checks.everything",)),
    "django.core.checks.registry": Surface("Which checks there are.", ("orm.checks.registry",)),
    "django.core.exceptions": Surface(
        "Exceptions that are not a database's.", ("orm.errors",), of("orm.errors", "NON_FIELD_ERRORS")
    ),
    "django.core.files": Surface("Files.", names=of("orm.files.base", "File")),
    "django.core.files.base": Surface("Files.", ("orm.files.base",)),
    "django.core.files.images": Surface(
        "Pictures.", names=of("orm.models.fields.images", "ImageFile", "get_image_dimensions")
    ),
    "django.core.files.locks": Surface("Locks on files.", ("orm.files.locks",)),
    "django.core.files.move": Surface("Moving files.", names=of("orm.files.moves", "file_move_safe")),
    "django.core.files.storage": Surface(
        "Where files are kept.", ("orm.files.storage", "orm.files.memory", "orm.files.named_storages")
    ),
    "django.core.files.storage.base": Surface("Where files are kept.", ("orm.files.storage",)),
    "django.core.files.storage.filesystem": Surface("Files in a folder.", ("orm.files.storage",)),
    "django.core.files.storage.handler": Surface("Storages by alias.", ("orm.files.named_storages",)),
    "django.core.files.storage.memory": Surface("Files in memory.", ("orm.files.memory",)),
    "django.core.files.temp": Surface("Temporary files.", names=of("tempfile", "NamedTemporaryFile", "gettempdir")),
    "django.core.files.uploadedfile": Surface("Files from outside.", ("orm.files.uploads",)),
    "django.core.files.utils": Surface(
        "Names of files, and what has one.",
        names=of("orm.files.storage", "validate_file_name") | of("orm.files.base", "FileProxyMixin"),
    ),
    "django.core.management": Surface(
        "Commands of a project.",
        ("orm.commands",),
        own("management", "ManagementUtility", "execute_from_command_line")
        | of("orm.commands.calling", "find_commands", "load_command_class")
        | {"color": "orm.commands.output:"},
    ),
    "django.core.management.base": Surface(
        "What a command is.",
        ("orm.commands.base", "orm.commands.output"),
        own("translation", "no_translations")
        | own("management", "handle_default_options")
        | of("orm.commands.base", DjangoHelpFormatter="OwnOptionsFirst"),
    ),
    **{
        f"django.core.management.commands.{name}": Surface(f"The command {name}.", (f"orm.commands.own.{name}",))
        for name in OWN_COMMANDS
    },
    **{
        f"django.core.management.commands.{name}": Surface(f"The command {name}.", (f"{HERE}.commands.{name}",))
        for name in FURTHER_COMMANDS
    },
    "django.core.management.color": Surface("Styles.", ("orm.commands.output",)),
    "django.core.management.utils": Surface(
        "What commands are written with.",
        (f"{HERE}.command_parts",),
        of("orm.security.crypto", "get_random_secret_key"),
    ),
    "django.core.paginator": Surface(
        "Pages with numbers.",
        ("orm.query.paging",),
        of("orm.errors", "EmptyPage", "InvalidPage", "PageNotAnInteger"),
    ),
    "django.core.signals": Surface("Signals of requests and settings.", (f"{HERE}.core_signals",)),
    "django.core.signing": Surface("Signed values.", ("orm.security.signing",)),
    "django.core.validators": Surface(
        "Validators of fields.", ("orm.models.fields.validators",), of("orm.models.fields.validators", "EMPTY_VALUES")
    ),
    "django.core.serializers": Surface("Objects as text, and back.", ("orm.serializers",)),
    "django.core.serializers.base": Surface("What every format shares.", ("orm.serializers.base",)),
    "django.core.serializers.json": Surface("JSON.", ("orm.serializers.json", "orm.text.json")),
    "django.core.serializers.jsonl": Surface("JSON, an object a line.", ("orm.serializers.jsonl",)),
    "django.core.serializers.python": Surface("Plain values.", ("orm.serializers.python",)),
    "django.core.serializers.xml_serializer": Surface("XML.", ("orm.serializers.xml_serializer",)),
    "django.dispatch": Surface("Signals.", names=of("orm.models.signals", "Signal", "receiver")),
    "django.dispatch.dispatcher": Surface("Signals.", names=of("orm.models.signals", "Signal", "receiver")),
    "django.forms.models": Surface(
        "A row as a mapping, and names of the web.", names=own("shortcuts", "model_to_dict")
    ),
    "django.forms": Surface(
        "A row as a mapping, and names of the web.",
        names=own("shortcuts", "model_to_dict") | of("orm.errors", "ValidationError"),
    ),
    "django.forms.forms": Surface(
        "Errors of no field, and names of the web.", names=of("orm.errors", "NON_FIELD_ERRORS", "ValidationError")
    ),
    "django.forms.utils": Surface(
        "Names of fields for people, and names of the web.",
        names=of("orm.text.words", "pretty_name") | of("orm.errors", "ValidationError"),
    ),
    "django.http": Surface("Not found, and names of the web.", names=own("shortcuts", "Http404")),
    "django.test": Surface(
        "Tests of data; what needs a request can be named only.",
        names=own(
            "testing", "SimpleTestCase", "TestCase", "TransactionTestCase", "modify_settings", "override_settings"
        )
        | FEATURES,
    ),
    "django.test.runner": Surface("Finding and running tests.", names=own("testing", "DiscoverRunner")),
    "django.test.signals": Surface(
        "Changed settings.", names=own("core_signals", "setting_changed", "template_rendered")
    ),
    "django.test.testcases": Surface(
        "Tests of data; what needs a request can be named only.",
        names=own("testing", "SimpleTestCase", "TestCase", "TransactionTestCase")
        | of("orm.testing.cases", "DatabaseOperationForbidden")
        | FEATURES,
    ),
    "django.test.utils": Surface(
        "What helps to test.",
        names=own(
            *("testing", "CaptureQueriesContext", "TestContextDecorator", "get_runner", "ignore_warnings"),
            *("isolate_apps", "modify_settings", "override_settings", "register_lookup", "setup_test_environment"),
            *("setup_databases", "teardown_databases", "teardown_test_environment"),
        )
        | of("orm.testing.features", "tag"),
    ),
    "django.shortcuts": Surface("Objects or not found.", (f"{HERE}.shortcuts",), own("shortcuts", "_get_queryset")),
    "django.urls": Surface("Functions by name, and names of the web.", (f"{HERE}.callables",)),
    "django.urls.base": Surface("Names of the web, to be imported and not used."),
    "django.urls.utils": Surface("Functions by name.", (f"{HERE}.callables",)),
}
