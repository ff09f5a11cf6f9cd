"""What the harness uses of Django's names: settings, tables, transactions, the log of queries, registries."""

import contextlib
import importlib
import importlib.util
import os
import sys
import time

ALWAYS_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sites",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
]


def has_module(name):
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def configure(databases, package):
    """settings.configure() and django.setup(), as a stand-alone script does."""
    from django.conf import settings

    apps = [name for name in ALWAYS_APPS if has_module(name.replace(".apps.SimpleAdminConfig", ""))]
    apps.append(package)
    options = {
        "DATABASES": databases,
        "INSTALLED_APPS": apps,
        "SECRET_KEY": "django-tests",
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
        "USE_TZ": False,
        "SITE_ID": 1,
        "ROOT_URLCONF": "urls",
        "STATIC_URL": "static/",
        "MIGRATION_MODULES": dict.fromkeys(("admin", "auth", "contenttypes", "messages", "sessions", "sites")),
        "SILENCED_SYSTEM_CHECKS": ["fields.W342"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }
    settings.configure(**options)
    import django

    django.setup()


def strict_warnings():
    """As in Django's runtests.py: use of deprecated features is an error."""
    import warnings

    for name in ("RemovedInDjango60Warning", "RemovedInDjango61Warning"):
        with contextlib.suppress(Exception):
            module = importlib.import_module("django.utils.deprecation")
            warnings.simplefilter("error", getattr(module, name))
    warnings.simplefilter("error", ResourceWarning)
    warnings.simplefilter("error", RuntimeWarning)


# -------------------------------------------------------------------- tables


def aliases():
    from django.db import connections

    return list(connections)


def _migratable(model, connection):
    meta = model._meta
    if getattr(meta, "proxy", False) or getattr(meta, "swapped", None) or not meta.managed:
        return False
    vendor = getattr(meta, "required_db_vendor", None)
    if vendor and vendor != connection.vendor:
        return False
    needed = getattr(meta, "required_db_features", None) or []
    return all(getattr(connection.features, f, False) for f in needed)


def models_to_create(alias):
    from django.apps import apps
    from django.db import connections, router

    found = []
    for config in apps.get_app_configs():
        for model in config.get_models():
            if getattr(model._meta, "auto_created", False) or model in found:
                continue
            if _migratable(model, connections[alias]) and router.allow_migrate_model(alias, model):
                found.append(model)
    return found


def create_tables(alias, report):
    """Create every table of the installed apps on `alias`.

    All in one schema_editor, as Django does; if that fails, one model at a
    time, so that one bad model does not take the others' tables with it.
    report(model label, error) is called for each table that is missing then.
    """
    from django.db import connections

    connection = connections[alias]
    models = models_to_create(alias)
    try:
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
    except Exception as exc:
        report("(all at once)", exc)
        have = table_names(alias)
        for model in models:
            if model._meta.db_table in have:
                continue
            try:
                with connection.schema_editor() as editor:
                    editor.create_model(model)
            except Exception as exc:
                report(f"{model.__module__}.{model.__qualname__}", exc)
    State.tables[alias] = table_names(alias)
    try:  # migrate makes this one; the migrations tests expect it
        from django.db.migrations.recorder import MigrationRecorder

        MigrationRecorder(connection).ensure_schema()
    except ImportError:
        pass
    except Exception as exc:
        report("django_migrations", exc)
    fill_content_types(alias)


class State:
    tables = {}


_TABLES_SQL = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
    "AND pg_table_is_visible(c.oid)",
}


def table_names(alias):
    from django.db import connections

    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(_TABLES_SQL[connection.vendor])
        return {row[0] for row in cursor.fetchall()}


def fill_content_types(alias):
    """What migrate's post_migrate does, where contenttypes are offered."""
    try:
        from django.apps import apps
        from django.contrib.contenttypes.models import ContentType

        manager = ContentType.objects.db_manager(alias)
        if ContentType._meta.db_table not in State.tables[alias]:
            return
        have = set(manager.values_list("app_label", "model"))
        manager.bulk_create(
            [
                ContentType(app_label=m._meta.app_label, model=m._meta.model_name)
                for config in apps.get_app_configs()
                for m in config.get_models()
                if (m._meta.app_label, m._meta.model_name) not in have
            ]
        )
        clear_content_types()
    except Exception:
        pass


def clear_content_types():
    with contextlib.suppress(Exception):
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()


def flush(alias):
    """Empty all tables made by create_tables (and only those that still exist)."""
    from django.db import connections

    connection = connections[alias]
    tables = sorted(State.tables.get(alias, set()) & table_names(alias))
    if not tables:
        return
    quoted = ['"{}"'.format(t.replace('"', '""')) for t in tables]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE {} CASCADE".format(", ".join(quoted)))
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            try:
                for table in quoted:
                    cursor.execute(f"DELETE FROM {table}")
            finally:
                cursor.execute("PRAGMA foreign_keys = ON")
    clear_content_types()


def reset_sequences(alias):
    from django.db import connections

    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'")
            if cursor.fetchall():
                cursor.execute("UPDATE sqlite_sequence SET seq = 0")
        else:
            cursor.execute(
                "SELECT n.nspname, c.relname FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S'"
            )
            for schema, name in cursor.fetchall():
                cursor.execute(f'ALTER SEQUENCE "{schema}"."{name}" RESTART')


# --------------------------------------------------------------- transactions


def enter_atomic(alias):
    from django.db import transaction

    atomic = transaction.atomic(using=alias)
    with contextlib.suppress(Exception):
        atomic._from_testcase = True
    atomic.__enter__()
    return atomic


def rollback_atomic(alias, atomic):
    from django.db import transaction

    transaction.set_rollback(True, using=alias)
    atomic.__exit__(None, None, None)


def check_constraints(alias):
    from django.db import connections

    connection = connections[alias]
    check = getattr(connection, "check_constraints", None)
    if check is None or not getattr(connection.features, "can_defer_constraint_checks", False):
        return
    if getattr(connection, "needs_rollback", False):
        return
    usable = getattr(connection, "is_usable", None)
    if usable is None or usable():
        check()


def close_connections():
    from django.db import connections

    try:
        opened = connections.all(initialized_only=True)
    except Exception:
        opened = [connections[a] for a in connections]
    for connection in opened:
        connection.close()


# -------------------------------------------------------------- query capture


class QueryCapture:
    """Statements run on one connection: queries_log if the shim keeps one,
    otherwise an execute_wrapper."""

    def __init__(self, connection):
        self.connection = connection
        self.final = None
        self.stack = None

    def __enter__(self):
        c = self.connection
        if hasattr(c, "queries_log"):
            self.old = c.force_debug_cursor
            c.force_debug_cursor = True
            if hasattr(c, "ensure_connection"):
                c.ensure_connection()
            self.first = len(c.queries_log)
            self._reset_queries(False)
        else:
            self.seen = []
            self.stack = contextlib.ExitStack()
            self.stack.enter_context(c.execute_wrapper(self._wrapper))
        self.final = None
        return self

    def _wrapper(self, execute, sql, params, many, context):
        start = time.monotonic()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seen.append({"sql": self._filled(str(sql), params), "time": "%.3f" % (time.monotonic() - start)})

    @staticmethod
    def _filled(sql, params):
        """The statement with its parameters put in, roughly, as Django logs it."""

        def quoted(p):
            return f"'{p}'" if isinstance(p, str) else str(p)

        try:
            return sql % tuple(map(quoted, params)) if params else sql
        except (TypeError, ValueError):
            return sql

    def _reset_queries(self, connect):
        with contextlib.suppress(Exception):
            from django.core.signals import request_started
            from django.db import reset_queries

            (request_started.connect if connect else request_started.disconnect)(reset_queries)

    def __exit__(self, exc_type, exc, tb):
        c = self.connection
        if self.stack is None:
            c.force_debug_cursor = self.old
            self._reset_queries(True)
            if exc_type is None:
                self.final = len(c.queries_log)
        else:
            self.stack.close()

    @property
    def queries(self):
        if self.stack is None:
            return self.connection.queries[self.first : self.final]
        return list(self.seen)


def clear_query_log(alias):
    from django.db import connections

    log = getattr(connections[alias], "queries_log", None)
    if log is not None:
        log.clear()


# -------------------------------------------------------- settings, registries


def installable(names):
    """INSTALLED_APPS less the django apps that neither shim nor harness has."""
    keep = []
    for name in names:
        module = name
        while module and not has_module(module):
            module = module.rpartition(".")[0]
            if module in ("django", "django.contrib"):
                module = ""
        if module or not name.startswith("django."):
            keep.append(name)
    return keep


def set_installed_apps(names):
    from django.apps import apps

    if hasattr(apps, "set_installed_apps"):
        apps.set_installed_apps(names)


def unset_installed_apps():
    from django.apps import apps

    if hasattr(apps, "unset_installed_apps"):
        apps.unset_installed_apps()


def set_available_apps(names):
    from django.apps import apps

    if not hasattr(apps, "set_available_apps"):
        return False
    have = {config.name for config in apps.get_app_configs()}
    apps.set_available_apps([n for n in names if n in have])
    return True


def unset_available_apps():
    from django.apps import apps

    apps.unset_available_apps()


def send_setting_changed(name, value, enter):
    """Tell the shim through Django's signal, then clear the caches that
    Django's own test receivers clear, where the shim has them."""
    on_setting_changed(name, value)
    try:
        from django.conf import settings
        from django.core.signals import setting_changed
    except ImportError:
        return
    sender = getattr(settings, "_wrapped", settings).__class__
    setting_changed.send(sender=sender, setting=name, value=value, enter=enter)


def on_setting_changed(name, value):
    quiet = contextlib.suppress(Exception)
    if name == "TIME_ZONE":
        if value:
            os.environ["TZ"] = value
        else:
            os.environ.pop("TZ", None)
        time.tzset()
        with quiet:
            from django.utils import timezone

            timezone.get_default_timezone.cache_clear()
    if name in ("TIME_ZONE", "USE_TZ"):
        with quiet:
            from django.db import connections

            for connection in connections.all(initialized_only=True):
                for attr in ("timezone", "timezone_name"):
                    with contextlib.suppress(AttributeError):
                        delattr(connection, attr)
                connection.ensure_timezone()
    elif name == "DATABASE_ROUTERS":
        with quiet:
            from django.db import router
            from django.db.utils import ConnectionRouter

            router.routers = ConnectionRouter().routers
    elif name == "AUTH_USER_MODEL":
        with quiet:
            from django.apps import apps

            apps.clear_cache()
    elif name in ("STORAGES", "MEDIA_ROOT", "MEDIA_URL"):
        with quiet:
            from django.core.files.storage import default_storage, storages
            from django.utils.functional import empty

            with contextlib.suppress(AttributeError):
                del storages.backends
            storages._backends = None
            storages._storages = {}
            default_storage._wrapped = empty
    elif name == "SERIALIZATION_MODULES":
        with quiet:
            from django.core import serializers

            serializers._serializers = {}
    elif name in ("LANGUAGES", "LANGUAGE_CODE", "LOCALE_PATHS"):
        with quiet:
            from asgiref.local import Local
            from django.utils.translation import trans_real

            trans_real._default = None
            trans_real._active = Local()


@contextlib.contextmanager
def isolated_registry(installed_apps):
    """Models defined inside go to a registry of their own."""
    try:
        from django.apps.registry import Apps
        from django.db.models.options import Options
    except ImportError:
        from django.apps import apps

        yield apps
        return
    old = Options.default_apps
    new = Apps(installed_apps)
    Options.default_apps = new
    try:
        yield new
    finally:
        Options.default_apps = old


def loaddata(fixtures, alias):
    from django.core.management import call_command

    call_command("loaddata", *fixtures, verbosity=0, database=alias)


# ---------------------------------------------------------------------- async


def async_to_sync(function):
    from asgiref.sync import async_to_sync as wrap

    return wrap(function)
