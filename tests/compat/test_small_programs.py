"""Programs of a few lines, run as ``orm run`` runs them. What they print is what Django 5.2 printed for them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from tests.compat.test_scripts import run

START = """
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
    SECRET_KEY="x",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from django.db import connection, models


def made(*tables):
    with connection.schema_editor() as editor:
        for each in tables:
            editor.create_model(each)
"""


def printed(tmp_path: Path, program: str) -> list[str]:
    """The lines that a program prints after the usual beginning."""
    script = tmp_path / "script.py"
    script.write_text(START + dedent(program), encoding="utf-8")
    done = run(tmp_path, "-m", "orm", "run", str(script))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_tests_stop_the_clock_by_replacing_now(tmp_path: Path) -> None:
    program = """
        import datetime
        from unittest import mock

        from django.utils import timezone

        class Note(models.Model):
            made = models.DateTimeField(auto_now_add=True)
            changed = models.DateTimeField(auto_now=True)

            class Meta:
                app_label = "notes"

        made(Note)
        then = datetime.datetime(2001, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
        with mock.patch("django.utils.timezone.now", return_value=then):
            note = Note.objects.create()
            print(note.made == then, note.changed == then, timezone.localdate(), timezone.localtime() == then)
        note.save()
        print(note.made == then, note.changed > then)
    """
    assert printed(tmp_path, program) == ["True True 2001-02-02 True", "True True"]


def test_loggers_have_the_names_that_programs_listen_for(tmp_path: Path) -> None:
    program = """
        import logging
        import sys

        from django.dispatch import Signal

        for name in ("django.db.backends.schema", "django.dispatch"):
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter("%(name)s %(levelname)s"))
            handler.format = lambda record: f"{record.name} {record.levelname}"
            logging.getLogger(name).addHandler(handler)
            logging.getLogger(name).setLevel(logging.DEBUG)
            logging.getLogger(name).propagate = False

        class Note(models.Model):
            class Meta:
                app_label = "notes"

        made(Note)

        def fails(sender, **named):
            raise ValueError("no")

        told = Signal()
        told.connect(fails)
        told.send_robust(None)
    """
    assert printed(tmp_path, program) == ["django.db.backends.schema DEBUG", "django.dispatch ERROR"]


def test_a_handler_of_given_databases(tmp_path: Path) -> None:
    program = """
        from django.db import transaction
        from django.db.utils import ConnectionHandler, load_backend

        given = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "other.db"}}
        handler = ConnectionHandler(given)
        with transaction.atomic(), handler["default"].cursor() as cursor:
            cursor.execute("CREATE TABLE here (n integer)")
            cursor.execute("SELECT name FROM sqlite_master")
            print(cursor.fetchall(), connection.introspection.table_names())
            print(connection.in_atomic_block, handler["default"].in_atomic_block)
        print(list(handler), handler.databases["default"]["NAME"], handler["default"].settings_dict["PORT"] == "")
        handler.close_all()

        for wrong in (
            lambda: ConnectionHandler({"other": {}}).databases,
            lambda: ConnectionHandler({})["default"].ensure_connection(),
            lambda: handler["other"],
            lambda: load_backend("nothing"),
        ):
            try:
                wrong()
            except Exception as error:
                print(type(error).__name__, str(error)[:60])
        print(load_backend("django.db.backends.sqlite3").__name__)
    """
    assert printed(tmp_path, program) == [
        "[('here',)] []",
        "True False",
        "['default'] other.db True",
        "ImproperlyConfigured You must define a 'default' database.",
        "ImproperlyConfigured settings.DATABASES is improperly configured. Please supply t",
        "ConnectionDoesNotExist The connection 'other' doesn't exist.",
        "ImproperlyConfigured 'nothing' isn't an available database backend or couldn't be",
        "django.db.backends.sqlite3.base",
    ]


def test_checks_tell_of_the_fields_of_a_proxy(tmp_path: Path) -> None:
    program = """
        class Note(models.Model):
            class Meta:
                app_label = "notes"

        class Short(Note):
            length = models.IntegerField()

            class Meta:
                app_label = "notes"
                proxy = True

        print([(each.id, each.msg) for each in Short.check()])
    """
    assert printed(tmp_path, program) == ["[('models.E017', \"Proxy model 'Short' contains model fields.\")]"]


def test_the_parameters_of_a_column_are_told_for_a_connection(tmp_path: Path) -> None:
    program = """
        class Note(models.Model):
            data = models.JSONField()
            name = models.CharField(max_length=5)

            class Meta:
                app_label = "notes"

        for name in ("data", "name"):
            print(Note._meta.get_field(name).db_parameters(connection))
    """
    assert printed(tmp_path, program) == [
        "{'type': 'text', 'check': '(JSON_VALID(\"data\") OR \"data\" IS NULL)'}",
        "{'type': 'varchar(5)', 'check': None, 'collation': None}",
    ]


def test_settings_of_logging_name_djangos_filters_and_handlers(tmp_path: Path) -> None:
    program = """
        import logging
        import logging.config

        from django.utils.log import DEFAULT_LOGGING

        out = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
        DEFAULT_LOGGING["handlers"]["told"] = {**out, "filters": ["require_debug_false"]}
        DEFAULT_LOGGING["handlers"]["not_told"] = {**out, "filters": ["require_debug_true"]}
        DEFAULT_LOGGING["loggers"]["shop"] = {"handlers": ["told", "not_told", "mail_admins"]}
        logging.config.dictConfig(DEFAULT_LOGGING)
        logging.getLogger("shop").error("once")
    """
    assert printed(tmp_path, program) == ["once"]


def test_a_connection_knows_the_savepoints_of_its_blocks(tmp_path: Path) -> None:
    program = """
        from django.db import transaction

        print(connection.savepoint_ids)
        with transaction.atomic():
            print(connection.savepoint_ids)
            with transaction.atomic(), transaction.atomic(savepoint=False):
                print([each is None for each in connection.savepoint_ids])
            print(connection.savepoint_ids)
    """
    assert printed(tmp_path, program) == ["[]", "[]", "[False, True]", "[]"]


def test_a_block_on_sqlite_goes_on_after_an_error_of_a_cursor(tmp_path: Path) -> None:
    program = """
        from django.db import DatabaseError, transaction

        class Note(models.Model):
            text = models.CharField(max_length=10, unique=True)

            class Meta:
                app_label = "notes"

        made(Note)
        with transaction.atomic():
            Note.objects.create(text="first")
            for sql in ("bad", "INSERT INTO notes_note (text) VALUES ('first')"):
                try:
                    with connection.cursor() as cursor:
                        cursor.execute(sql)
                except DatabaseError as error:
                    print(type(error).__name__, transaction.get_rollback())
        print(Note.objects.count())
        with transaction.atomic():
            try:
                Note.objects.create(text="first")
            except DatabaseError as error:
                print(type(error).__name__, transaction.get_rollback())
    """
    assert printed(tmp_path, program) == ["OperationalError False", "IntegrityError False", "1", "IntegrityError True"]


LOGS = """
    logging.getLogger("django.db.backends").info("info")
    logging.getLogger("django.request").warning("warning")
    logging.getLogger("django.db.backends").debug("debug")
    logging.getLogger("django").error("error")
    print([type(each).__name__ for each in logging.getLogger("django").handlers])
    print(logging.getLogger("django").level, logging.getLogger("django.server").propagate)
"""


def logged(tmp_path: Path, start: str, **settings: object) -> tuple[list[str], list[str]]:
    """What a program that logs as Django does prints, and what the set-up of logging writes."""
    script = tmp_path / "script.py"
    given = "".join(f"{name}={value!r}, " for name, value in settings.items())
    script.write_text(
        f"{start}\nimport django\nfrom django.conf import settings\nsettings.configure({given})\ndjango.setup()\n"
        f"{dedent(LOGS)}",
        encoding="utf-8",
    )
    done = run(tmp_path, "-m", "orm", "run", str(script))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


DEFAULT = ["['StreamHandler', 'AdminEmailHandler']", "20 False"]


def test_djangos_set_up_of_logging_is_in_force(tmp_path: Path) -> None:
    assert logged(tmp_path, "import logging", DEBUG=True) == (DEFAULT, ["info", "warning", "error"])
    assert logged(tmp_path, "import logging", DEBUG=False) == (DEFAULT, [])
    changed = "import logging\nfrom django.utils import log\nlog.DEFAULT_LOGGING['handlers']['console']['filters'] = []"
    assert logged(tmp_path, changed, DEBUG=False) == (DEFAULT, ["info", "warning", "error"])


def test_logging_of_a_program_stands_above_djangos(tmp_path: Path) -> None:
    mine = {"version": 1, "disable_existing_loggers": False, "loggers": {"django": {"level": "ERROR"}}}
    assert logged(tmp_path, "import logging", LOGGING=mine, DEBUG=True) == (["[]", "40 True"], ["error"])
    assert logged(tmp_path, "import logging", LOGGING_CONFIG=None, DEBUG=True)[0] == ["[]", "0 True"]


def test_what_a_function_takes_and_moments_for_templates(tmp_path: Path) -> None:
    program = """
        import datetime

        from django.utils import inspect, timezone

        class Thing:
            def none(self): pass
            def many(self, a, /, b, *args, c=2, **named): pass

        print(inspect.get_func_args(Thing().many), inspect.get_func_full_args(Thing.many))
        print(inspect.func_accepts_kwargs(Thing.many), inspect.func_accepts_var_args(Thing.none))
        print(inspect.method_has_no_args(Thing.none), inspect.method_has_no_args(Thing().many))
        print(inspect.func_supports_parameter(Thing.many, "named"), inspect.func_supports_parameter(Thing.many, "x"))
        noon = datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.timezone.utc)
        with timezone.override("Asia/Tokyo"):
            print(timezone.template_localtime(noon).hour, timezone.template_localtime(noon, use_tz=False).hour)
            print(timezone.template_localtime(datetime.datetime(2020, 1, 1, 12)).hour, timezone.template_localtime("x"))
    """
    assert printed(tmp_path, program) == [
        "['a', 'b', 'c'] [('a',), ('b',), ('*args',), ('c', 2), ('**named',)]",
        "True False",
        "True False",
        "True False",
        "21 12",
        "12 x",
    ]


def test_validators_hear_of_a_changed_password(tmp_path: Path) -> None:
    program = """
        import sys

        class Told:
            def validate(self, password, user=None):
                pass

            def password_changed(self, password, user=None):
                print("changed", password, user.pk is not None)

        sys.modules["validators"] = sys.modules[__name__]
        settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": "validators.Told"}]
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        from django.contrib.auth.base_user import AbstractBaseUser

        class Member(AbstractBaseUser):
            name = models.CharField(max_length=20)
            USERNAME_FIELD = "name"

            class Meta:
                app_label = "club"

            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
                print("saved", self._password)

        made(Member)
        member = Member(name="ada")
        member.set_password("first")
        member.save()
        member.save()
        settings.AUTH_PASSWORD_VALIDATORS = []
        member.set_password("second")
        member.save()
    """
    assert printed(tmp_path, program) == ["changed first True", "saved None", "saved None", "saved None"]


def test_a_command_tells_the_version_of_django(tmp_path: Path) -> None:
    program = """
        from django.core.management import BaseCommand

        print(BaseCommand().get_version() == django.get_version())
    """
    assert printed(tmp_path, program) == ["True"]


def test_a_list_is_no_uuid(tmp_path: Path) -> None:
    program = """
        from django.core.exceptions import ValidationError

        class Key(models.Model):
            id = models.UUIDField(primary_key=True)

            class Meta:
                app_label = "keys"

        made(Key)
        for value in ([], (), set(), [1]):
            try:
                Key.objects.get(pk=value)
            except ValidationError as error:
                print(error)
    """
    assert printed(tmp_path, program) == [f"['“{value}” is not a valid UUID.']" for value in ([], (), set(), [1])]


def test_files_of_migrations_name_what_django_has(tmp_path: Path) -> None:
    program = """
        from django.core.files.storage import FileSystemStorage
        from django.db.migrations.writer import MigrationWriter
        from django.db.models import F, Q, Value
        from django.db.models.fields import NOT_PROVIDED

        print(FileSystemStorage("/srv").deconstruct()[0])
        print(*[each.deconstruct()[0] for each in (F("x"), Q(x=1), Value(1))])
        print(MigrationWriter.serialize(NOT_PROVIDED))
        """
    assert printed(tmp_path, program) == [
        "django.core.files.storage.FileSystemStorage",
        "django.db.models.F django.db.models.Q django.db.models.Value",
        "('django.db.models.fields.NOT_PROVIDED', {'import django.db.models.fields'})",
    ]


def test_a_robust_function_that_fails_is_logged_by_djangos_name(tmp_path: Path) -> None:
    program = """
        import logging
        import sys
        from django.db import transaction

        logging.basicConfig(stream=sys.stdout, format="%(name)s: %(message)s")
        logging.getLogger("django.db.backends.base").addFilter(lambda record: setattr(record, "exc_info", None) or True)

        def hook():
            raise ValueError("no")

        with transaction.atomic():
            transaction.on_commit(hook, robust=True)
        transaction.on_commit(hook, robust=True)
        """
    assert printed(tmp_path, program) == [
        "django.db.backends.base: Error calling hook in on_commit() during transaction (no).",
        "django.db.backends.base: Error calling hook in on_commit() (no).",
    ]
