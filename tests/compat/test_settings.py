"""Settings, applications, cursors and time zones as scripts use them. Each case in a process and folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OUTER = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
Say = Callable[..., str]

HEAD = """
from orm.compat.django import install
install()
import django
from django.conf import settings
"""
SQLITE = """
ENGINE = "django.db.backends.sqlite3"
settings.configure(DATABASES={"default": {"ENGINE": ENGINE, "NAME": "here.sqlite3"}}, TIME_ZONE="UTC")
django.setup()
"""


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Run a program after ``install()`` in the test's folder; return what it printed."""

    def run(program: str, **environment: str) -> str:
        clean = {key: value for key, value in os.environ.items() if key not in OUTER}
        done = subprocess.run(
            [sys.executable, "-c", HEAD + program],
            cwd=tmp_path,
            env={**clean, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def failing(statement: str) -> str:
    """A program that prints the error of a statement."""
    return f"\ntry:\n    {statement}\nexcept Exception as error:\n    print(type(error).__name__, error)\n"


def test_defaults_and_reads(say: Say) -> None:
    said = say(
        SQLITE + "print(settings.USE_TZ, settings.DEBUG, settings.configured, settings.AUTH_USER_MODEL, "
        "repr(settings.MEDIA_ROOT), settings.LANGUAGE_CODE, settings.STATIC_URL)" + failing("settings.COLOUR")
    )
    assert said == (
        "True False True auth.User '' en-us None\n"
        "AttributeError module 'django.conf.global_settings' has no attribute 'COLOUR'"
    )


def test_settings_twice(say: Say) -> None:
    assert "RuntimeError" in say(SQLITE + failing("settings.configure()"))


def test_a_setting_in_small_letters(say: Say) -> None:
    assert "TypeError" in say(failing("settings.configure(debug=True)"))


def test_no_settings_at_all(say: Say) -> None:
    said = say(failing("settings.SECRET_KEY"))
    assert said.startswith("ImproperlyConfigured")
    assert "settings.configure(" in said


def test_an_engine_nobody_has(say: Say) -> None:
    said = say(
        'settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.oracle", "NAME": "x"}})\n'
        "from django.db import connection" + failing("connection.cursor()")
    )
    assert "ImproperlyConfigured" in said
    assert "oracle" in said


def test_an_engine_of_djangos_that_django_does_not_have(say: Say) -> None:
    said = say(failing('settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite"}})'))
    assert said.startswith("ImproperlyConfigured 'django.db.backends.sqlite' isn't an available database backend")


def test_an_unknown_alias_names_the_known(say: Say) -> None:
    known = "\ntry:\n    connections['defualt']\nexcept Exception as error:\n    print(error, *error.__notes__)\n"
    said = say(SQLITE + "from django.db import connections" + known)
    assert said == "The connection 'defualt' doesn't exist. Did you mean default?"


def test_a_settings_module(say: Say, tmp_path: Path) -> None:
    (tmp_path / "site_settings.py").write_text(
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\nCOLOUR = "blue"\n'
        'INSTALLED_APPS = ["django.contrib.gis", "zoo"]\n',
        encoding="utf-8",
    )
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    (tmp_path / "zoo" / "models.py").write_text(
        "from django.db import models\nclass Animal(models.Model):\n    name = models.CharField(max_length=9)\n",
        encoding="utf-8",
    )
    said = say(
        "import warnings\nwith warnings.catch_warnings(record=True) as told:\n    warnings.simplefilter('always')\n"
        "    django.setup()\nprint([str(w.message).split(',')[0] for w in told])\n"
        "from django.apps import apps\nprint(settings.COLOUR, apps.get_model('zoo.Animal')._meta.label)\n"
        + failing("apps.get_app_config('zo')"),
        DJANGO_SETTINGS_MODULE="site_settings",
    )
    assert said.splitlines() == [
        "['INSTALLED_APPS lists django.contrib.gis']",
        "blue zoo.Animal",
        "LookupError No installed app with label 'zo'.",
    ]


def test_an_application_that_is_not_there_is_passed_over(say: Say) -> None:
    said = say(
        "import warnings\nsettings.configure(INSTALLED_APPS=['nowhere.apps.Config'])\n"
        "with warnings.catch_warnings(record=True) as told:\n    warnings.simplefilter('always')\n    django.setup()\n"
        "print([str(each.message) for each in told])\nfrom django.apps import apps\nprint(list(apps.get_app_configs()))"
    )
    assert "INSTALLED_APPS lists nowhere.apps.Config, which can't be loaded here" in said
    assert "No module named 'nowhere'" in said
    assert said.splitlines()[-1] == "[]"


def test_an_application_of_the_project_fails_loudly(say: Say, tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    (tmp_path / "zoo" / "models.py").write_text("import nowhere\n", encoding="utf-8")
    said = say(
        "settings.configure(INSTALLED_APPS=['zoo'])\ntry:\n    django.setup()\nexcept ImportError as error:\n"
        "    print(error, error.__notes__)"
    )
    assert "No module named 'nowhere'" in said
    assert "'zoo' of INSTALLED_APPS" in said


def test_a_settings_change_takes_effect_at_once(say: Say) -> None:
    said = say(
        SQLITE
        + "from django.utils import timezone\nprint(timezone.is_aware(timezone.now()))\nsettings.USE_TZ = False\n"
        "print(timezone.is_aware(timezone.now()))\ndel settings.USE_TZ\nprint(timezone.is_aware(timezone.now()))"
    )
    assert said.split() == ["True", "False", "True"]


def test_each_alias_has_a_memory_of_its_own(say: Say) -> None:
    said = say(
        """
MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(DATABASES={"default": MEMORY, "other": MEMORY})
django.setup()
from django.db import connections
for alias in connections:
    connections[alias].cursor().execute("CREATE TABLE here (id integer)")
print([len(connections[alias].introspection.table_names()) for alias in connections])
"""
    )
    assert said == "[1, 1]"


def test_cursors_run_djangos_placeholders_and_keep_a_log(say: Say) -> None:
    said = say(
        SQLITE
        + """
from django.db import connection, transaction
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE t (a integer, b text)")
    cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(1, "x"), (2, None)])
    print(cursor.execute("SELECT a, b AS bee FROM t WHERE a > %s ORDER BY a", [0]).fetchmany(1), cursor.fetchall())
    print([column[0] for column in cursor.description])
    cursor.execute("SELECT a FROM t WHERE 1 = 0")
    print(cursor.fetchone(), len(cursor.description))
    cursor.execute("DELETE FROM t WHERE a = %(a)s", {"a": 1})
    print(cursor.rowcount)
    cursor.execute("SELECT '100%'")
    print(cursor.fetchone())
    cursor.execute("SELECT '100%%', %s", ["y"])
    print(cursor.fetchone())
try:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM t")
        raise KeyError
except KeyError:
    pass
with connection.cursor() as cursor:
    print(cursor.execute("SELECT COUNT(*) FROM t").fetchone())
"""
        + failing("cursor.execute('SELECT 1')")
        + failing("connection.cursor().execute('SELECT %s', [1, 2])")
        + failing("connection.cursor().execute('SELECT * FROM nowhere')")
        + "print(connection.queries)\nconnection.force_debug_cursor = True\n"
        + "connection.cursor().execute('SELECT %s', ['x'])\nconnection.force_debug_cursor = False\n"
        + "connection.cursor().execute('SELECT 2')\nprint([each['sql'] for each in connection.queries])"
        + failing("connection.creation")
    )
    lines = said.splitlines()
    assert lines[:7] == ["[(1, 'x')] [(2, None)]", "['a', 'bee']", "None 1", "1", "('100%',)", "('100%', 'y')", "(1,)"]
    assert lines[7] == "ProgrammingError the cursor is closed"
    assert lines[8].startswith("ProgrammingError The SQL has 1 placeholders for 2 parameters")
    assert "nowhere" in lines[9]
    assert lines[10:12] == ["[]", "[\"SELECT 'x'\"]"]
    assert lines[12].startswith("AttributeError django.db.connection has no creation here")


def test_time_zones(say: Say) -> None:
    said = say(
        """
settings.configure(TIME_ZONE="Asia/Kolkata")
from datetime import datetime
from django.utils import timezone
moment = timezone.make_aware(datetime(2024, 1, 1, 12, 0))
print(moment.isoformat(), timezone.is_aware(moment), timezone.make_naive(moment).isoformat())
print(timezone.localtime(moment, timezone.utc).isoformat(), timezone.localdate(moment))
print(timezone.now().tzinfo, timezone.get_current_timezone_name())
print(timezone.timedelta(days=1) + timezone.datetime(2024, 1, 1))
print(timezone.get_fixed_timezone(-90).utcoffset(None), timezone.get_fixed_timezone(-90))
"""
        + failing("timezone.make_aware(moment)")
        + """
timezone.activate('UTC')
print(timezone.get_current_timezone(), timezone.localtime(moment).isoformat())
with timezone.override("Europe/Rome"):
    print(timezone.get_current_timezone_name(), timezone.localtime(moment).hour)
    with timezone.override(None):
        print(timezone.get_current_timezone_name())
print(timezone.get_current_timezone())
timezone.deactivate()
print(timezone.get_current_timezone_name(), timezone.get_default_timezone_name())
"""
    )
    lines = said.splitlines()
    assert lines[0] == "2024-01-01T12:00:00+05:30 True 2024-01-01T12:00:00"
    assert lines[1] == "2024-01-01T06:30:00+00:00 2024-01-01"
    assert lines[2] == "UTC Asia/Kolkata"
    assert lines[3] == "2024-01-02 00:00:00"
    assert lines[4] == "-1 day, 22:30:00 -0130"
    assert lines[5].startswith("ValueError")
    assert lines[6] == "UTC 2024-01-01T06:30:00+00:00"
    assert lines[7:] == ["Europe/Rome 7", "Asia/Kolkata", "UTC", "Asia/Kolkata Asia/Kolkata"]


def test_small_things_models_import(say: Say) -> None:
    said = say(
        "from django.utils.text import slugify\nfrom django.utils.translation import gettext_lazy as _, ngettext\n"
        "from django.utils.functional import cached_property\n"
        "from django.utils.dateparse import parse_date, parse_datetime\n"
        "print(slugify(' Ünïcode & more -- stuff_'), _('as it is'), ngettext('one', 'many', 2))\n"
        "print(parse_date('2024-02-30x'), parse_date('2024-02-3'), parse_datetime('2024-01-01T10:00:00.5Z'))\n"
        "print(django.VERSION >= (4, 2), django.get_version(), django.__version__)"
    )
    assert said.splitlines() == [
        "unicode-more-stuff as it is many",
        "None 2024-02-03 2024-01-01 10:00:00.500000+00:00",
        "True 5.2 5.2",
    ]


def test_savepoints_by_hand(say: Say) -> None:
    said = say(
        SQLITE
        + """
from django.db import connection, transaction, IntegrityError
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE t (id integer PRIMARY KEY)")
print(transaction.savepoint())
with transaction.atomic(), connection.cursor() as cursor:
    first = transaction.savepoint()
    cursor.execute("INSERT INTO t VALUES (1)")
    transaction.savepoint_rollback(first)
    second = transaction.savepoint()
    cursor.execute("INSERT INTO t VALUES (2)")
    transaction.savepoint_commit(second)
    third = transaction.savepoint()
    try:
        cursor.execute("INSERT INTO t VALUES (2)")
    except IntegrityError:
        transaction.savepoint_rollback(third)
    cursor.execute("INSERT INTO t VALUES (3)")
    transaction.savepoint_commit(third)
    try:
        transaction.savepoint_commit(third)
    except transaction.TransactionManagementError as error:
        print("There is no savepoint" in str(error))
with connection.cursor() as cursor:
    cursor.execute("SELECT id FROM t ORDER BY id")
    print(cursor.fetchall())
"""
    )
    assert said.splitlines() == ["None", "True", "[(2,), (3,)]"]


def test_a_savepoint_by_hand_can_be_rolled_back_to_again(say: Say) -> None:
    said = say(
        SQLITE
        + """
from django.db import connection, transaction
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE t (id integer PRIMARY KEY)")
with transaction.atomic(), connection.cursor() as cursor:
    transaction.on_commit(lambda: print("before"))
    sid = transaction.savepoint()
    for number in range(3):
        cursor.execute("INSERT INTO t VALUES (%s)", [number])
        transaction.on_commit(lambda: print("undone"))
        later = transaction.savepoint()
        transaction.savepoint_rollback(sid)
    try:
        transaction.savepoint_commit(later)
    except transaction.TransactionManagementError as error:
        print(type(error).__name__)
    with transaction.atomic(savepoint=False):
        transaction.on_commit(lambda: print("undone inside"))
        transaction.savepoint_rollback(sid)
        transaction.on_commit(lambda: print("inside"))
    cursor.execute("INSERT INTO t VALUES (7)")
    transaction.on_commit(lambda: print("after"))
    transaction.savepoint_commit(sid)
with connection.cursor() as cursor:
    print(cursor.execute("SELECT id FROM t").fetchall())
"""
    )
    assert said.splitlines() == ["TransactionManagementError", "before", "inside", "after", "[(7,)]"]


def test_now_without_zones_is_that_of_the_process(say: Say, tmp_path: Path) -> None:
    """Which is TIME_ZONE where a settings module was read, its default too, and not after ``settings.configure()``."""
    text = "from django.utils import timezone\nfrom datetime import datetime\nimport os\n" + (
        "apart = abs((timezone.now() - datetime.now()).total_seconds())\nprint(os.environ['TZ'], apart < 60)"
    )
    assert say("settings.configure(USE_TZ=False)\n" + text, TZ="Asia/Kolkata") == "Asia/Kolkata True"
    (tmp_path / "naive_settings.py").write_text("USE_TZ = False\n", encoding="utf-8")
    assert say(text, TZ="Asia/Kolkata", DJANGO_SETTINGS_MODULE="naive_settings") == "America/Chicago True"


def test_statements_are_kept_while_debug_is_on(say: Say) -> None:
    shown = say(
        SQLITE
        + """
from django.db import connection, models, reset_queries
class Row(models.Model):
    class Meta:
        app_label = "rows"
with connection.schema_editor() as editor:
    editor.create_model(Row)
print(len(connection.queries), end=" ")
settings.DEBUG = True
Row.objects.create()
print([query["sql"].split()[0] for query in connection.queries], end=" ")
reset_queries()
Row.objects.count()
settings.DEBUG = False
Row.objects.count()
print(len(connection.queries))
"""
    )
    assert shown.strip() == "0 ['INSERT'] 1"


def test_what_sqlite_refuses_is_an_operational_error(say: Say) -> None:
    shown = say(
        SQLITE
        + """
from django.db import OperationalError, connection, models
class Row(models.Model):
    class Meta:
        app_label = "rows"
for refused in (Row.objects.count, lambda: connection.cursor().execute("SELEC 1")):
    try:
        refused()
    except OperationalError as error:
        print(str(error).split(".")[0], end=" ")
"""
    )
    assert shown.strip() == 'no such table: rows_row near "SELEC": syntax error'


def test_a_naive_datetime_is_warned_of(say: Say) -> None:
    shown = say(
        SQLITE
        + """
import datetime, warnings
from django.db import connection, models
class Row(models.Model):
    at = models.DateTimeField(null=True)
    class Meta:
        app_label = "rows"
with connection.schema_editor() as editor:
    editor.create_model(Row)
naive = datetime.datetime(2011, 9, 1, 13, 20)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    Row.objects.create(at=naive)
    Row.objects.filter(at__in=[naive, naive.date()]).update(at=str(naive))
    Row.objects.filter(at=naive.replace(tzinfo=datetime.timezone.utc)).update(at=None)
for one in caught:
    print(one.category.__name__, one.message)
"""
    )
    begins = "RuntimeWarning DateTimeField Row.at received a naive datetime"
    ends = "while time zone support is active."
    moments = ["2011-09-01 13:20:00", "2011-09-01 13:20:00", "2011-09-01 00:00:00", "2011-09-01 13:20:00"]
    assert shown.splitlines() == [f"{begins} ({moment}) {ends}" for moment in moments]


def test_a_relative_media_url_begins_at_the_sites_root(say: Say) -> None:
    program = """
from django.core.files.storage import default_storage
settings.configure(MEDIA_URL={given!r}) if {given!r} is not None else settings.configure()
print(settings.MEDIA_URL, default_storage.url("a.txt"))
"""
    assert say(program.format(given=None)).split() == ["/", "/a.txt"]
    assert say(program.format(given="media/")).split() == ["/media/", "/media/a.txt"]
    assert say(program.format(given="https://files.example/")).split()[1] == "https://files.example/a.txt"


def test_lists_of_expressions_in_sql_of_a_programs_own(say: Say) -> None:
    said = say(
        SQLITE
        + """
from django.db import connection, models
from django.db.models.expressions import ExpressionList, F, OrderByList, Value
class Row(models.Model):
    n = models.IntegerField()
    class Meta:
        app_label = "rows"
with connection.schema_editor() as editor:
    editor.create_model(Row)
Row.objects.bulk_create([Row(n=1), Row(n=2)])
class Largest(models.Func):
    function = "MAX"
rows = Row.objects.annotate(most=Largest(ExpressionList(F("n"), Value(2)), output_field=models.IntegerField()))
print(list(rows.values_list("most", flat=True)), ExpressionList(F("n"), Value(2)), OrderByList("-n"))
"""
        + failing("ExpressionList()")
    )
    assert said.splitlines() == [
        "[2, 2] ExpressionList(F(n), Value(2)) OrderByList(OrderBy(F(n), descending=True))",
        "ValueError ExpressionList requires at least one expression.",
    ]


def test_autocommit_that_is_off_from_the_start_is_refused(say: Say) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "AUTOCOMMIT": False}
    said = say(
        "from django.db import connection"
        + failing(f"settings.configure(DATABASES={{'default': {database}}}); connection.ensure_connection()")
    )
    assert "AUTOCOMMIT is offered here only as True" in said
