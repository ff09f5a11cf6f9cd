"""What programs of Django listen to: ``connection.queries``, loggers and ``connection_created``, in own processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAD = """
import logging, sys
from django.conf import settings
default = {"ENGINE": "django.db.backends.sqlite3", "NAME": "here.sqlite3"}
settings.configure(DATABASES={"default": default}, DEBUG=DEBUGGING)
import django
django.setup()
from django.db import connection, models, reset_queries, transaction

class Thing(models.Model):
    size = models.IntegerField()
    class Meta:
        app_label = "things"

with connection.schema_editor() as editor:
    editor.create_model(Thing)
reset_queries()

def shown():
    texts = [query["sql"] for query in connection.queries]
    reset_queries()
    return texts
"""


def run(program: str, folder: Path, debugging: bool = True) -> None:
    """Run a program of Django's world in a folder; its assertions must hold."""
    (folder / "program.py").write_text(HEAD.replace("DEBUGGING", str(debugging)) + program)
    done = subprocess.run(
        [sys.executable, "-m", "orm", "run", "program.py"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_with_debug_every_statement_is_kept(tmp_path: Path) -> None:
    run(
        """
Thing.objects.create(size=1)
assert list(Thing.objects.filter(size=1)) != []
insert, select = shown()
assert insert.startswith('INSERT INTO "things_thing" ("size") VALUES (1)'), insert
assert select.endswith('WHERE "things_thing"."size" = 1'), select
with connection.cursor() as cursor:
    cursor.execute("SELECT %s, '?'", [5])
    cursor.executemany("INSERT INTO things_thing (size) VALUES (%s)", [(1,), (2,)])
assert shown() == ["SELECT 5, '?'", "2 times: INSERT INTO things_thing (size) VALUES (%s)"]
settings.DEBUG = False
Thing.objects.create(size=1)
assert shown() == []
connection.force_debug_cursor = True
Thing.objects.count()
connection.force_debug_cursor = False
Thing.objects.count()
assert len(shown()) == 1
""",
        tmp_path,
    )


def test_transaction_control_is_kept_too(tmp_path: Path) -> None:
    run(
        """
with transaction.atomic():
    with transaction.atomic():
        pass
begin, savepoint, release, commit = shown()
assert (begin, commit) == ("BEGIN", "COMMIT")
assert savepoint.startswith("SAVEPOINT ") and release.startswith("RELEASE SAVEPOINT ")
try:
    with transaction.atomic():
        1 / 0
except ZeroDivisionError:
    pass
assert shown() == ["BEGIN", "ROLLBACK"]
""",
        tmp_path,
    )


def test_the_logger_of_statements(tmp_path: Path) -> None:
    run(
        """
heard = []
class Handler(logging.Handler):
    def emit(self, record):
        heard.append(record)
logger = logging.getLogger("django.db.backends")
logger.addHandler(Handler())
logger.setLevel("DEBUG")
with transaction.atomic():
    Thing.objects.create(size=7)
begin, insert, commit = heard
assert begin.getMessage().endswith(" BEGIN; args=None; alias=default"), begin.getMessage()
assert insert.sql.startswith('INSERT INTO "things_thing"') and list(insert.params) == [7] and insert.duration >= 0
settings.DEBUG = False
heard.clear()
Thing.objects.count()
assert heard == []
""",
        tmp_path,
    )


def test_a_new_connection_can_be_prepared(tmp_path: Path) -> None:
    run(
        """
from django.db.backends.signals import connection_created
from django.dispatch import receiver

told = []

@receiver(connection_created)
def prepare(sender, connection, **kwargs):
    told.append(connection.alias)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=-1234")

def cache_size():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        return cursor.fetchone()[0]

connection.close()
assert cache_size() == -1234
assert told == ["default"]
connection_created.disconnect(prepare)
connection.close()
assert cache_size() != -1234
""",
        tmp_path,
        debugging=False,
    )


def test_the_connection_says_what_it_is(tmp_path: Path) -> None:
    run(
        """
from django.db import NotSupportedError
assert repr(connection) == "<DatabaseWrapper vendor='sqlite' alias='default'>"
assert connection.get_database_version() >= (3, 35) == connection.features.minimum_database_version
connection.check_database_version_supported()
assert connection.ops.connection == connection
with connection.cursor() as cursor:
    cursor.callproc("json_each", ["[5]"])
    assert cursor.fetchone()[1] == 5
    try:
        cursor.callproc("json_each", [], {"name": 1})
    except NotSupportedError as error:
        assert "Keyword parameters for callproc are not supported" in str(error)
    else:
        raise AssertionError
    assert not cursor.closed
assert cursor.closed

def blocker(execute, sql, params, many, context):
    assert context["connection"] is connection

assert connection.execute_wrappers == []
with connection.execute_wrapper(blocker):
    assert connection.execute_wrappers == [blocker]
    with connection.cursor() as cursor:
        cursor.execute("The database never sees this")
        cursor.executemany("The database never sees this %s", [("either",)])
assert connection.execute_wrappers == []
""",
        tmp_path,
    )


def test_a_condition_that_the_database_can_not_judge_is_logged(tmp_path: Path) -> None:
    run(
        """
heard = []
handler = logging.Handler()
handler.emit = lambda record: heard.append((record.name, record.levelname))
logging.getLogger("django.db.models").addHandler(handler)
unknown = models.Func(models.F("size"), function="NO_SUCH", output_field=models.BooleanField())
assert models.Q(unknown).check({"size": 1})
assert heard == [("django.db.models", "WARNING")], heard
""",
        tmp_path,
    )
